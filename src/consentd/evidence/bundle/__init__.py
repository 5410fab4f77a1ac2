"""The audit bundle: one file from which anybody proves the log offline, without database or keys (promise 9).

docs/bundle.md describes it so that a stranger can write a verifier.
"""
