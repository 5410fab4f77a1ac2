"""Asking, without raising: questions into calls, and whatever comes of them into decisions.

Fails closed (docs/law.md 10): a question that was not answered is denied with the reason why.
"""

import re
from collections.abc import Iterator, Sequence

from consentd.client import wire
from consentd.client.errors import ClientError, Refused, Unreadable
from consentd.client.flow import Calls, Flow
from consentd.client.model import Decision, Question, denial

BATCH = 1000
"""Questions of one request."""
_ITEM = re.compile(r"/items/([0-9]{1,5})(?:/|\Z)")


def check(calls: Calls, asked: Question, *, permit: bool, key: str, language: str) -> Flow[Decision]:
    """Raises ClientError, and ValueError or TypeError for a question that cannot be written."""
    body = wire.question(asked)
    headers = {"accept_language": language}
    if permit:
        body["permit"] = True
        headers["idempotency_key"] = key
    got = yield from calls.call("POST", "/v1/check", wire.encode(body), **headers)
    decision: Decision = wire.read(wire.decision, got)
    return decision


def check_batch(calls: Calls, asked: Sequence[Question], language: str) -> Flow[list[Decision]]:
    """At most BATCH questions, answered in order. One that cannot be read is denied by itself, and the others
    are asked again without it. Raises ClientError where none was answered.
    """
    found: dict[int, Decision] = {}
    left: list[tuple[int, wire.Body]] = []
    for index, one in enumerate(asked):
        try:
            body = wire.question(one)
            wire.encode(body)
            left.append((index, body))
        except (ValueError, TypeError, AttributeError):
            found[index] = denial("invalid_question")
    while left:
        content = wire.encode({"items": [body for _, body in left]})
        try:
            got = yield from calls.call("POST", "/v1/check/batch", content, accept_language=language)
        except Refused as refused:
            wrong = {at for at in _named(refused) if at < len(left)}
            if not wrong:
                raise
            found |= {left[at][0]: denial(refused.reason) for at in wrong}
            left = [one for at, one in enumerate(left) if at not in wrong]
            continue
        answers = wire.read(wire.answers, got).answers
        if len(answers) != len(left):
            raise Unreadable("unreadable_answer", "There are not as many answers as questions.")
        found |= {index: answer for (index, _), answer in zip(left, answers, strict=True)}
        break
    return [found[index] for index in range(len(asked))]


def batches(asked: Sequence[Question]) -> Iterator[Sequence[Question]]:
    for start in range(0, len(asked), BATCH):
        yield asked[start : start + BATCH]


def denied(error: Exception) -> Decision:
    """The no that an error is. What is no error of ours is the question's fault, or this library's."""
    if isinstance(error, ClientError):
        return denial(error.reason)
    return denial("invalid_question" if isinstance(error, ValueError | TypeError) else "failed")


def _named(refused: Refused) -> Iterator[int]:
    """Which of the questions a refusal is about."""
    for fault in refused.errors:
        if found := _ITEM.match(fault.pointer):
            yield int(found[1])
