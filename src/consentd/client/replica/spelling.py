"""An identifier as it was typed, as the number it has in one replica."""

from collections.abc import Mapping, Sequence
from typing import Any

from consentd.client.model import Identifier, Named
from consentd.client.replica.cases import NotDecidable
from consentd.client.replica.overlay import name_of
from consentd.kernel import normalise
from consentd.kernel.policy import Policy
from consentd.kernel.replica import Number, Numbers

_NO_SCHEME = "an identifier is written with its scheme: email:ana@exemple.fr"
_ABSENT = "absent"
"""In place of the kind of a scheme whose identifiers are not here."""


class Spelling:
    """`schemes`: of whose identifiers all are here; under the replica's key."""

    def __init__(self, policy: Policy, schemes: frozenset[str], key: bytes) -> None:
        self._kinds: dict[str, str] = {
            id_: scheme.kind if id_ in schemes else _ABSENT for id_, scheme in policy.identifiers.items()
        }
        self._country = policy.controller.country
        self._numbers = {scheme: Numbers(key, scheme) for scheme in policy.identifiers}

    def number(self, named: Named, territory: str | None = None) -> tuple[str, Number] | None:
        """Scheme and number; a national telephone number is read in the territory, or else in the company's
        country. None for what can be nobody's. Raises NotDecidable for what only the service's parsers read,
        or of a scheme that is not here; TypeError and ValueError for what is no identifier.
        """
        if type(named) is str:
            scheme, colon, value = named.partition(":")
            if not colon:
                raise ValueError(_NO_SCHEME)
        else:
            scheme, value = _parts(named)
        kind = self._kinds.get(scheme)
        if kind is None:
            return None
        if kind == _ABSENT:
            raise NotDecidable
        try:
            text = normalise.clean(value)
        except ValueError:
            return None
        if kind == "email":
            spelled = normalise.common_email(text)
        elif kind == "phone":
            spelled = normalise.common_phone(text, territory or self._country)
        else:
            spelled = normalise.account(text) if kind == "account" else text
        if spelled is None:
            raise NotDecidable
        return scheme, self._numbers[scheme].of(spelled)

    def numbers(self, listed: Sequence[Named]) -> list[Number | None]:
        """The same of many: 0 for what can be nobody's, None for what is not decidable here."""
        found: list[Number | None] = []
        kinds, numbers, plain = self._kinds, self._numbers, normalise.plain_email
        for one in listed:
            # Most lists are of plain e-mail addresses: `bench/replica.py` watches what each costs.
            if type(one) is str:
                scheme, _, value = one.partition(":")
                if kinds.get(scheme) == "email" and (address := plain(value)) is not None:
                    found.append(numbers[scheme].of(address))
                    continue
            try:
                spelled = self.number(one)
            except NotDecidable:
                found.append(None)
            else:
                found.append(0 if spelled is None else spelled[1])
        return found


def _parts(named: Named) -> tuple[str, str]:
    """Raises TypeError for what names nobody."""
    if not isinstance(named, Identifier) or not isinstance(named.value, str):
        raise TypeError("a person is named by identifiers: email:ana@exemple.fr")
    return named.scheme, named.value


def numbers_in(spelling: Spelling, body: Mapping[str, Any]) -> dict[str, Number]:
    """Of every identifier that a recording call names and that can be told here, by its name. Any: JSON."""
    named = list(body["subject"]["identifiers"])
    named += [body["contact_point"]] if "contact_point" in body else []
    named += [event["contact_point"] for event in body.get("events", ()) if "contact_point" in event]
    territory = body["subject"].get("territory")
    found: dict[str, Number] = {}
    for one in named:
        try:
            spelled = spelling.number(name_of(one), territory)
        except (NotDecidable, ValueError, TypeError):
            continue
        if spelled is not None:
            found[name_of(one)] = spelled[1]
    return found
