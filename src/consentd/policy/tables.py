"""Decision tables: what the company expects of its own rules, case by case, run by `policy test`.

A table is a file under `tests/`: situations with a name, and cases that ask about them. Format by example:

    about: Calls in France
    purpose: promotions
    channel: phone
    situations:
      consented: { people: [{ states: [{ state: given, at: 2026-09-01 }] }] }
    cases:
      - name: one o'clock sharp denies
        given: consented
        at: 2026-11-02 13:00:00
        expect: { allow: false, reason: outside_hours, next_allowed_at: 2026-11-02 14:00:00 }
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from consentd.kernel.case import Decision, Question
from consentd.kernel.compiled import CompiledPolicy, compile_policy
from consentd.kernel.decide import decide
from consentd.kernel.errors import PolicyError
from consentd.kernel.instants import to_text
from consentd.kernel.policy import Policy
from consentd.kernel.proof import proof_duty
from consentd.kernel.reasons import REASONS
from consentd.policy.files import Document, Fault, Unreadable, parse, read_bytes, read_text
from consentd.policy.shape import did_you_mean, shaped
from consentd.policy.situations import Builder, Situation

NEVER = "never"
"""Expected of `next_allowed_at` or `valid_until`: there is no such instant."""


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Only what is written is compared. `reason` is the first; `reasons` must all be among those given."""

    allow: bool
    eligible: bool | None = None
    reason: str | None = None
    reasons: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    basis: str | None = None
    next_allowed_at: str | None = None
    valid_until: str | None = None


class TableCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    at: str
    expect: Expectation
    given: str | Situation = Situation()
    purpose: str | None = None
    channel: str | None = None
    zone: str | None = None
    territory: str | None = msgspec.field(default=None, name="in")
    """Where everybody in the case is, instead of what the situation says."""


class ProofCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Until when a proof is kept: `kept_until` is the first instant at which it may go."""

    name: str
    channel: str
    grants: tuple[str, ...]
    kept_until: str
    territory: str = msgspec.field(default="FR", name="in")
    last_use: str | None = None
    ended: str | None = None
    zone: str | None = None


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    about: str
    purpose: str = "?"
    channel: str = "?"
    zone: str | None = None
    situations: dict[str, Situation] = {}
    cases: tuple[TableCase, ...] = ()
    proof: tuple[ProofCase, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """One case that was run. `fault` is None where it came out as expected."""

    file: str
    line: int
    name: str
    fault: str | None


def run(policy: Policy, directory: Path) -> list[Result]:
    """Runs every table of a policy directory. Raises PolicyError where a table cannot be read."""
    compiled = compile_policy(policy)
    faults: list[Fault] = []
    results: list[Result] = []
    folder = directory / "tests"
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        name = path.relative_to(directory).as_posix()
        try:
            document = parse(name, read_text(read_bytes(directory, path)), faults)
        except Unreadable as error:
            faults.append((name, error.line, error.reason))
            continue
        table = shaped(document, Table, faults) if document.value is not None else None
        if table is not None:
            results.extend(_run_table(compiled, table, document, faults))
    if faults:
        raise PolicyError(sorted(faults))
    return results


def _run_table(
    compiled: CompiledPolicy, table: Table, document: Document, faults: list[Fault]
) -> Iterator[Result]:
    parts: dict[str, Sequence[TableCase | ProofCase]] = {"cases": table.cases, "proof": table.proof}
    for part, asked in parts.items():
        for index, one in enumerate(asked):
            line = document.line((part, index))
            try:
                fault = _run(compiled, table, one)
            except (ValueError, LookupError) as error:
                faults.append((document.file, line, f"{one.name}: {error}"))
            else:
                yield Result(document.file, line, one.name, fault)


def _run(compiled: CompiledPolicy, table: Table, one: TableCase | ProofCase) -> str | None:
    """What differs from what is expected; None if nothing does."""
    if isinstance(one, ProofCase):
        return _run_proof(compiled, table, one)
    return _run_case(compiled, table, one)


def _zone(compiled: CompiledPolicy, table: Table, own: str | None) -> ZoneInfo:
    return ZoneInfo(own or table.zone or compiled.policy.controller.zone)


def _run_case(compiled: CompiledPolicy, table: Table, case: TableCase) -> str | None:
    purpose, channel = case.purpose or table.purpose, case.channel or table.channel
    builder = Builder(purpose, channel, _zone(compiled, table, case.zone), case.territory)
    situation = case.given
    if isinstance(situation, str):
        if situation not in table.situations:
            known = did_you_mean(situation, list(table.situations))
            raise LookupError(f"unknown situation {situation!r}{known}")
        situation = table.situations[situation]
    for code in (case.expect.reason, *case.expect.reasons):
        if code is not None and code not in REASONS:
            raise LookupError(f"unknown reason {code!r}{did_you_mean(code, list(REASONS))}")
    question = Question(purpose, channel, builder.first(case.at))
    decision = decide(compiled, question, builder.case(situation))
    return "; ".join(_differences(case.expect, decision, builder)) or None


def _differences(expected: Expectation, decision: Decision, builder: Builder) -> Iterator[str]:
    codes = [reason.code for reason in decision.reasons]
    yield from _differs("allow", expected.allow, decision.allow, codes)
    if expected.eligible is not None:
        yield from _differs("eligible", expected.eligible, decision.eligible, codes)
    if expected.reason is not None:
        yield from _differs("reason", expected.reason, codes[0], codes)
    for code in expected.reasons:
        if code not in codes:
            yield f"reason {code} expected among {', '.join(codes)}"
    for article in expected.cites:
        if article not in decision.reasons[0].cites:
            yield f"article {article} expected, found {', '.join(decision.reasons[0].cites) or 'none'}"
    if expected.basis is not None:
        yield from _differs("basis", expected.basis, decision.basis, codes)
    for name in ("next_allowed_at", "valid_until"):
        wanted: str | None = getattr(expected, name)
        if wanted is not None:
            at = None if wanted == NEVER else builder.first(wanted)
            yield from _differs(name, _time(at), _time(getattr(decision, name)), codes)


def _differs(name: str, wanted: object, found: object, codes: list[str]) -> Iterator[str]:
    if wanted != found:
        yield f"{name}: expected {wanted}, found {found} ({', '.join(codes)})"


def _time(instant: int | None) -> str:
    return NEVER if instant is None else to_text(instant)


def _run_proof(compiled: CompiledPolicy, table: Table, case: ProofCase) -> str | None:
    builder = Builder("?", case.channel, _zone(compiled, table, case.zone), None)
    territory = None if case.territory == "unknown" else case.territory
    duty = proof_duty(
        compiled,
        territory,
        case.channel,
        [builder.first(grant) for grant in case.grants],
        None if case.last_use is None else builder.last(case.last_use),
        None if case.ended is None else builder.last(case.ended),
    )
    wanted = None if case.kept_until == NEVER else builder.first(case.kept_until)
    found = None if duty is None else duty.until
    return "; ".join(_differs("kept_until", _time(wanted), _time(found), [])) or None
