"""Receipts of choices to take along, and how they are verified without anybody’s help."""
