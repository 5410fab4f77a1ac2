"""consentd: the one place that knows whether a person may be contacted, for what, and how."""
