"""What every route shares: strict bodies, authentication, one effect per key, problems, limits, pages."""
