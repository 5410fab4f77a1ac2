"""People: their identifiers, how these are linked, merging and unmerging, facts, and forgetting."""
