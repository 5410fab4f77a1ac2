"""The name and the contact details on record, and putting them right."""
