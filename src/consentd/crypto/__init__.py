"""Sealing, keys and signatures (DESIGN §7): the only room that touches a cryptographic library."""
