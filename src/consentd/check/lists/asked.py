"""What is asked about a list, once for all its rows."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated

import msgspec

from consentd.callers.model import Caller
from consentd.check.questions import instant_of
from consentd.kernel.case import Question
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unprocessable
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Policy
from consentd.subjects.acts import check_limits
from consentd.subjects.requests import Territory, Word

At = Annotated[str, msgspec.Meta(min_length=10, max_length=40)]

_MINUTES = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2})([Zz]|[+-][0-9]{2}:[0-9]{2})")


class ListAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """May the people of this list be contacted for `purpose` through `channel`?"""

    purpose: Word
    channel: Word
    scheme: Word | None = None
    """What the identifiers are; left out, the first that the channel reaches people by."""
    at: At | None = None
    """A planned instant, up to 31 days ahead; left out, the instant at which the list began."""
    territory: Territory | None = None
    """Where national telephone numbers are from; left out, the company's country."""
    for_sending: bool = False
    """The list is going to be sent to: where a proof is kept from its last use on, this is one."""


class Ready(msgspec.Struct, frozen=True):
    """The same, found right."""

    question: Question
    scheme: str
    territory: str
    for_sending: bool


def ready(compiled: CompiledPolicy, asked: ListAsked, caller: Caller | None, now: Instant) -> Ready:
    """Raises Forbidden for what was not given to this system; Unprocessable for what the policy does not
    know, as a whole list of noes would hide a slip of the pen, and for a wrong `at`.
    """
    if caller is not None:
        check_limits(caller, asked.purpose, asked.channel, "/purpose")
    policy = compiled.policy
    _known("purpose", asked.purpose, policy.purposes)
    _known("channel", asked.channel, policy.channels)
    scheme = asked.scheme or _scheme(policy, asked.channel)
    _known("scheme", scheme, policy.identifiers)
    return Ready(
        Question(asked.purpose, asked.channel, instant_of(_with_seconds(asked.at), now)),
        scheme,
        asked.territory or policy.controller.country,
        asked.for_sending,
    )


def _scheme(policy: Policy, channel: str) -> str:
    schemes = policy.channels[channel].schemes
    if not schemes:
        raise Unprocessable(
            "scheme_needed",
            "This contact method has no addresses of its own: say by `scheme` what the list holds. The "
            f"policy knows: {', '.join(sorted(policy.identifiers))}.",
            errors=[{"pointer": "/scheme", "code": "scheme_needed", "detail": "left out"}],
        )
    return schemes[0]


def _known(what: str, name: str, known: Mapping[str, object]) -> None:
    if name in known:
        return
    nearest = nearest_first(name, list(known))
    raise Unprocessable(
        f"unknown_{what}",
        f"The policy has no such {what}. It knows: {', '.join(nearest)}.",
        errors=[{"pointer": f"/{what}", "code": f"unknown_{what}", "detail": f"known: {', '.join(nearest)}"}],
    )


def nearest_first(name: str, known: Sequence[str]) -> list[str]:
    """All of them, those that look like `name` before the others."""
    folded = {one.casefold(): one for one in reversed(known)}
    close = [folded[one] for one in get_close_matches(name.casefold(), list(folded), len(folded) or 1, 0.5)]
    return close + [one for one in known if one not in close]


def _with_seconds(at: str | None) -> str | None:
    """Whoever plans by the minute need not write the seconds."""
    if at is None or (found := _MINUTES.fullmatch(at)) is None:
        return at
    return f"{found[1]}:00{found[2]}"
