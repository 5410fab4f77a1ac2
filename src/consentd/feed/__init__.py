"""What happened, in order: pages of it for systems that keep a copy."""
