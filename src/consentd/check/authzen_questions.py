"""From the standard's words to the questions of the native check. Pure.

What our vocabulary cannot even spell (a purpose with a space in it, a resource that is no channel) becomes a
word that stands for nothing, so that the one pure function denies it like anything else it does not know.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from consentd.check.authzen import AccessContext, AccessEvaluation, AccessEvaluations
from consentd.check.authzen_answers import AccessError
from consentd.check.questions import CheckAsked
from consentd.kernel.errors import CallerError, Malformed
from consentd.subjects.requests import Identifier, Word
from consentd.web.strict import explain

CHANNEL = "channel"
"""The one type of resource that there is."""
NOTHING = ""
"""In the place of a word: no policy has it."""

_REQUIRED = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}
_PARTS = (*_REQUIRED, "context")


def question_of(asked: AccessEvaluation) -> CheckAsked:
    return question(
        (asked.subject.type, asked.subject.id),
        asked.action.name,
        (asked.resource.type, asked.resource.id),
        asked.context,
    )


def question(
    subject: tuple[str, str], purpose: str, resource: tuple[str, str], context: AccessContext
) -> CheckAsked:
    type_, channel = resource
    point = context.contact_point
    return CheckAsked(
        _identifier(*subject),
        word(purpose),
        word(channel) if type_ == CHANNEL else NOTHING,
        None if point is UNSET else _identifier(point.type, point.id),
        None if context.at is UNSET else context.at,
    )


def word(text: str) -> str:
    """The text, or NOTHING if it could be no id of a policy."""
    try:
        return msgspec.convert(text, Word)
    except msgspec.ValidationError:
        return NOTHING


def _identifier(scheme: str, value: str) -> Identifier:
    try:
        return msgspec.convert({"scheme": scheme, "value": value}, Identifier)
    except msgspec.ValidationError:
        return Identifier(NOTHING, NOTHING)


def defaults_of(asked: AccessEvaluations) -> dict[str, object]:
    """What stands at the top."""
    found = {name: getattr(asked, name) for name in _PARTS}
    return {name: value for name, value in found.items() if value is not UNSET}


def merged(defaults: Mapping[str, object], one: object) -> object:
    """One evaluation with the defaults for what it leaves out.

    What it names it names whole, but for a `type`, `id` or `name` left out of it: that too is the default's
    (the certification scenario, 3.2.7).
    """
    if not isinstance(one, dict):
        return one
    whole: dict[str, Any] = {**defaults, **{name: one[name] for name in _PARTS if name in one}}
    for name, members in _REQUIRED.items():
        own, default = one.get(name), defaults.get(name)
        if isinstance(own, dict) and isinstance(default, dict):
            whole[name] = {m: default[m] for m in members if m in default} | own
    return whole


def evaluation_of(value: object) -> AccessEvaluation:
    """Raises Malformed, with where and why and nothing of the value."""
    try:
        return msgspec.convert(value, AccessEvaluation)
    except msgspec.ValidationError as fault:
        raise Malformed(
            "invalid_evaluation",
            "An evaluation takes subject, action and resource, as AuthZEN 1.0 says: see errors.",
            errors=[explain(str(fault))],
        ) from None


def error_of(fault: CallerError) -> AccessError:
    """What is wrong with one evaluation, to be told in its place."""
    (where, *_) = fault.errors or [{}]
    detail = where.get("detail", "")
    message = fault.message if detail in fault.message else f"{fault.message} {detail}"
    return AccessError(400, where.get("code", fault.code), message, where.get("pointer", ""))
