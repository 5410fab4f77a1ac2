"""Erasures whose answer was lost on its way: the silo did them, and the process died before it wrote so down.

A second erasure finds nothing more to do, and what was kept is no longer found by anything that is known of
the person. So a connector that erases in one transaction says what it is about to do before it commits, and
that stays with the task until there is an answer. Counts and articles: it names nobody. Pure.
"""

from collections.abc import Sequence

import msgspec

from consentd.kernel.canonical import canonical
from consentd.systems.connectors.contract import Answer, Part, Verdict

_PARTS = msgspec.json.Decoder(tuple[Part, ...])


def noted(earlier: str | None, about_to: Sequence[Part]) -> str:
    """What is written down before the silo commits. `earlier`: what was noted by a try before this one."""
    return canonical(_together(earlier, tuple(about_to))).decode()


def completed(earlier: str | None, answer: Answer) -> Answer:
    """The answer, with what an earlier try did and could not tell any more."""
    if answer.verdict not in (Verdict.DONE, Verdict.PARTIAL):
        return answer
    return msgspec.structs.replace(answer, parts=_together(earlier, answer.parts))


def _together(earlier: str | None, now: tuple[Part, ...]) -> tuple[Part, ...]:
    before = _PARTS.decode(earlier) if earlier else ()
    if not _was_done(before, now):
        return now
    found = {part.what: part for part in before}
    for part in now:
        known = found.get(part.what, Part(what=part.what))
        found[part.what] = Part(
            what=part.what,
            found=max(known.found, part.found),
            deleted=known.deleted + part.deleted,
            changed=known.changed + part.changed,
            kept=part.kept or known.kept,
        )
    return tuple(found.values())


def _was_done(before: tuple[Part, ...], now: tuple[Part, ...]) -> bool:
    """Whether what was announced was committed: if not, it is all still there to be done."""
    return _found(now) < _found(before) or _touched(now) < _touched(before)


def _found(parts: tuple[Part, ...]) -> int:
    return sum(part.found for part in parts)


def _touched(parts: tuple[Part, ...]) -> int:
    return sum(part.deleted + part.changed for part in parts)
