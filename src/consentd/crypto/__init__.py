"""Sealing, keys and signatures (docs/keys.md): the only room that touches a cryptographic library."""
