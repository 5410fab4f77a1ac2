"""Which rights somebody has, what each takes, and by which day it is answered (docs/law.md 4 and 8). Pure.

Rights follow from the legal grounds on which the company's policy rests its uses: what rests on a legal
obligation alone cannot be taken along or objected to. The day is the calendar's, for a request made today.
"""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from consentd.dsr.cases import rule_of
from consentd.dsr.deadlines import due
from consentd.dsr.rights import NEEDS, SAID_WHEN_ASKED, Proof, Right
from consentd.kernel.connection import Verb
from consentd.kernel.law import MARKETING_KINDS, Basis
from consentd.kernel.policy import Policy, Purpose, tool_name
from consentd.portal.reach import Reach
from consentd.portal.rights.model import ErasurePreview, Offer, Stays, Way

_ALWAYS = frozenset({"15", "16", "18", "77"})
FROM_BASIS: Mapping[Basis, frozenset[str]] = {
    "consent": _ALWAYS | {"17", "20", "22", "7(3)"},
    "explicit_consent": _ALWAYS | {"17", "20", "22", "7(3)"},
    "contract": _ALWAYS | {"17", "20", "22"},
    "legal_obligation": _ALWAYS,
    "vital_interests": _ALWAYS | {"17"},
    "public_task": _ALWAYS | {"21"},
    "legitimate_interest": _ALWAYS | {"17", "21", "22"},
    "eprivacy_13_2": _ALWAYS | {"17", "21", "22"},
}
"""Articles of the GDPR by legal ground (W3C DPV)."""


class _Right(NamedTuple):
    code: str
    gdpr: str | None
    """The article that a ground has to bring; None: it is everybody's."""
    way: Way
    right: Right | None = None
    article: str = ""


_RIGHTS = (
    _Right("access", "15", "ask", Right.ACCESS),
    _Right("portability", "20", "ask", Right.PORTABILITY),
    _Right("rectification", "16", "details", Right.RECTIFICATION),
    _Right("erasure", "17", "ask", Right.ERASURE),
    _Right("restriction", "18", "ask", Right.RESTRICTION),
    _Right("lifting", "18", "ask", Right.LIFTING),
    _Right("recipients", None, "write", article="GDPR 19"),
    _Right("marketing_objection", None, "ask", Right.MARKETING_OBJECTION),
    _Right("objection", "21", "ask", Right.OBJECTION),
    _Right("withdrawal", "7(3)", "ask", Right.WITHDRAWAL),
    _Right("human", "22", "write", article="GDPR 22"),
    _Right("directives", None, "ask", Right.DIRECTIVES),
    _Right("complaint", None, "authority", article="GDPR 77"),
)
FORMS: Mapping[str, Right] = {one.code: one.right for one in _RIGHTS if one.right is not None}
"""What can be asked on these pages, by the name in their addresses."""


def reach_for(right: Right) -> Reach:
    """What shows, changes or takes away needs the person; what only restricts, no more than choices do."""
    return Reach.CHOICES if NEEDS[right].proof is Proof.NONE else Reach.PERSON


def proof_of(reach: Reach) -> Proof:
    """What a session counts for as a proof of who asks (promise 12)."""
    return {Reach.STOP: Proof.NONE, Reach.CHOICES: Proof.CONTACT, Reach.PERSON: Proof.PERSON}[reach]


def answer_day(policy: Policy, today: dt.date) -> dt.date:
    """The last lawful day for the answer to a request made today."""
    rule, holidays = rule_of(policy)
    return due(today, rule, holidays).legal


def offers(policy: Policy, today: dt.date, *, restricted: bool) -> tuple[Offer, ...]:
    """In their order. The end of a freeze is offered to whom something is frozen of."""
    found = []
    by = answer_day(policy, today)
    for one in _RIGHTS:
        uses = _uses(policy, one)
        if uses is None or (one.right is Right.LIFTING and not restricted):
            continue
        if one.right is Right.RESTRICTION and restricted:
            continue
        at_once = one.right in SAID_WHEN_ASKED or one.way == "choices"
        found.append(
            Offer(
                code=one.code,
                article=one.article if one.right is None else NEEDS[one.right].article,
                way=one.way,
                right=one.right,
                reach=Reach.CHOICES if one.right is None else reach_for(one.right),
                at_once=at_once,
                due=None if at_once or one.way == "authority" else by,
                uses=uses,
            )
        )
    return tuple(found)


def _uses(policy: Policy, one: _Right) -> tuple[str, ...] | None:
    """The uses that bring a right; empty where it is about everything, None where none does."""
    if one.right is Right.MARKETING_OBJECTION:
        found = [id_ for id_, use in sorted(policy.purposes.items()) if use.kind in MARKETING_KINDS]
        return tuple(found) or None
    if one.gdpr is None:
        return ()
    found = [id_ for id_, use in sorted(policy.purposes.items()) if one.gdpr in _articles(use)]
    if not found:
        return None
    return () if len(found) == len(policy.purposes) else tuple(found)


def _articles(use: Purpose) -> set[str]:
    return {article for bases in use.bases.values() for basis in bases for article in FROM_BASIS[basis]}


def objectable(policy: Policy) -> tuple[str, ...]:
    """The uses to which one may object on grounds of one's own situation: those of the company's interest or
    of a public task. Marketing is ended by an objection that needs no grounds.
    """
    return tuple(
        id_
        for id_, use in sorted(policy.purposes.items())
        if "21" in _articles(use) and use.kind not in MARKETING_KINDS
    )


def erasure_preview(policy: Policy, today: dt.date, own: tuple[Stays, ...]) -> ErasurePreview:
    """`own`: what consentd itself would keep of this person."""
    systems = sorted(policy.systems.values(), key=lambda one: one.name)
    erasing = [one for one in systems if one.connection and Verb.ERASE in one.connection.verbs]
    stays = [*own]
    for system in erasing:
        sql = system.connection.sql if system.connection else None
        kept = {
            (table.category, table.keep.because, table.keep.months)
            for table in (sql.tables.values() if sql else ())
            if table.keep is not None
        }
        stays += [
            Stays(
                kind="tool",
                article=because,
                until=None,
                months=months,
                tool=tool_name(policy, system.id),
                what=category,
            )
            for category, because, months in sorted(kept)
        ]
    return ErasurePreview(
        due=answer_day(policy, today),
        goes=tuple(tool_name(policy, one.id) for one in erasing),
        not_connected=tuple(tool_name(policy, one.id) for one in systems if one not in erasing),
        stays=tuple(stays),
        copies_days=policy.controller.backup_days,
    )
