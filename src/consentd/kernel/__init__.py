"""Pure rules shared by the server, the client and the mail gate.

Knows the standard library and msgspec, nothing else: no I/O, no clock, no randomness, no database.
"""
