"""Choices: recording them, folding them into states, objections, receipts, merging and erasure."""
