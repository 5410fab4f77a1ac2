"""A customer's rights: what each brings and by when, asking for it, and following what was asked."""
