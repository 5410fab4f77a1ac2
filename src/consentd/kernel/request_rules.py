"""What a company decides about requests: how many of its staff agree before one runs, who releases. Pure.

What nobody may decide is here too: the fewest that each right takes. A policy can ask for more, never for
less (docs/requests.md).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec


class Right(StrEnum):
    ACCESS = "access"
    PORTABILITY = "portability"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    LIFTING = "lifting"
    """The end of a restriction."""
    MARKETING_OBJECTION = "marketing_objection"
    OBJECTION = "objection"
    """On grounds of the person's own situation, 21(1)."""
    WITHDRAWAL = "withdrawal"
    """Of every consent."""
    POST_MORTEM = "post_mortem"
    """Of somebody who died, for their heirs: what is held (loi Informatique et Libertés 85)."""
    POST_MORTEM_ERASURE = "post_mortem_erasure"
    """Of somebody who died, for their heirs: that it ends."""
    DIRECTIVES = "directives"
    """What is to be done with one's data after death, and whom to turn to; left, changed or taken back."""
    RETENTION = "retention"
    """Asked by nobody: the policy has kept this person long enough (5(1)(e))."""


Way = Literal["person", "staff", "agent"]
"""Who brought a request: whoever it is about, a member of staff who typed it in, somebody with a mandate."""


class Fewest(NamedTuple):
    """How many members of staff have to agree at the least, by who brought the request."""

    person: int = 0
    staff: int = 0
    agent: int = 1
    """Somebody has to read the mandate."""


_JUDGED = Fewest(1, 1, 1)
"""Its substance is for people to judge: what is right, an heir's standing, whether a freeze may end."""
_AT_ONCE = Fewest(0, 0, 0)
FEWEST: Mapping[Right, Fewest] = {
    Right.ERASURE: Fewest(0, 2, 2),
    Right.RECTIFICATION: _JUDGED,
    Right.LIFTING: _JUDGED,
    Right.POST_MORTEM: _JUDGED,
    Right.POST_MORTEM_ERASURE: Fewest(2, 2, 2),
    Right.RESTRICTION: _AT_ONCE,
    Right.MARKETING_OBJECTION: _AT_ONCE,
    Right.OBJECTION: _AT_ONCE,
    Right.WITHDRAWAL: _AT_ONCE,
}
AT_ONCE = frozenset(right for right, fewest in FEWEST.items() if fewest is _AT_ONCE)
"""Rights that only restrict: nobody's agreement may delay them (GDPR 7(3), 18, 21)."""
MOST = 5
Release = Literal["staff", "automatic"]
COPIES = frozenset({Right.ACCESS, Right.PORTABILITY, Right.POST_MORTEM})
"""Rights that end in a copy, which is looked at before it leaves."""
LOOKED_AT = frozenset({Right.POST_MORTEM})
"""Those of which no copy ever goes out by itself: it is another than the person who asks."""


class RightRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """For one right, how many members of staff have to agree; what is not said is the fewest."""

    person: int | None = None
    staff: int | None = None
    agent: int | None = None


class RequestRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The shape of requests.yaml."""

    approvals: dict[str, RightRule] = {}
    release: dict[str, Release] = {}
    """Of a right, whether its copies wait for staff, or go out by themselves where nothing calls for eyes."""


def approvals(rules: RequestRules, right: Right, way: Way) -> int:
    """How many members of staff have to agree before it runs."""
    fewest: int = getattr(FEWEST.get(right, Fewest()), way)
    rule = rules.approvals.get(right.value)
    said: int | None = None if rule is None else getattr(rule, way)
    return max(fewest, said or 0)


def released_by_itself(rules: RequestRules, right: Right) -> bool:
    """Whether a copy goes out where nothing in it calls for eyes; what does, is not for the policy to say."""
    return right in COPIES - LOOKED_AT and rules.release.get(right.value) == "automatic"
