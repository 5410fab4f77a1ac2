"""The use cases of contact details: what is on record, and putting it right (GDPR 16).

Upholds promises 8, 12 (masked until the second proof) and 13. A correction is a request like any other: the
tools are asked to do it once staff agreed, and whoever received the data is told (GDPR 19).
"""

import datetime as dt
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from consentd.base.i18n import Language
from consentd.db.unit import Unit
from consentd.dsr.by_session import Wish
from consentd.dsr.package.who import Called
from consentd.dsr.rights import Right
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import NotFound, Unprocessable, wrong
from consentd.kernel.ids import SubjectId
from consentd.kernel.policy import Policy
from consentd.portal.codes import wrong_code
from consentd.portal.details import confirming, rules
from consentd.portal.details.model import Correction, Detail, Details, NameOnRecord
from consentd.portal.entering import Sending
from consentd.portal.masking import masks
from consentd.portal.person import person_of
from consentd.portal.reach import Reach
from consentd.portal.rights.rules import answer_day
from consentd.portal.rights.service import RightsService
from consentd.portal.sessions import Session
from consentd.portal.visits import Visits
from consentd.subjects import whole
from consentd.subjects.requests import Identifier, spell
from consentd.subjects.spelling import Named, takes_texts
from consentd.subjects.whole import DetailKnown

MOST_LETTERS = 200


class DetailService:
    """All methods raise kernel errors only: NeedsMore, NotFound, Unprocessable, SessionOver."""

    def __init__(self, visits: Visits, rights: RightsService, *, phones: bool = False) -> None:
        """`phones`: whether text messages can be sent."""
        self._visits = visits
        self._phones = phones
        self._keyring = visits.keyring
        self._rights = rights

    def due(self, policy: Policy) -> dt.date:
        """The last lawful day for the answer to a correction that is asked today."""
        return answer_day(policy, self._rights.today(policy))

    async def details(self, session: Session, language: Language) -> Details:
        """Masked until the second proof: a code is no reason to show the telephone number too."""
        session.require(Reach.CHOICES)
        open_ = session.reach is Reach.PERSON

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[tuple[SubjectId, ...], Details]:
            person = person_of(connection, session)
            keys = whole.keys_of(connection, self._keyring, person.members)
            called = Called(connection, compiled.policy, language)
            names: defaultdict[str, dict[str, None]] = defaultdict(dict)
            for name in whole.names_of(connection, person, keys):
                shown = rules.whole_name(name.name) if open_ else rules.masked_name(name.name)
                names[shown][called.tool(name.system_id) or ""] = None
            known: defaultdict[UUID, list[DetailKnown]] = defaultdict(list)
            for one in whole.details_of(connection, person, keys):
                known[one.id].append(one)
            values = [of[0].named.value for of in known.values()]
            shorter = {value: value for value in values} if open_ else masks(values)
            return person.members, Details(
                names=tuple(NameOnRecord(shown=n, sources=_said(by)) for n, by in names.items()),
                details=tuple(_detail(called, of, shorter) for of in known.values()),
                masked=not open_,
            )

        return await self._visits.read(session, "details.read", read)

    async def correct(self, session: Session, form: str, language: Language, asked: Correction) -> UUID:
        """The number of the request. Raises NotFound for a contact detail that is none of theirs, and
        Unprocessable for a new address or number, which `ask_code` and `confirm` are for.
        """
        wish, new = await self._wish(session, language, asked)
        if new is not None:
            raise wrong_code()
        return await self._rights.ask(session, form, wish)

    async def ask_code(
        self, session: Session, language: Language, asked: Correction, source: str
    ) -> tuple[UUID, Sending | None] | None:
        """Of a new address or number: the number of its code, and what to send. None where no code is needed,
        or none reaches it.
        """
        _, new = await self._wish(session, language, asked)
        if new is None:
            return None

        def work(unit: Unit) -> tuple[UUID, Sending | None]:
            controller = self._visits.policies.active(unit.connection).policy.controller
            return confirming.code_for(unit, self._keyring, session, new, source, language, controller)

        return await self._visits.doing.database.housekeep(work)

    async def confirm(
        self,
        session: Session,
        form: str,
        language: Language,
        asked: Correction,
        way: UUID | None,
        typed: str,
    ) -> UUID:
        """The number of the request, once the code came back from where it was sent. Raises Unprocessable
        (wrong_code) in the same words whatever is wrong with it.
        """
        wish, new = await self._wish(session, language, asked)
        if new is None:
            raise wrong_code()
        told = await self._visits.doing.database.housekeep(
            lambda unit: confirming.judge(unit, self._keyring, session, way, typed, new)
        )
        if told:
            return await self._rights.ask(session, form, wish)
        # The same form again: its other half used the code up.
        before = None if told is False else await self._rights.asked_before(session, form, wish)
        if before is None:
            raise wrong_code()
        return before

    async def _wish(
        self, session: Session, language: Language, asked: Correction
    ) -> tuple[Wish, Named | None]:
        """What is asked; and what is new, where a code can be sent to it."""
        session.require(Reach.PERSON)

        def read(
            connection: Any, compiled: CompiledPolicy
        ) -> tuple[tuple[SubjectId, ...], tuple[Wish, Named | None]]:
            person = person_of(connection, session)
            keys = whole.keys_of(connection, self._keyring, person.members)
            details = [one for one in whole.details_of(connection, person, keys) if one.id == asked.detail]
            wish, new = _wish(compiled, person.territory, details, asked, language)
            kind = compiled.policy.identifiers[new.scheme].kind if new else ""
            texted = kind == "phone" and self._phones and new is not None and takes_texts(new.value)
            return person.members, (wish, new if kind == "email" or texted else None)

        return await self._visits.read(session, "details.read", read)


def _detail(called: Called, of: list[DetailKnown], shown: Mapping[str, str]) -> Detail:
    named = of[0].named
    return Detail(
        id=of[0].id,
        scheme=named.scheme,
        shown=shown[named.value],
        sources=_said({called.tool(one.system_id) or "": None for one in of}),
        since=min(one.since for one in of),
        unreachable=any(one.unreachable_since is not None for one in of),
    )


def _said(sources: dict[str, None]) -> tuple[str, ...]:
    return tuple(one for one in sources if one)


def _wish(
    compiled: CompiledPolicy,
    territory: str | None,
    details: list[DetailKnown],
    asked: Correction,
    language: Language,
) -> tuple[Wish, Named | None]:
    """What the tools are told: the field by its name, and what is right; the old value is in the words that
    staff read, for a person may have two of a kind.
    """
    right = " ".join(asked.right.split())
    unreadable = any(unicodedata.category(letter) == "Cc" for letter in right)
    if unreadable or len(right) > MOST_LETTERS or (asked.what != "remove" and not right):
        raise wrong("not_readable", "/right", "Say what is right, in at most 200 letters.")
    if asked.what == "name":
        return _asked(language, {"name": right}, f"name: {right}"), None
    if not details:
        raise unknown_detail()
    old = details[0].named
    if asked.what == "remove":
        return _asked(language, {old.scheme: ""}, f"{old.scheme}: remove {old.value}"), None
    try:
        new = spell(compiled.policy, Identifier(old.scheme, right), territory, "/right")
    except Unprocessable:
        raise wrong("invalid_identifier", "/right", "This is no such contact detail.") from None
    if new == old:
        raise wrong("nothing_changed", "/right", "This is what is on record already.")
    return _asked(language, {old.scheme: new.value}, f"{old.scheme}: {old.value} -> {new.value}"), new


def _asked(language: Language, changes: dict[str, str], words: str) -> Wish:
    return Wish(right=Right.RECTIFICATION, language=language, changes=changes, words=words)


def unknown_detail() -> NotFound:
    return NotFound("unknown_detail", "There is no such contact detail of this person.")
