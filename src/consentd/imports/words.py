"""The words of imports, in French and English: reasons of refusals, and the report's sentences."""

import datetime as dt
from zoneinfo import ZoneInfo

from consentd.base.i18n import Language, Text
from consentd.imports.contradictions import Contradiction
from consentd.imports.store import Said
from consentd.kernel.instants import to_datetime
from consentd.kernel.policy import Policy
from consentd.kernel.states import GRANTS, ConsentState

WHOLE_FILE: dict[str, Text] = {
    "empty_file": Text("Le fichier est vide.", "The file is empty."),
    "no_layouts": Text(
        "La politique ne dit pas comment lire les exports de cet outil : ajoutez « imports » à son fichier. "
        "« consentd import --guess » en propose un.",
        "The policy does not say how this tool’s exports are read: add `imports` to its file. "
        "`consentd import --guess` proposes one.",
    ),
    "unknown_layout": Text(
        "Cet outil n’a pas d’export de ce nom. Connus : {known}.",
        "This tool has no export of that name. Known: {known}.",
    ),
    "other_layout": Text(
        "Le fichier n’est pas un export connu de cet outil. Le plus proche est « {nearest} » ; colonnes "
        "manquantes : {missing} ; colonnes d’un autre export : {strange}. Si l’outil exporte ainsi, "
        "« consentd import --guess » propose comment le lire.",
        "The file is no known export of this tool. The nearest is “{nearest}”; missing columns: {missing}; "
        "columns of another export: {strange}. If the tool does export like this, `consentd import --guess` "
        "proposes how to read it.",
    ),
    "gone": Text(
        "Le fichier envoyé n’est plus là. Envoyez-le de nouveau.",
        "The file that was sent is there no more. Send it again.",
    ),
    "no_table": Text(
        "Ce n’est pas un tableau : aucune ligne d’en-tête avec plusieurs colonnes.",
        "This is no table: there is no header row with several columns.",
    ),
    "names_nobody": Text(
        "Aucune colonne ne ressemble à une adresse, à un numéro de téléphone ou à un numéro de client.",
        "No column looks like an address, a telephone number or a customer number.",
    ),
    "column_twice": Text(
        "La colonne « {column} » figure deux fois : laquelle compte ?",
        "The column “{column}” is there twice: which one counts?",
    ),
    "workbook": Text(
        "C’est un classeur (Excel, LibreOffice) ou une archive zip, pas un fichier CSV. Ouvrez-le, et donnez "
        "la feuille enregistrée au format CSV, ou le fichier .csv qui s’y trouve.",
        "This is a workbook (Excel, LibreOffice) or a zip archive, and no CSV file. Open it, and give the "
        "sheet saved as CSV, or the .csv file that is in it.",
    ),
    "wrong_encoding": Text(
        "Ce n’est pas un fichier de texte, ou il est abîmé : il ne se lit dans aucun encodage attendu "
        "({encodings}). Exportez-le de nouveau, au format CSV.",
        "This is no text file, or a damaged one: it reads in none of the expected encodings ({encodings}). "
        "Export it again, as CSV.",
    ),
    "endless_line": Text(
        "Une ligne dépasse {longest} caractères : ce n’est pas un export, ou il est abîmé.",
        "A line is longer than {longest} characters: this is no export, or a damaged one.",
    ),
    "open_quote": Text(
        "Le guillemet ouvert à la ligne {line} n’est jamais fermé : le fichier est coupé. Exportez-le de "
        "nouveau.",
        "The quote opened on line {line} is never closed: the file is cut off. Export it again.",
    ),
    "bad_quotes": Text(
        "Les guillemets de la ligne {line} ne se lisent pas.", "The quotes on line {line} cannot be read."
    ),
    "cut_off": Text(
        "La dernière ligne ({line}) est incomplète : le fichier est coupé. Exportez-le de nouveau.",
        "The last row (line {line}) is incomplete: the file is cut off. Export it again.",
    ),
}

POLICY_CHANGED = Text(
    "La politique a changé pendant l’import. Ce qui est repris le reste : relancez la même commande, qui "
    "continue et dresse le rapport.",
    "The policy changed while the import ran. What was taken stays taken: run the same command again, which "
    "goes on and makes the report.",
)
PROGRESS = Text("Lignes", "Rows")
FAULTS: dict[str, Text] = {
    "wrong_width": Text(
        "La ligne n’a pas autant de cellules que l’en-tête.", "The row has not as many cells as the header."
    ),
    "nul_character": Text("La ligne contient un caractère nul.", "The row holds a NUL character."),
    "unknown_word": Text(
        "Cette valeur n’est pas prévue pour la colonne : corrigez-la, ou ajoutez-la à « imports » dans le "
        "fichier de l’outil.",
        "This value is not provided for in the column: mend it, or add it under `imports` in the tool’s "
        "file.",
    ),
    "no_identifier": Text(
        "Aucune coordonnée ne dit de qui il s’agit.", "No contact detail says who this is about."
    ),
    "invalid_identifier": Text(
        "Ce n’est ni une adresse ni un numéro valable.", "This is no valid address or number."
    ),
    "formula": Text(
        "La cellule contient une formule : elle n’est ni exécutée ni reprise.",
        "The cell holds a formula: it is neither run nor taken.",
    ),
    "unknown_territory": Text("Ce pays n’est pas reconnu.", "This country is not known."),
    "unreadable_name": Text("Ce nom ne se lit pas.", "This name cannot be read."),
    "no_time": Text("La date manque.", "The time is missing."),
    "impossible_time": Text(
        "Cette date n’existe pas, ou s’écrit autrement que prévu.",
        "There is no such time, or it is written in another way than expected.",
    ),
    "invalid_time": Text("Cette date ne peut pas être la bonne.", "This cannot be the time."),
    "future_time": Text("La date est dans l’avenir.", "The time lies in the future."),
    "no_number": Text("Ce n’est pas un nombre.", "This is no number."),
    "invalid_fact": Text("Cette indication ne peut pas être vraie.", "What the row states cannot be."),
    "erased_before": Text(
        "Ce client a été effacé à sa demande : il n’est pas repris, sauf par un acte à lui, prouvé et plus "
        "récent. Effacez-le aussi dans cet outil.",
        "This customer was erased at their request: they are not taken again, but by an act of their own "
        "that is proven and later. Erase them in this tool too.",
    ),
    "outside_limits": Text(
        "Cet outil n’a pas le droit de parler de cette utilisation ou de ce moyen de contact.",
        "This tool was not given this use or contact method.",
    ),
}

_WHY: dict[str, Text] = {
    "no_is_later": Text("le non est plus récent", "the no is later"),
    "no_at_the_same_time": Text("à date égale, le non l’emporte", "at the same time, the no counts"),
    "yes_is_unproven": Text("le oui est sans preuve", "the yes is unproven"),
    "proven_yes_is_later": Text("le oui, prouvé, est plus récent", "the yes is proven and later"),
    "no_names_the_detail": Text(
        "le non vise précisément cette coordonnée", "the no names this very contact detail"
    ),
}

_STATES: dict[str, Text] = {
    "given": Text("accord", "consent"),
    "renewed": Text("accord renouvelé", "consent renewed"),
    "refused": Text("refus", "refusal"),
    "withdrawn": Text("accord retiré", "consent withdrawn"),
    "unknown": Text("accord sans preuve", "unproven consent"),
    "invalidated": Text("accord invalidé", "consent invalidated"),
    "revoked": Text("accord révoqué", "consent revoked"),
    "requested": Text("accord à confirmer", "awaiting confirmation"),
    "request_deferred": Text("accord à confirmer", "awaiting confirmation"),
}
_PROOFS: dict[str, Text] = {
    "held": Text("preuve conservée ici", "proof held"),
    "cited": Text("preuve citée", "proof cited"),
    "none": Text("", ""),
}

_LACKS: dict[str, Text] = {
    "contact_not_allowed": Text(
        "un accord prouvé, antérieur à l’appel", "a proven consent from before the call"
    ),
    "parental_missing": Text("la participation d’un parent", "the part of a holder of parental authority"),
    "notice_missing": Text("le texte présenté", "the text that was shown"),
    "method_missing": Text(
        "l’acte du client (formulaire signé, double confirmation, enregistrement)",
        "the customer’s act (a signed form, a double opt-in, a recording)",
    ),
    "collector_missing": Text("qui a recueilli l’accord", "who collected it"),
    "time_missing": Text("la date", "the time"),
    "not_explicit": Text("un accord exprès", "an explicit consent"),
    "ambiguous_subject": Text("qui, de plusieurs clients, a dit oui", "which of several customers said yes"),
}
_OTHER = Text("une preuve complète", "a complete proof")


class Words:
    def __init__(self, policy: Policy, language: Language) -> None:
        self._policy = policy
        self.language = language
        self._zone = ZoneInfo(policy.controller.zone)

    def summary(
        self,
        *,
        dry_run: bool,
        accepted: int,
        refused: int,
        become: int,
        stop: int,
        contradicting: int,
        lost: int,
    ) -> str:
        if dry_run:
            told = Text(
                f"Lignes à reprendre : {accepted}, refusées : {refused} ; clients qui deviendraient "
                f"joignables : {become}, qui ne le seraient plus : {stop} ; clients sur qui deux outils se "
                f"contredisent : {contradicting}, où le non l’emporte : {lost}.",
                f"Rows to be taken: {accepted}, refused: {refused}; customers who would become contactable: "
                f"{become}, who would stop being so: {stop}; customers about whom two tools disagree: "
                f"{contradicting}, where the no wins: {lost}.",
            )
        else:
            told = Text(
                f"Lignes reprises : {accepted}, refusées : {refused} ; clients devenus joignables : "
                f"{become}, qui ne le sont plus : {stop} ; clients sur qui deux outils se contredisent : "
                f"{contradicting}, où le non l’emporte : {lost}.",
                f"Rows taken: {accepted}, refused: {refused}; customers who became contactable: {become}, "
                f"who stopped being so: {stop}; customers about whom two tools disagree: {contradicting}, "
                f"where the no wins: {lost}.",
            )
        return told(self.language)

    def example(self, one: Contradiction, line: int) -> str:
        purpose = self._label(self._policy.purposes[one.purpose].label)
        channel = self.channel(one.channel)
        yes, no = self._said(one.yes), self._said(one.no)
        why = _WHY[one.why](self.language)
        winner = Text("le oui", "the yes") if one.wins == "yes" else Text("le non", "the no")
        told = Text(
            f"Ligne {line}, « {purpose} » par {channel} : {yes}, {no}. {winner.fr.capitalize()} l’emporte : "
            f"{why}.",
            f"Line {line}, “{purpose}” by {channel}: {yes}, {no}. {winner.en.capitalize()} wins: {why}.",
        )
        return told(self.language)

    def use(self, purpose: str, channel: str) -> str:
        """A purpose and a channel, as people call them."""
        return f"{self._label(self._policy.purposes[purpose].label)} × {self.channel(channel)}"

    def channel(self, channel: str) -> str:
        return self._label(self._policy.channels[channel].label)

    def _said(self, one: Said) -> str:
        name = self.system(one.system)
        day = self._day(one.effective)
        yes = ConsentState(one.state) in GRANTS or one.claim is not None
        proof = self.state(one.state, one.proof)
        word = Text("oui", "yes") if yes else Text("non", "no")
        told = Text(f"{name} dit {word.fr} le {day} ({proof})", f"{name} says {word.en} on {day} ({proof})")
        return told(self.language)

    def system(self, name: str | None) -> str:
        system = self._policy.systems.get(name or "")
        return system.name if system is not None else name or "-"

    def _day(self, instant: int) -> str:
        day: dt.datetime = to_datetime(instant, self._zone)
        return day.strftime("%d/%m/%Y" if self.language == "fr" else "%Y-%m-%d")

    def _label(self, label: dict[str, str]) -> str:
        return label.get(self.language) or next(iter(label.values()))

    def state(self, state: str, proof: str) -> str:
        word, kind = _STATES[state](self.language), _PROOFS[proof](self.language)
        return f"{word}, {kind}" if kind else word

    def choice(self, state: str) -> str:
        """Of what a row states, before it is known whether it is proven."""
        word = Text("oui", "yes") if state == "given" else _STATES[state]
        return word(self.language)

    def objection(self, channels: tuple[str, ...]) -> str:
        told = Text("opposition à la publicité", "marketing objection")(self.language)
        return f"{told} ({', '.join(channels)})" if channels else told

    def why(self, code: str) -> str:
        return _WHY[code](self.language)

    def proven_by(self, lacks: tuple[str, ...]) -> str:
        told = [_LACKS.get(code, _OTHER)(self.language) for code in lacks]
        return ", ".join(dict.fromkeys(told)) or _OTHER(self.language)

    def fault(self, code: str, column: str | None) -> str:
        text = FAULTS.get(code, Text(f"Refusé : {code}.", f"Refused: {code}."))(self.language)
        return f"{column}: {text}" if column else text


def whole_file(code: str, about: dict[str, str | int], language: Language) -> str:
    """Why a file is refused whole."""
    return WHOLE_FILE[code](language).format(**about)
