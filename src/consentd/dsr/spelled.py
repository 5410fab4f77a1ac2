"""What a silo tells comes as it spells it: identifiers are brought into their one spelling, or left out."""

import msgspec

from consentd.kernel.policy import Policy
from consentd.subjects.spelling import Named, named
from consentd.systems.connectors.contract import Answer

MOST = 100
"""Identifiers of one answer: a person has a handful, and a silo that tells thousands is mistaken."""


def spelled(policy: Policy, answer: Answer) -> Answer:
    """The answer with the identifiers that the policy knows and that can be ones, each once."""
    found: dict[Named, None] = {}
    for one in answer.identifiers[:MOST]:
        scheme = policy.identifiers.get(one.scheme)
        if scheme is None:
            continue
        try:
            found[named(one.scheme, scheme, one.value, policy.controller.country)] = None
        except ValueError:
            # A telephone number of three digits, "n/a": nobody is found by it, and nothing depends on it.
            continue
    return msgspec.structs.replace(answer, identifiers=tuple(found))
