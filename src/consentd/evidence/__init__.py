"""The audit log: a Merkle tree over every change, its checkpoints and proofs (docs/log.md, RFC 9162)."""
