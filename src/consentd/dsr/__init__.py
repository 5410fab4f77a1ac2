"""Rights requests: what a person asks for, until when, and how it is carried out in every silo."""
