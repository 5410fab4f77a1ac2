"""Telling the person how their request goes, and staff where nobody else can (GDPR 12(3), 12(4)).

Mail goes to one address alone: the contact detail that a code has shown to be this person's and no other's.
A mailbox that several read is told nothing, not even what was asked; neither is an address that merely came
with the request. Where there is none, the request's steps and a mail to the data protection officer say that
somebody has to write (`write_by_hand`); that mail names nobody.

Everything is written down in the unit that it follows from (`outgoing`), so before an erasure forgets whom
it was about.
"""

import datetime as dt
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.dates import day_in_words
from consentd.base.i18n import Language, Text, article, choose
from consentd.dsr import outgoing, plan, store, unwritten
from consentd.dsr import telling_words as words
from consentd.dsr.cases import RequestCase, local_day
from consentd.dsr.certificate import ErasureCertificate
from consentd.dsr.certificate_words import described
from consentd.dsr.outgoing import Letter
from consentd.dsr.plan import Told
from consentd.dsr.rights import NEEDS, Right
from consentd.dsr.states import State
from consentd.evidence.model import SERVICE
from consentd.kernel.connection import Verb
from consentd.kernel.errors import NotFound
from consentd.kernel.policy import Contact, Controller
from consentd.systems.connectors.contract import Verdict

Row: TypeAlias = Any
"""Any: a row mapping of `silo_tasks`."""

_CONTENT = msgspec.json.Decoder(ErasureCertificate)


def receipt(case: RequestCase) -> None:
    """That the request is taken up, and by when it is answered: once a code has shown whose address it is.

    Before, nobody is told: whoever typed the address in may be somebody else.
    """
    if _answer_to(case) is not None:
        _tell(case, "receipt", words.RECEIPT_SUBJECT, words.RECEIPT)


def extension(case: RequestCase, reasons: str) -> None:
    """12(3): that it takes longer, until when and why."""
    _tell(case, "extension", words.EXTENSION_SUBJECT, words.EXTENSION, reasons=reasons)


def refusal(case: RequestCase, reasons: str, cited: str) -> None:
    """12(4): why, and where one can complain; of what is missing, or of the whole."""
    body = words.REFUSAL if case.state is State.REFUSED else words.REST_REFUSED
    _tell(case, "refusal", words.REFUSAL_SUBJECT, body, reasons=reasons, cited=cited)


def outcome(case: RequestCase) -> None:
    """That it is done, or which part is: tool by tool, of an erasure with its certificate."""
    if case.right is Right.RETENTION:
        # Nobody asked, so nobody waits for an answer; the report tells of all of them.
        return
    _unconnected(case)
    if Verb.EXPORT in NEEDS[case.right].verbs:
        # A copy is announced by its own mail, with the link that opens it.
        return
    if case.state is State.ANSWERED:
        _tell(case, "answer:whole", words.DONE_SUBJECT, words.DONE)
    elif case.state is State.PARTIAL:
        _tell(case, "answer:part", words.PARTIAL_SUBJECT, words.PARTIAL)


def _unconnected(case: RequestCase) -> None:
    """Recipients to whom nothing leads must be told too (19): the officer hears who they are."""
    if not NEEDS[case.right].told_to_recipients:
        return
    rows = store.tasks(case.unit.connection, case.id)
    names = [_named(case, row["system"]) for row in rows if row["code"] == plan.UNCONNECTED]
    if names:
        dpo(case, "recipients", words.UNCONNECTED_SUBJECT, words.UNCONNECTED, tools=", ".join(names))


def by_hand(case: RequestCase, moment: str) -> None:
    """Staff have to write: in the request's steps, and by mail to whoever looks after it."""
    case.note(unwritten.WRITE, case.state, SERVICE, clear={"moment": moment})
    if unwritten.said_when_asked(case.right, moment):
        return
    said = _to_tell(case, unwritten.Unwritten(moment, case.unit.now))
    dpo(case, f"write:{moment}", words.BY_HAND_SUBJECT, words.BY_HAND, **said)


def still_by_hand(case: RequestCase, one: unwritten.Unwritten) -> None:
    """Once more, where the time for it comes to its end and nobody noted that they wrote."""
    day = local_day(one.since, case.compiled.policy).isoformat()
    said = _to_tell(case, one)
    dpo(case, f"unwritten:{one.moment}", words.UNWRITTEN_SUBJECT, words.UNWRITTEN, day=day, **said)


def _to_tell(case: RequestCase, one: unwritten.Unwritten) -> dict[str, Text | str]:
    what = words.WHAT.get(one.tells, words.OTHER)
    return {"what": what, "due": unwritten.told_by(case.row, one, case.compiled.policy).isoformat()}


def dpo(case: RequestCase, moment: str, subject: Text, text: Text, **said: Text | str) -> None:
    """A mail to the data protection officer about the request; it names nobody. Days come as ISO 8601."""
    controller = case.compiled.policy.controller
    if controller.dpo.email is None:
        return
    language: Language = choose(controller.languages[0] if controller.languages else None, None)
    told = {name: one(language) if isinstance(one, Text) else one for name, one in said.items()}
    told |= {name: _day(told[name], language) for name in ("day", "due") if name in told}
    filled = _said(case, language) | told
    letter = Letter(
        to=controller.dpo.email,
        subject=subject(language).format(**filled),
        text=text(language).format(**filled),
        language=language,
    )
    outgoing.put(case, moment, letter, whom="dpo")


def silent(case: RequestCase, task: Row) -> None:
    """A silo did not answer in its days: its owner is written to once more, and the officer."""
    system = case.compiled.policy.systems.get(task["system"])
    if system is None or system.connection is None:
        return
    case.note("silent", case.state, SERVICE, {"system": system.id})
    moment = f"{task['id']}:{task['due_at']}"
    outgoing.remind(case, f"late:{moment}", task["id"])
    day = local_day(task["due_at"] - 1, case.compiled.policy).isoformat()
    owner = system.connection.owner.name
    dpo(
        case,
        f"silent:{moment}",
        words.SILENT_SUBJECT,
        words.SILENT,
        day=day,
        tool=system.name,
        owner=owner,
    )


def failed(case: RequestCase, task: Row, code: str | None) -> None:
    """A silo’s part failed for good: its owner is told, once for each time that it was asked."""
    system = case.compiled.policy.systems.get(task["system"])
    if system is None or system.connection is None:
        return
    owner = system.connection.owner
    language = choose(owner.language, None)
    said = _said(case, language) | {"tool": system.name, "owner": owner.name, "code": code or "failed"}
    letter = Letter(
        to=owner.email,
        subject=words.FAILED_SUBJECT(language).format(**said),
        text=words.FAILED(language).format(**said),
        language=language,
    )
    outgoing.put(case, f"failed:{task['id']}:{task['due_at']}", letter, whom="owner")


def _tell(
    case: RequestCase,
    moment: str,
    subject: Text,
    text: Text,
    *,
    reasons: str = "",
    cited: str = "",
) -> None:
    to = _answer_to(case)
    if to is None:
        by_hand(case, moment)
        return
    language = choose(case.row["language"], None)
    said = _said(case, language)
    said |= {"reasons": reasons, "article": article(cited, language)}
    certificate = _certificate(case)
    said |= {
        "told": _told(case, certificate, language),
        "gaps": ", ".join(_named(case, name) for name in plan.gaps(case.tasks())),
        "certificate": words.CERTIFICATE(language) if certificate else "",
    }
    letter = Letter(
        to=to,
        subject=subject(language).format(**said),
        text=text(language).format(**said) + words.SIGNED(language).format(**said),
        language=language,
        certificates=certificate is not None and moment.startswith(("answer", "refusal")),
    )
    outgoing.put(case, moment, letter)


def _answer_to(case: RequestCase) -> str | None:
    try:
        proven = case.content().answer_to
    except NotFound:
        return None
    return proven[1] if proven else None


def _said(case: RequestCase, language: Language) -> dict[str, str]:
    controller = case.compiled.policy.controller
    return {
        "company": controller.name,
        "request": str(case.id),
        "asked": words.ASKED[case.right](language),
        "received": _day(case.row["received_on"], language),
        "due": _day(case.row["legal_due"], language),
        "complain": words.COMPLAIN(language).format(authority=_address(controller.authority)),
        "contact": _contact(controller),
    }


def _day(iso: str, language: Language) -> str:
    return day_in_words(dt.date.fromisoformat(iso), language)


def _address(body: Contact) -> str:
    return "\n".join(one for one in (body.name, body.address, body.url, body.email, body.phone) if one)


def _contact(controller: Controller) -> str:
    return controller.dpo.email or controller.contact.email or controller.dpo.address or controller.dpo.name


def _certificate(case: RequestCase) -> ErasureCertificate | None:
    if not NEEDS[case.right].erases:
        return None
    rows = store.certificates(case.unit.connection, case.id)
    return _CONTENT.decode(rows[-1]["content"]) if rows else None


def _told(case: RequestCase, certificate: ErasureCertificate | None, language: Language) -> str:
    """What each tool did, line by line."""
    if certificate is not None:
        zone = ZoneInfo(case.compiled.policy.controller.zone)
        return "\n".join(described(certificate, language, zone)[1:])
    lines = [words.OURS(language)]
    found = case.tasks()
    rows: dict[str, list[Row]] = {}
    for row in store.tasks(case.unit.connection, case.id):
        rows.setdefault(row["system"], []).append(row)
    colon = " : " if language == "fr" else ": "
    for system, its in sorted(rows.items()):
        looked = found.get((system, Verb.LOCATE))
        said = words.OUTCOMES[_outcome(its, looked)](language)
        lines.append(f"- {_named(case, system)}{colon}{said}")
    return "\n".join(lines)


def _outcome(its: list[Row], looked: Told | None) -> str:
    """The least that is true of a tool."""
    if any(row["code"] == plan.NOT_KNOWN_BY for row in its):
        return plan.NOT_KNOWN_BY
    if any(row["code"] == plan.UNCONNECTED for row in its):
        return plan.UNCONNECTED
    if any(row["state"] == "silent" for row in its):
        return plan.SILENT
    verdicts = {row["verdict"] for row in its if row["verb"] != Verb.LOCATE.value}
    if not verdicts:
        return "nothing_held" if looked and looked.verdict == Verdict.DONE else "failed"
    for verdict in (Verdict.FAILED, Verdict.UNSUPPORTED, Verdict.PARTIAL):
        if verdict.value in verdicts:
            return verdict.value
    return "done"


def _named(case: RequestCase, system: str) -> str:
    known = case.compiled.policy.systems.get(system)
    return known.name if known else system
