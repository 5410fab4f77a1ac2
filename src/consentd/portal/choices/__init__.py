"""The choices of one person: every use by every contact method, as it is now, and changing it."""
