"""Verifying the log, from the first entry to the last (promise 9)."""

from consentd.evidence.verifier.finding import Finding
from consentd.evidence.verifier.service import verify

__all__ = ["Finding", "verify"]
