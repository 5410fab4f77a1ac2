"""A silo reached by its database: whatever is particular to it stands in the policy (`kernel.silo_sql`)."""
