"""Issuing permits: a check that leaves a trace, and reserves the attempt that it allows (docs/law.md 11, 18).

A plain check is advisory on caps: two agents who ask at once are both told that one call is left. With a
permit it is decided again inside the write unit, with everybody's rows locked whose attempts count: those
meant, and who shares the contact point. What others reserved until then is counted like an attempt, so the
last one is given once, in whichever process. Unused, a reservation ends with its permit, by itself.

Upholds promises 2 (a repeated call gets its permit again), 3 and 8 (a permit and its entry commit together,
the entry under the person's proof key with a digest of what was decided) and 5 (a permit states its bound).
"""

import hashlib
from typing import Any

import msgspec

from consentd.base.ids import new_id
from consentd.callers.model import Caller, Scope
from consentd.check import attempts_store, store
from consentd.check.answers import Answer, answer
from consentd.check.asking import Asking, PolicyChanged
from consentd.check.permit import Permit, ends, signed
from consentd.check.questions import CheckAsked, Ready, make_ready
from consentd.check.raw import NOBODY_KNOWN, uuid_of
from consentd.check.service import CheckService
from consentd.crypto.seal import Place, unseal
from consentd.crypto.subject_keys import open_keys
from consentd.kernel.canonical import canonical
from consentd.kernel.case import Decision, Question
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.decide import decide
from consentd.kernel.errors import Unprocessable
from consentd.kernel.ids import BatchId
from consentd.kernel.instants import Instant
from consentd.kernel.law import MARKETING_KINDS
from consentd.subjects.acts import Act, check_limits
from consentd.subjects.doing import Doing
from consentd.subjects.model import Resolution
from consentd.web.idempotency import Repeat


class _Decided(msgspec.Struct, frozen=True):
    decision: Decision
    meant: Resolution


class Permits:
    """`issuer`: the service's public address, which permits name as theirs."""

    def __init__(self, doing: Doing, checks: CheckService, issuer: str) -> None:
        self._doing = doing
        self._checks = checks
        self._issuer = issuer
        self._asking = Asking(doing.keyring)

    async def check(
        self, caller: Caller, asked: CheckAsked, repeat: Repeat | None = None, language: str = "en"
    ) -> Answer:
        """The answer, with a permit where it allows. Raises as a plain check does, and Unprocessable for a
        planned instant, and where it is left open which contact point would be used.
        """
        check_limits(caller, asked.purpose, asked.channel, "")
        if asked.at is not None:
            raise _wrong("permit_not_planned", "/at", "A permit is for a contact made now: leave out `at`.")
        if repeat is None:
            told = await self._checks.check(caller, asked, language)
            if not told.allow:
                # Most noes need no writer. A yes is asked again, under the lock.
                return told

        def write(act: Act, compiled: CompiledPolicy) -> Answer:
            return self._write(act, compiled, caller, asked, language)

        def rebuild(connection: Any, batch: BatchId) -> Answer:  # Any: a database connection
            return self._rebuilt(connection, batch, caller, language)

        while True:
            try:
                _, told = await self._doing.act(caller, repeat, "permit.issued", write, rebuild)
            except PolicyChanged:
                continue
            if repeat is not None:
                self._checks.count(1, told.allow)
            return told

    def _write(
        self, act: Act, compiled: CompiledPolicy, caller: Caller, asked: CheckAsked, language: str
    ) -> Answer:
        ready = make_ready(compiled.policy, asked, act.unit.now)
        channel = compiled.channels.get(asked.channel)
        if channel is not None and channel.schemes and ready.names and len(ready.points) != 1:
            raise _wrong(
                "contact_point_needed",
                "/contact_point",
                "A permit is for one contact detail: name the one that will be used.",
            )
        decided = self._decide(act, compiled, caller, ready)
        decision = decided.decision
        decision_id = new_id()
        told = answer(decision, decision_id, detailed=Scope.REASONS in caller.scopes, language=language)
        if not decision.allow:
            return told
        expires = ends(act.unit.now, decision.valid_until)
        if expires <= act.unit.now:
            return told
        permit = Permit(
            id=act.batch,
            system_id=caller.system_id,
            decision_id=decision_id,
            purpose=asked.purpose,
            channel=asked.channel,
            contact_point_id=decided.meant.id_of(ready.points[0]) if ready.points else None,
            policy=compiled.hash,
            issued=act.unit.now,
            expires=expires,
        )
        _record(act, permit, ready.question, decided)
        return self._with(told, permit)

    def _decide(self, act: Act, compiled: CompiledPolicy, caller: Caller, ready: Ready) -> _Decided:
        """With all locked whose attempts bear on it: who holds what was named, the contact point too."""
        ask = self._asking.ask(compiled, caller, [ready], "chosen" if ready.points else "any")
        while True:
            everyone = act.everyone(ready.names)
            by_group = {person.group: person for person in everyone.people}
            case = self._asking.case(compiled, ask, ready, store.rows_within(act.unit, ask))
            groups = {uuid_of(person.id): person.named for person in case.people}
            if groups.keys() <= by_group.keys():
                break
        people = tuple(person for group, person in by_group.items() if groups.get(group))
        decision = decide(compiled, ready.question, case)
        return _Decided(decision, Resolution(everyone.named, people, everyone.holders))

    def _rebuilt(self, connection: Any, batch: BatchId, caller: Caller, language: str) -> Answer:
        """Any: a database connection. Of a person who was erased since, what was decided opens no more, and
        the answer is that of today.
        """
        rows = attempts_store.permit(connection, batch)
        permit = _permit(rows[0])
        detailed = Scope.REASONS in caller.scopes
        keys = open_keys(connection, self._doing.keyring, {row["subject_id"] for row in rows})
        for row in rows:
            proof = keys[row["subject_id"]].proof
            if proof is not None:
                sealed = unseal(proof, row["sealed"], Place("permits", "sealed", row["id"]))
                decision = msgspec.json.decode(sealed, type=Decision)
                told = answer(decision, permit.decision_id, detailed=detailed, language=language)
                return self._with(told, permit)
        compiled = self._doing.policies.active(connection)
        question = Question(permit.purpose, permit.channel, permit.issued)
        decision = decide(compiled, question, NOBODY_KNOWN)
        return answer(decision, new_id(), detailed=detailed, language=language)

    def _with(self, told: Answer, permit: Permit) -> Answer:
        document = signed(self._doing.keyring.signer("receipt"), self._issuer, permit)
        return msgspec.structs.replace(told, permit=document, permit_id=permit.id)


def _record(act: Act, permit: Permit, question: Question, decided: _Decided) -> None:
    """A row for each person meant: it is about each of them, and an entry is about one."""
    told = msgspec.to_builtins(decided.decision)
    digest = hashlib.sha256(
        canonical({"question": msgspec.to_builtins(question), "decision": told})
    ).hexdigest()
    for person in decided.meant.people:
        subject = decided.meant.writer_of(person)
        row_id = new_id()
        key_id, sealed = act.seal_proof(subject, "permits", row_id, told)
        entry = act.entry(subject)
        entry.insert(
            attempts_store.PERMITS,
            {
                "id": row_id,
                "batch_id": permit.id,
                "subject_id": subject,
                "contact_point_id": permit.contact_point_id,
                "purpose": permit.purpose,
                "channel": permit.channel,
                "marketing": act.policy.purposes[permit.purpose].kind in MARKETING_KINDS,
                "issued": permit.issued,
                "expires": permit.expires,
                "system_id": permit.system_id,
                "decision_id": permit.decision_id,
                "policy": permit.policy,
                "key_id": key_id,
                "sealed": sealed,
            },
        )
        act.detail(subject)["decided"] = digest


def _permit(row: Any) -> Permit:  # Any: a row mapping
    return Permit(
        id=row["batch_id"],
        system_id=row["system_id"],
        decision_id=row["decision_id"],
        purpose=row["purpose"],
        channel=row["channel"],
        contact_point_id=row["contact_point_id"],
        policy=row["policy"],
        issued=Instant(row["issued"]),
        expires=Instant(row["expires"]),
    )


def _wrong(code: str, pointer: str, detail: str) -> Unprocessable:
    return Unprocessable(code, detail, errors=[{"pointer": pointer, "code": code, "detail": detail}])
