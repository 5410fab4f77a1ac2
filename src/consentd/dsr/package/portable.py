"""What somebody may take away to another service: what they provided, under consent or contract (GDPR 20).

Pure. The policy says of a silo which uses its data serve, and of each use on what it rests; a silo none of
whose uses rests on consent or contract is left out. What a silo worked out by itself (a score, a segment) was
not provided: only its staff can tell, and names it in `About.left_out`.
"""

from consentd.dsr.package.own_model import OWN
from consentd.kernel.policy import Policy

_BASES = {"consent", "explicit_consent", "contract"}
_OWN = {"contact_details", "names", "choices", "objections", "history"}
"""Of what consentd holds, what came from the person; not who looked, nor what tools reported."""


def is_portable(policy: Policy, system: str, what: str) -> bool:
    if system == OWN:
        return what in _OWN
    known = policy.systems.get(system)
    return known is not None and any(
        _BASES & set(bases)
        for purpose in known.purposes
        if purpose in policy.purposes
        for bases in policy.purposes[purpose].bases.values()
    )
