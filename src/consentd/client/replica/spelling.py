"""An identifier as it was typed, as the number it has in one replica."""

from consentd.client.model import Identifier, Named
from consentd.client.replica.cases import NotDecidable
from consentd.kernel import normalise
from consentd.kernel.policy import Policy
from consentd.kernel.replica import Number, number_of_identifier


class Spelling:
    """`schemes`: of whose identifiers all are here; under the replica's key."""

    def __init__(self, policy: Policy, schemes: frozenset[str], key: bytes) -> None:
        self._schemes = policy.identifiers
        self._here = schemes
        self._country = policy.controller.country
        self._key = key

    def number(self, named: Named) -> tuple[str, Number] | None:
        """Scheme and number; None for what can be nobody's. Raises NotDecidable for what only the service's
        parsers read, or of a scheme that is not here; TypeError and ValueError for what is no identifier.
        """
        scheme, value = split(named)
        described = self._schemes.get(scheme)
        if described is None:
            return None
        if scheme not in self._here:
            raise NotDecidable
        try:
            text = normalise.clean(value)
        except ValueError:
            return None
        if described.kind == "email":
            spelled = normalise.common_email(text)
        elif described.kind == "phone":
            spelled = normalise.common_phone(text, self._country)
        else:
            spelled = normalise.account(text) if described.kind == "account" else text
        if spelled is None:
            raise NotDecidable
        return scheme, number_of_identifier(self._key, scheme, spelled)


def split(named: Named) -> tuple[str, str]:
    """Raises ValueError for a text without a scheme, TypeError for what names nobody."""
    if isinstance(named, str):
        scheme, colon, value = named.partition(":")
        if not colon:
            raise ValueError("an identifier is written with its scheme: email:ana@exemple.fr")
        return scheme, value
    if not isinstance(named, Identifier) or not isinstance(named.value, str):
        raise TypeError("a person is named by identifiers: email:ana@exemple.fr")
    return named.scheme, named.value
