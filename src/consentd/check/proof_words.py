"""The proof of a contact in words: for the person who asks "why was I called?", and for a judge."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from consentd.base.i18n import Language, Text
from consentd.base.printing import one_line
from consentd.check.proving import ChoiceProved, ContactMade, ContactProof, InLog, PersonProved, Verdict
from consentd.kernel.policy import Policy

_STATES: dict[str, Text] = {
    "given": Text("Accord donné", "Consent given"),
    "requested": Text("Accord à confirmer", "Consent awaiting confirmation"),
    "withdrawn": Text("Accord retiré", "Consent withdrawn"),
    "refused": Text("Refus", "Refusal"),
    "unknown": Text("Accord sans preuve", "Unproven consent"),
}
_OUTCOMES: dict[str, Text] = {
    "answered": Text("la personne a répondu", "the person answered"),
    "unanswered": Text("sans réponse", "not answered"),
    "sent": Text("envoyé", "sent"),
    "delivered": Text("remis", "delivered"),
    "failed": Text("échec", "failed"),
    "refused": Text("la personne a refusé", "the person refused"),
}


def in_words(proof: ContactProof, policy: Policy, language: Language) -> str:
    """The whole proof as plain text, in the company's own time zone."""
    return "\n".join(_Words(proof, policy, language).lines())


class _Words:
    def __init__(self, proof: ContactProof, policy: Policy, language: Language) -> None:
        self._proof = proof
        self._policy = policy
        self._language = language
        self._zone = ZoneInfo(proof.zone)

    def lines(self) -> Iterator[str]:
        proof = self._proof
        point = one_line(proof.contact_point.value)
        yield self._said(f"Contact du {proof.on} : {point}", f"Contact on {proof.on}: {point}")
        yield self._said(
            f"Établi par {proof.controller} le {self._time(proof.made_at)} ({proof.zone}).",
            f"Made by {proof.controller} on {self._time(proof.made_at)} ({proof.zone}).",
        )
        if len(proof.people) > 1:
            yield self._said(
                f"{len(proof.people)} personnes ont cette coordonnée ; chacune est montrée.",
                f"{len(proof.people)} people have this contact detail; each is shown.",
            )
        for person in proof.people:
            yield from self._person(person)
        yield from self._contacts()
        yield from self._verdicts()
        yield from self._how()

    def _person(self, person: PersonProved) -> Iterator[str]:
        yield ""
        yield self._said("CE QUI A ÉTÉ CHOISI", "WHAT WAS CHOSEN")
        for choice in person.choices:
            yield from self._choice(choice)
        for objection in person.objections:
            yield "- " + self._said(
                f"Opposition à la publicité ({objection.ground}), depuis le {self._time(objection.since)}.",
                f"Marketing objection ({objection.ground}), since {self._time(objection.since)}.",
            )
            yield "  " + self._logged(objection.log)
        if not person.choices and not person.objections:
            yield self._said("Rien n'était enregistré ce jour-là.", "Nothing was on record by that day.")

    def _choice(self, choice: ChoiceProved) -> Iterator[str]:
        event = choice.event.event
        state = _STATES.get(event.state)
        what = state(self._language) if state else event.state
        said = f"- {what}: {self._purpose(event.purpose)}, {self._channel(event.channel)}; "
        by = choice.system or self._said("inconnu", "unknown")
        yield said + self._said(
            f"fait le {self._times(event.occurred_at)}, reçu de l'outil « {by} » le "
            f"{self._time(event.recorded_at)}.",
            f"made on {self._times(event.occurred_at)}, received from the tool “{by}” on "
            f"{self._time(event.recorded_at)}.",
        )
        if notice := choice.event.notice:
            shown = f"{notice['id']} v{notice['version']} ({notice['language']})"
            digest = f", SHA-256 {notice['sha256']}" if "sha256" in notice else ""
            yield "  " + self._said("Texte présenté : ", "Text shown: ") + one_line(shown + digest)
        if choice.wording:
            words = one_line(choice.wording)
            yield "  " + self._said(f"Mots acceptés : « {words} »", f"Words agreed to: “{words}”")
        if event.missing:
            yield "  " + self._said("Il manquait : ", "What was missing: ") + ", ".join(event.missing)
        yield "  " + self._logged(choice.log)

    def _contacts(self) -> Iterator[str]:
        yield ""
        yield self._said("CE QUI A ÉTÉ TENTÉ CE JOUR-LÀ", "WHAT WAS ATTEMPTED THAT DAY")
        for contact in self._proof.contacts:
            yield from self._contact(contact)
        if not self._proof.contacts:
            yield self._said(
                "Aucun outil n'a déclaré de contact ce jour-là. Cela ne prouve pas qu'il n'y en a pas eu.",
                "No tool reported a contact that day. That does not prove that there was none.",
            )

    def _contact(self, contact: ContactMade) -> Iterator[str]:
        outcome = _OUTCOMES.get(contact.outcome)
        ended = outcome(self._language) if outcome else contact.outcome
        what = f"{self._purpose(contact.purpose)}, {self._channel(contact.channel)}"
        yield f"- {self._time(contact.at)}: {what}, {ended} ({contact.system or '?'})"
        if contact.verdict is not None:
            yield "  " + self._verdict(contact.verdict)
        yield "  " + self._logged(contact.log)

    def _verdicts(self) -> Iterator[str]:
        yield ""
        yield self._said("CE QUI ÉTAIT AUTORISÉ CE JOUR-LÀ À MIDI", "WHAT WAS ALLOWED THAT DAY AT NOON")
        for verdict in self._proof.verdicts:
            yield (
                f"- {self._purpose(verdict.purpose)}, {self._channel(verdict.channel)}: "
                f"{self._verdict(verdict)}"
            )
        if not self._proof.verdicts:
            yield self._said("Rien n'autorisait un contact.", "Nothing allowed a contact.")

    def _verdict(self, verdict: Verdict) -> str:
        allowed = (
            self._said("autorisé", "allowed") if verdict.allow else self._said("interdit", "not allowed")
        )
        why = " ".join(reason.text for reason in verdict.reasons)
        cites = f" [{', '.join(verdict.cites)}]" if verdict.cites else ""
        return f"{allowed}. {why}{cites}"

    def _how(self) -> Iterator[str]:
        yield ""
        yield self._said("COMMENT LE VÉRIFIER", "HOW TO VERIFY IT")
        yield self._said(
            "Chaque ligne du journal a un numéro et une preuve d'inclusion (RFC 9162) vers le point de "
            "contrôle signé. Les décisions sont refaites par la même règle, avec ce qui était arrivé à cet "
            "instant et les règles alors en vigueur ; à qui est la coordonnée et où vit la personne sont "
            "pris tels qu'ils sont aujourd'hui.",
            "Each entry of the log has a number and an inclusion proof (RFC 9162) to the signed checkpoint. "
            "Decisions are made again by the same rule, with what had arrived by then and the rules then in "
            "force; whose contact detail it is and where the person lives are taken as they are today.",
        )
        yield self._said("Clé du journal : ", "Key of the log: ") + self._proof.log_key
        yield self._proof.checkpoint or self._said(
            "Le journal n'a pas encore de point de contrôle.", "The log has no checkpoint yet."
        )

    def _logged(self, log: InLog) -> str:
        if log.proof is None:
            return self._said(
                f"Journal : entrée {log.entry_id}, pas encore numérotée.",
                f"Log: entry {log.entry_id}, not numbered yet.",
            )
        return self._said(
            f"Journal : n° {log.proof['index']} sur {log.proof['size']} (entrée {log.entry_id}).",
            f"Log: no. {log.proof['index']} of {log.proof['size']} (entry {log.entry_id}).",
        )

    def _purpose(self, id_: str) -> str:
        found = self._policy.purposes.get(id_)
        return id_ if found is None else found.label.get(self._language, id_)

    def _channel(self, id_: str) -> str:
        found = self._policy.channels.get(id_)
        return id_ if found is None else found.label.get(self._language, id_)

    def _times(self, text: str) -> str:
        """One instant, or the two that a time known only to the day lies between."""
        return " – ".join(self._time(part) for part in text.split("/"))

    def _time(self, text: str) -> str:
        when = dt.datetime.fromisoformat(text).astimezone(self._zone)
        return when.strftime("%d/%m/%Y %H:%M:%S" if self._language == "fr" else "%Y-%m-%d %H:%M:%S")

    def _said(self, french: str, english: str) -> str:
        return french if self._language == "fr" else english
