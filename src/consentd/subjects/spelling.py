"""Normalising an identifier by its scheme's kind: common forms in the kernel, the rest by full parsers."""

import email_validator
import msgspec
import phonenumbers

from consentd.kernel import normalise
from consentd.kernel.policy import Scheme


class Named(msgspec.Struct, frozen=True):
    """An identifier as it is looked up and sealed. It is personal data: `repr` shows its scheme only."""

    scheme: str
    value: str

    def __repr__(self) -> str:
        return f"Named({self.scheme})"


def named(scheme: str, kind: Scheme, value: str, territory: str | None) -> Named:
    """Raises ValueError with a sentence for the caller; the value itself never is in it."""
    text = normalise.clean(value)
    if kind.kind == "email":
        return Named(scheme, normalise.common_email(text) or _any_email(text))
    if kind.kind == "phone":
        return Named(scheme, normalise.common_phone(text, territory) or _any_phone(text, territory))
    if kind.kind == "account":
        return Named(scheme, normalise.account(text))
    return Named(scheme, text)


def _any_email(text: str) -> str:
    try:
        # Reserved domains are what companies test with; whether mail arrives is not asked here.
        found = email_validator.validate_email(
            text, check_deliverability=False, test_environment=True, globally_deliverable=False
        )
    except email_validator.EmailNotValidError:
        raise ValueError("is not an e-mail address") from None
    if "." not in found.domain:
        raise ValueError("is not an e-mail address")
    return f"{found.local_part}@{found.ascii_domain or found.domain}".lower()


# ISO 3166-2 subdivisions of France that have a country code, and so a telephone plan, of their own.
_OVERSEAS_REGIONS = {
    "FR-971": "GP",
    "FR-972": "MQ",
    "FR-973": "GF",
    "FR-974": "RE",
    "FR-976": "YT",
    "FR-BL": "BL",
    "FR-MF": "MF",
    "FR-PM": "PM",
}
# The French plan dials overseas numbers like its own ("0692…"), but abroad each has its own country code.
_OVERSEAS_CODES = {
    **dict.fromkeys(("262", "692", "693", "269", "639"), "262"),
    **dict.fromkeys(("590", "690", "691"), "590"),
    **dict.fromkeys(("594", "694"), "594"),
    **dict.fromkeys(("596", "696", "697"), "596"),
    **dict.fromkeys(("508", "708"), "508"),
}


def _any_phone(text: str, territory: str | None) -> str:
    region = _OVERSEAS_REGIONS.get(territory, territory.split("-")[0]) if territory else None
    if region in _OVERSEAS_REGIONS.values() and text.startswith("0"):
        # One national plan: whoever dials 06 45… in Réunion reaches a mobile of the mainland.
        region = "FR"
    try:
        # "0033…" is how tills write it, whatever the country's own prefix.
        number = phonenumbers.parse("+" + text[2:] if text.startswith("00") else text, region)
    except phonenumbers.NumberParseException:
        raise ValueError(
            "is not a telephone number; write it as +33624686501, or name the territory"
        ) from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("has too many or too few digits for a telephone number")
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if written.startswith("+33") and (code := _OVERSEAS_CODES.get(written[3:6])):
        return f"+{code}{written[3:]}"
    return written
