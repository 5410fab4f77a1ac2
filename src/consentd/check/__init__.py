"""Decisions: may this person be contacted, for this, this way, now? And reporting that they were."""
