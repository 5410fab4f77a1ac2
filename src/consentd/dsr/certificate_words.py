"""A certificate of erasure in the words of people, French and English (docs/glossary.md)."""

import datetime as dt

import msgspec

from consentd.base.dates import day_in_words, last_day, time_in_words
from consentd.base.i18n import Language, Text, article
from consentd.base.printing import one_line
from consentd.dsr.certificate import ErasureCertificate, Outcome, OwnPart, Recipient, SiloPart
from consentd.systems.connectors.contract import Kept, Part

_OUTCOMES = {
    Outcome.ERASED: Text(
        "effacé, et vérifié : il n’en reste rien d’autre que ce qui est indiqué",
        "erased, and checked: nothing is left but what is named here",
    ),
    Outcome.NOTHING_HELD: Text("n’avait rien sur vous", "held nothing about you"),
    Outcome.NOT_KNOWN_BY: Text(
        "ne connaît les clients par aucune des coordonnées que nous avions de vous",
        "knows customers by none of the contact details that we had of you",
    ),
    Outcome.IN_PART: Text("effacé en partie seulement", "erased in part only"),
    Outcome.STILL_THERE: Text(
        "a dit avoir effacé, mais il en reste : nous l’avons vérifié",
        "said that it erased, but something is left: we checked",
    ),
    Outcome.UNCONFIRMED: Text(
        "a dit avoir effacé, ce que nous n’avons pas pu vérifier",
        "said that it erased, which we could not check",
    ),
    Outcome.FAILED: Text("n’a pas pu être effacé", "could not be erased"),
    Outcome.SILENT: Text("n’a pas répondu", "did not answer"),
    Outcome.UNSUPPORTED: Text("ne sait pas effacer", "cannot erase"),
    Outcome.UNCONNECTED: Text(
        "n’est pas relié : personne n’y a rien effacé", "is not connected: nobody erased anything there"
    ),
}
_COMPLETE = Text(
    "Effacement complet : chaque outil a fait sa part.", "Erasure complete: every tool did its part."
)
_OPEN = Text(
    "Effacement partiel : votre demande reste ouverte jusqu’à ce que tout soit fait.",
    "Erasure in part: your request stays open until all of it is done.",
)
_LISTS = {
    "log": Text("le journal vérifiable, qui ne nomme personne", "the verifiable log, which names nobody"),
    "proof": Text(
        "la preuve de votre accord et de son usage, sous scellés",
        "the proof of your consent and of its use, sealed",
    ),
    "do_not_contact": Text(
        "la liste d’opposition : l’empreinte de vos coordonnées, pour ne plus vous contacter",
        "the do-not-contact list: a fingerprint of your contact details, so as not to contact you",
    ),
    "ledger": Text(
        "une empreinte de vos coordonnées, avec le jour, pour qu’un vieux fichier ne vous fasse pas revenir",
        "a fingerprint of your contact details, with the day, so that no old file brings you back",
    ),
}
_NOT_TOLD = Text(
    "n’a pas pu être prévenu, ou rien ne le montre", "could not be told, or nothing shows that it was"
)
_AND_THEN = {
    "answered": Text("et a répondu", "and answered"),
    "failed": Text("et a répondu qu’il n’a pas pu le faire", "and answered that it could not do it"),
    "asked": Text("et n’a pas répondu", "and did not answer"),
}
_TOLD_BY = {
    "sql": Text("dans sa base de données", "in its database"),
    "webhook": Text("par un appel à son programme", "by a call to its program"),
    "inbox": Text("quand il a demandé ses tâches", "when it asked for its tasks"),
    "manual": Text("par un e-mail à qui s’en occupe", "by a mail to whoever looks after it"),
}


class Point(msgspec.Struct, frozen=True):
    """One point of a list, and what is said under it."""

    text: str
    under: tuple[str, ...] = ()


class Passage(msgspec.Struct, frozen=True):
    """A paragraph, and the list that follows it."""

    text: str
    points: tuple[Point, ...] = ()


def described(content: ErasureCertificate, language: Language, zone: dt.tzinfo = dt.UTC) -> list[str]:
    """Line by line: of whom, what each tool did, what consentd forgot and keeps, and when copies end. `zone`:
    the company's, for the last days of what is kept; whoever reads a certificate alone does not know it.
    """
    name = one_line(f"{content.controller.name} ({content.controller.country})")
    issued = time_in_words(dt.datetime.fromisoformat(content.issued_at), language)
    head = Text(
        f"Certificat d’effacement n° {content.number}, demande {content.request_id}\n"
        f"Remis par {name} le {issued} (UTC)",
        f"Certificate of erasure no. {content.number}, request {content.request_id}\n"
        f"Issued by {name} on {issued} (UTC)",
    )
    lines = [head(language), _whole(content, language), *_own(content.own, language, zone)]
    for silo in content.silos:
        lines += _silo(silo, language)
    if content.recipients:
        lines.append(
            Text("Qui avait reçu vos données (article 19) :", "Who had received your data (article 19):")(
                language
            )
        )
        tools = {silo.system: silo.name for silo in content.silos}
        lines += [_recipient(one, tools, language) for one in content.recipients]
    return [*lines, _copies(content, language)]


def outlined(lines: list[str]) -> list[Passage]:
    """What `described` says, for pages: lists instead of dashes and indents."""
    passages: list[Passage] = []
    for line in "\n".join(lines).splitlines():
        if line.startswith("- "):
            last = passages[-1]
            passages[-1] = Passage(last.text, (*last.points, Point(line[2:])))
        elif line.startswith("  "):
            last = passages[-1]
            *before, point = last.points
            passages[-1] = Passage(last.text, (*before, Point(point.text, (*point.under, line[2:]))))
        else:
            passages.append(Passage(line))
    return passages


def _whole(content: ErasureCertificate, language: Language) -> str:
    if content.refused_under is not None:
        cited = one_line(article(content.refused_under, language))
        return Text(
            f"Effacement terminé : ce qui manque a été refusé, {cited}.",
            f"Erasure over: what is missing was refused, {cited}.",
        )(language)
    return (_COMPLETE if content.complete else _OPEN)(language)


def _own(own: OwnPart | None, language: Language, zone: dt.tzinfo) -> list[str]:
    if own is None:
        return [
            Text(
                "- Registre des accords : n’avait rien sur vous.",
                "- Register of consents: held nothing about you.",
            )(language)
        ]
    lines = [
        Text(
            f"- Registre des accords : effacé, coordonnées retirées : {own.identifiers_removed}",
            f"- Register of consents: erased, contact details removed: {own.identifiers_removed}",
        )(language)
    ]
    for kept in own.kept:
        what, cited = _LISTS[kept.kind](language), article(kept.because, language)
        until = _until(kept.until and _last_day(kept.until, zone), language)
        lines.append(Text(f"  gardé : {what}, {cited}{until}", f"  kept: {what}, {cited}{until}")(language))
    return [*lines, _copy(own.last_copy_unreadable_on, language)]


def _silo(silo: SiloPart, language: Language) -> list[str]:
    said = _OUTCOMES[silo.outcome](language)
    if silo.outcome is Outcome.STILL_THERE:
        said += Text(f" ({silo.left} lignes)", f" ({silo.left} rows)")(language)
    on = ""
    if silo.done_on is not None and silo.outcome is Outcome.ERASED:
        day = day_in_words(dt.date.fromisoformat(silo.done_on), language)
        on = Text(f", le {day}", f", on {day}")(language)
    colon = Text(" : ", ": ")(language)
    lines = [f"- {one_line(silo.name)}{colon}{said}{on}"]
    for part in silo.parts:
        lines += _part(part, language)
    if any(part.deleted or part.changed for part in silo.parts):
        lines.append(_copy(silo.last_copy_unreadable_on, language))
    return lines


def _part(part: Part, language: Language) -> list[str]:
    what = one_line(part.what)
    lines = []
    if part.deleted or part.changed:
        # Counts behind their words: one and several read alike, and what did not happen is not told.
        deleted = Text(f"supprimé : {part.deleted}", f"deleted: {part.deleted}")(language)
        changed = Text(
            f"rendu anonyme ou modifié : {part.changed}", f"made anonymous or changed: {part.changed}"
        )(language)
        done = [said for said, count in ((deleted, part.deleted), (changed, part.changed)) if count]
        lines.append(f"  {what}, {', '.join(done)}")
    return [*lines, *(_kept(what, one, language) for one in part.kept)]


def _kept(what: str, kept: Kept, language: Language) -> str:
    cited, until = one_line(article(kept.because, language)), _until(kept.until, language)
    return Text(
        f"  {what}, gardé : {kept.count}, {cited}{until}", f"  {what}, kept: {kept.count}, {cited}{until}"
    )(language)


def _last_day(until: str, zone: dt.tzinfo) -> str:
    """The end itself is no part of it; a certificate of another kind may say it otherwise."""
    try:
        end = dt.datetime.fromisoformat(until)
        return until if end.tzinfo is None else last_day(end, zone).isoformat()
    except (ValueError, OverflowError):
        return until


def _until(day: str | None, language: Language) -> str:
    if day is None:
        return ""
    try:
        said = day_in_words(dt.date.fromisoformat(day), language)
    except ValueError:
        # Kept as the tool said it.
        said = one_line(day)
    return Text(f", jusqu’au {said}", f", until {said}")(language)


def _copy(day: str | None, language: Language) -> str:
    if day is None:
        return Text(
            "  copies de sauvegarde : durée non indiquée par qui tient cet outil",
            "  backup copies: not stated by whoever runs this tool how long",
        )(language)
    said = day_in_words(dt.date.fromisoformat(day), language)
    return Text(
        f"  dernière copie de sauvegarde illisible à partir du {said}",
        f"  last backup copy unreadable from {said}",
    )(language)


def _recipient(one: Recipient, tools: dict[str, str], language: Language) -> str:
    """With what shows that it was told: when, how, and under which number it knows the order too. Of whoever
    runs tools for the company it says which.
    """
    colon = Text(" : ", ": ")(language)
    tool = tools.get(one.system, one.system)
    of_it = "" if tool == one.name else f" ({one_line(tool)})"
    return f"- {one_line(one.name)}{of_it}{colon}{_told(one, language)}"


def _told(one: Recipient, language: Language) -> str:
    if one.told == "no" or one.told_at is None:
        return _NOT_TOLD(language)
    at = time_in_words(dt.datetime.fromisoformat(one.told_at), language)
    how = f" {_TOLD_BY[one.told_by](language)}" if one.told_by else ""
    said = Text(
        f"prévenu le {at} (UTC){how} (tâche {one.task})", f"told on {at} (UTC){how} (task {one.task})"
    )
    return f"{said(language)}, {_AND_THEN[one.told](language)}"


def _copies(content: ErasureCertificate, language: Language) -> str:
    if content.last_copy_unreadable_on is not None:
        day = day_in_words(dt.date.fromisoformat(content.last_copy_unreadable_on), language)
        return Text(
            f"À partir du {day}, plus aucune copie de sauvegarde n’est lisible.",
            f"From {day} on, no backup copy can be read any more.",
        )(language)
    if content.copies_not_stated:
        tools = {silo.system: silo.name for silo in content.silos}
        names = one_line(", ".join(tools.get(system, system) for system in content.copies_not_stated))
        return Text(
            f"Date de la dernière copie de sauvegarde : non indiquée pour {names}.",
            f"Day of the last backup copy: not stated for {names}.",
        )(language)
    if content.complete:
        return Text("Aucune copie de sauvegarde à signaler.", "No backup copy to tell of.")(language)
    return Text(
        "Date de la dernière copie de sauvegarde : connue quand tout sera effacé.",
        "Day of the last backup copy: known once all is erased.",
    )(language)
