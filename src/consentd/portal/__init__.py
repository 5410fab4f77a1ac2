"""The customers' pages: getting in without an account, choices, rights, receipts (docs/portal.md)."""
