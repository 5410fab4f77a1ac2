"""Whole lists: decided in bulk as single checks decide, in order, in flat memory; one digest for each."""
