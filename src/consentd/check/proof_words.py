"""The proof of a contact in words: for the person who asks "why was I called?", and for a judge.

What answers the question comes first: what was done that day, and whether it was allowed. Then what that
rests on, what the person can do about it, and, last, how somebody who trusts nobody verifies it.
"""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from consentd.base.dates import day_in_words
from consentd.base.i18n import Language, Text, article
from consentd.base.printing import one_line
from consentd.check.proving import (
    ChoiceProved,
    ContactMade,
    ContactProof,
    InLog,
    ObjectionProved,
    PersonProved,
    Verdict,
)
from consentd.check.speech import Speech
from consentd.consent.words import method_in_words, state_in_words
from consentd.kernel.policy import Contact, Policy
from consentd.web import catalogue

_OUTCOMES: dict[str, Text] = {
    "answered": Text("la personne a répondu", "the person answered"),
    "unanswered": Text("sans réponse", "not answered"),
    "sent": Text("envoyé", "sent"),
    "delivered": Text("remis", "delivered"),
    "failed": Text("échec", "failed"),
    "refused": Text("la personne a refusé", "the person refused"),
}
_GROUNDS: dict[str, Text] = {
    "marketing": Text("opposition à la publicité", "marketing objection"),
    "particular": Text(
        "opposition pour une raison propre à la personne", "objection on grounds of the person’s own"
    ),
}
_PROOFS: dict[str, Text] = {
    "held": Text("la trace de cet acte est conservée", "the trace of this act is kept"),
    "cited": Text(
        "seule la référence d’une preuve gardée ailleurs est conservée",
        "only the reference of a proof kept elsewhere is kept",
    ),
}


def in_words(proof: ContactProof, policy: Policy, language: Language) -> str:
    """The whole proof as plain text, in the company's own time zone."""
    return "\n".join(_Words(proof, policy, language).lines())


class _Words(Speech):
    def __init__(self, proof: ContactProof, policy: Policy, language: Language) -> None:
        super().__init__(policy, language, ZoneInfo(proof.zone))
        self._proof = proof

    def lines(self) -> Iterator[str]:
        yield from self._head()
        yield from self._contacts()
        for number, person in enumerate(self._proof.people, 1):
            yield from self._person(number, person)
        yield from self._verdicts()
        yield from self._rights()
        yield from self._how()

    def _head(self) -> Iterator[str]:
        proof = self._proof
        point = one_line(proof.contact_point.value)
        day = day_in_words(dt.date.fromisoformat(proof.on), self._language)
        yield self.said(
            f"Pourquoi ce contact ? {point}, le {day}",
            f"Why this contact? {point}, on {day}",
        )
        yield self.said(
            f"Établi par {proof.controller} le {self.time(proof.made_at)}. Les heures sont celles de "
            f"{proof.zone}.",
            f"Made by {proof.controller} on {self.time(proof.made_at)}. Times are those of {proof.zone}.",
        )
        if len(proof.people) > 1:
            yield self.said(
                f"{len(proof.people)} personnes ont cette coordonnée, et chacune est montrée : ne remettez "
                "pas à l’une ce qui concerne l’autre.",
                f"{len(proof.people)} people have this contact detail, and each is shown: do not hand one of "
                "them what is about another.",
            )

    def _contacts(self) -> Iterator[str]:
        yield ""
        yield self.said("CE QUI A ÉTÉ FAIT CE JOUR-LÀ", "WHAT WAS DONE THAT DAY")
        for contact in self._proof.contacts:
            yield from self._contact(contact)
        if not self._proof.contacts:
            yield self.said(
                "Aucun outil n’a déclaré de contact ce jour-là. Cela ne prouve pas qu’il n’y en a pas eu.",
                "No tool reported a contact that day. That does not prove that there was none.",
            )

    def _contact(self, contact: ContactMade) -> Iterator[str]:
        outcome = _OUTCOMES.get(contact.outcome)
        ended = outcome(self._language) if outcome else contact.outcome
        yield self.said(
            f"- Le {self.time(contact.at)}, l’outil {self.tool(contact.system)} a déclaré un contact : "
            f"{self.about(contact.purpose, contact.channel)} ; {ended}.",
            f"- On {self.time(contact.at)} the tool {self.tool(contact.system)} reported a contact: "
            f"{self.about(contact.purpose, contact.channel)}; {ended}.",
        )
        if contact.verdict is not None:
            yield "  " + self._verdict(contact.verdict)
        yield "  " + self._logged(contact.log)

    def _person(self, number: int, person: PersonProved) -> Iterator[str]:
        yield ""
        which = f" ({number}/{len(self._proof.people)})" if len(self._proof.people) > 1 else ""
        yield self.said("CE QUI AVAIT ÉTÉ CHOISI", "WHAT HAD BEEN CHOSEN") + which
        for choice in person.choices:
            yield from self._choice(choice)
        for objection in person.objections:
            yield from self._objection(objection)
        if not person.choices and not person.objections:
            yield self.said(
                "À la fin de ce jour, aucun choix n’était enregistré.",
                "At the end of that day no choice was on record.",
            )

    def _choice(self, choice: ChoiceProved) -> Iterator[str]:
        event = choice.event.event
        state = _capital(state_in_words(event.state, self._language))
        yield self.said(f"- {state} : ", f"- {state}: ") + self.about(event.purpose, event.channel) + "."
        yield "  " + self.said(
            f"Fait le {self.times(event.occurred_at)}, reçu de l’outil {self.tool(choice.system)} le "
            f"{self.time(event.recorded_at)}.",
            f"Made on {self.times(event.occurred_at)}, received from the tool {self.tool(choice.system)} "
            f"on {self.time(event.recorded_at)}.",
        )
        yield from ("  " + line for line in self._act(choice))
        if event.missing:
            lacked = (catalogue.title(code, self._language) or code for code in event.missing)
            yield "  " + self.said("Il manquait : ", "What was missing: ") + "; ".join(lacked) + "."
        yield "  " + self._logged(choice.log)

    def _act(self, choice: ChoiceProved) -> Iterator[str]:
        """How it was made, on which text, in which words, with which proof."""
        told = choice.event
        if told.method:
            by = f", {one_line(told.collector)}" if told.collector else ""
            how = one_line(method_in_words(told.method, self._language))
            yield self.said(f"Par quel acte : {how}{by}.", f"By which act: {how}{by}.")
        if told.notice:
            yield self._notice(told.notice)
        if choice.wording:
            words = one_line(choice.wording)
            yield self.said(f"Mots acceptés : « {words} »", f"Words agreed to: “{words}”")
        if proof := _PROOFS.get(told.proof):
            yield self.said("Preuve : ", "Proof: ") + proof(self._language) + "."

    def _notice(self, notice: dict[str, str]) -> str:
        known = next(
            (one for one in self._policy.notices.get(notice["id"], ()) if one.version == notice["version"]),
            None,
        )
        title = known.titles.get(notice["language"], notice["id"]) if known else notice["id"]
        digest = f", SHA-256 {notice['sha256']}" if "sha256" in notice else ""
        title = one_line(title)
        where = one_line(f"{notice['id']}, version {notice['version']}, {notice['language']}{digest}")
        return self.said(f"Texte présenté : « {title} » ({where}).", f"Text shown: “{title}” ({where}).")

    def _objection(self, objection: ObjectionProved) -> Iterator[str]:
        ground = _GROUNDS.get(objection.ground)
        what = _capital(ground(self._language) if ground else objection.ground)
        purpose = self.purpose(objection.purpose) if objection.purpose else ""
        scope = (
            purpose or self.said("toute publicité", "all marketing"),
            self.channel(objection.channel)
            if objection.channel
            else self.said("tous les moyens de contact", "every contact method"),
        )
        about, since = ", ".join(scope), self.time(objection.since)
        yield self.said(
            f"- {what} : {about}, depuis le {since}.",
            f"- {what}: {about}, since {since}.",
        )
        yield "  " + self._logged(objection.log)

    def _verdicts(self) -> Iterator[str]:
        verdicts = self._proof.verdicts
        yield ""
        at = f" ({self.time(verdicts[0].at)})" if verdicts else ""
        yield self.said("CE QUI ÉTAIT AUTORISÉ", "WHAT WAS ALLOWED") + at
        for verdict in verdicts:
            about = self.about(verdict.purpose, verdict.channel)
            yield self.said(f"- {about} : ", f"- {about}: ") + self._verdict(verdict)
        if not verdicts:
            yield self.said(
                "Rien n’est à montrer : aucune règle n’était encore en vigueur ce jour-là à midi, ou aucun "
                "choix ni contact n’est enregistré pour un moyen de joindre cette coordonnée.",
                "There is nothing to show: no rules were in force yet at noon of that day, or no choice and "
                "no contact is on record for a way of reaching this contact detail.",
            )

    def _verdict(self, verdict: Verdict) -> str:
        said = (
            self.said("Contact autorisé.", "Contact allowed.")
            if verdict.allow
            else self.said("Contact interdit.", "Contact not allowed.")
        )
        why = " ".join(reason.text for reason in verdict.reasons)
        cited = ", ".join(article(one, self._language) for one in verdict.cites)
        return f"{said} {why}" + (f" [{cited}]" if cited else "")

    def _rights(self) -> Iterator[str]:
        controller = self._policy.controller
        yield ""
        yield self.said("SI VOUS N’ÊTES PAS D’ACCORD", "IF YOU DO NOT AGREE")
        yield self.said(
            "Pour ne plus être contacté, retirer un accord ou poser une question : ",
            "To be contacted no more, to withdraw a consent, or to ask: ",
        ) + _reached(controller.dpo)
        yield self.said("Pour une réclamation : ", "To complain: ") + _reached(controller.authority)

    def _how(self) -> Iterator[str]:
        yield ""
        yield self.said("COMMENT LE VÉRIFIER", "HOW TO VERIFY IT")
        yield self.said(
            "Le journal est une liste numérotée : y changer, ajouter ou retirer quelque chose plus tard se "
            "voit, dès que quelqu’un d’autre a gardé sa signature d’un certain jour (ci-dessous, le « point "
            "de contrôle »). Il montre ce qui a été enregistré, et quand ; il ne prouve pas que c’est vrai.",
            "The log is a numbered list: to change, add or remove something in it later is seen, once "
            "somebody else has kept its signature of some day (below, the “checkpoint”). It shows what was "
            "recorded, and when; it does not prove that it is true.",
        )
        yield self.said(
            "« Autorisé » et « interdit » sont recalculés par les mêmes règles, avec ce qui était arrivé à "
            "cet instant et les règles alors en vigueur ; à qui est la coordonnée et où vit la personne sont "
            "pris tels qu’ils sont aujourd’hui.",
            "“Allowed” and “not allowed” are worked out again by the same rules, with what had arrived by "
            "then and the rules then in force; whose contact detail it is and where the person lives are "
            "taken as they are today.",
        )
        yield self.said(
            "Ce texte ne donne que des numéros. Les preuves qui mènent de chaque numéro au point de contrôle "
            "(RFC 9162) s’obtiennent avec --json, et se vérifient avec des outils publics : docs/log.md.",
            "This text gives numbers alone. The proofs that lead from each number to the checkpoint (RFC "
            "9162) come with --json, and verify with public tools: docs/log.md.",
        )
        yield from self._signed()

    def _signed(self) -> Iterator[str]:
        made = [*self._proof.verdicts, *(one.verdict for one in self._proof.contacts if one.verdict)]
        for policy in dict.fromkeys(verdict.policy for verdict in made):
            yield self.said("Règles appliquées : ", "Rules applied: ") + policy
        yield self.said("Clé du journal : ", "Key of the log: ") + self._proof.log_key
        if self._proof.checkpoint is None:
            yield self.said(
                "Le journal n’a pas encore de point de contrôle.", "The log has no checkpoint yet."
            )
        else:
            yield self.said("Point de contrôle :", "Checkpoint:")
            yield self._proof.checkpoint

    def _logged(self, log: InLog) -> str:
        if log.proof is None:
            return self.said(
                f"Journal : entrée {log.entry_id}, pas encore numérotée.",
                f"Log: entry {log.entry_id}, not numbered yet.",
            )
        return self.said(
            f"Journal : n° {log.proof['index']} sur {log.proof['size']} (entrée {log.entry_id}).",
            f"Log: no. {log.proof['index']} of {log.proof['size']} (entry {log.entry_id}).",
        )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _reached(contact: Contact) -> str:
    """Its name, and the first way of reaching it that it has."""
    way = contact.email or contact.url or contact.phone or contact.address
    return f"{contact.name}, {way}." if way else f"{contact.name}."
