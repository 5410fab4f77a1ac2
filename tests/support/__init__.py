"""What tests stand on: real databases, and helpers that several suites share."""
