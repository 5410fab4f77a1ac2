"""The audit log: a Merkle tree over every change, its checkpoints and proofs (DESIGN §6, RFC 9162)."""
