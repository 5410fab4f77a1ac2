"""Normalising an identifier by its scheme's kind: common forms in the kernel, the rest by full parsers."""

import re
import unicodedata

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
        return Named(scheme, normalise.common_email(text) or any_email(text))
    if kind.kind == "phone":
        return Named(scheme, normalise.common_phone(text, territory) or any_phone(text, territory))
    if kind.kind == "account":
        return Named(scheme, normalise.account(text))
    return Named(scheme, text)


# Reserved domains are what companies test with; whether mail arrives is not asked here. The library says that
# its list may be changed, and has no other way of being told.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
# A sequence of digits at the end is an address of a machine, not a name.
_TOP_LEVEL = re.compile(r"\.[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)


def any_email(text: str) -> str:
    """Any address of RFC 5321 and 6531, its domain in A-labels. `text`: cleaned. Raises ValueError."""
    try:
        # Lower case first: of a capital sharp s, and its like, libraries make different things.
        found = email_validator.validate_email(
            normalise.written_email(text).lower(),
            check_deliverability=False,
            globally_deliverable=False,
            allow_quoted_local=True,
        )
    except email_validator.EmailNotValidError:
        raise ValueError("is not an e-mail address") from None
    host = found.ascii_domain or found.domain
    if not _TOP_LEVEL.search(host, host.rfind(".")):
        raise ValueError("is not an e-mail address")
    return unicodedata.normalize("NFC", f"{found.local_part}@{host}".lower())


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


_CALLED_ABROAD = re.compile(r"\A\W*00")


def any_phone(text: str, territory: str | None) -> str:
    """E.164 of any number of the world that can be called from abroad. `text`: cleaned. Raises ValueError."""
    region = _OVERSEAS_REGIONS.get(territory, territory.split("-")[0]) if territory else None
    if region in _OVERSEAS_REGIONS.values() and text.startswith("0"):
        # One national plan: whoever dials 06 45… in Réunion reaches a mobile of the mainland.
        region = "FR"
    try:
        # "0033…" is how tills write it, whatever the country's own prefix.
        number = phonenumbers.parse(_CALLED_ABROAD.sub("+", text, count=1), region)
    except phonenumbers.NumberParseException:
        raise ValueError(
            "is not a telephone number; write it as +33624686501, or name the territory"
        ) from None
    if phonenumbers.is_alpha_number(text):
        # The keys of "0800 FLOWERS" could be dialled, but so could those of a remark behind a number.
        raise ValueError("has letters in it; write a telephone number in digits")
    # A number that is known in its own town alone is somebody else's in the next.
    reason = phonenumbers.is_possible_number_with_reason(number)
    # Where a digit is missing, the 0 that is dialled inside the country alone is taken for one.
    short = number.italian_leading_zero and not phonenumbers.is_valid_number(number)
    if short or reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError("has too many or too few digits for a telephone number")
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if written.startswith("+33") and (code := _OVERSEAS_CODES.get(written[3:6])):
        return f"+{code}{written[3:]}"
    return written


_TEXTED = frozenset(
    {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
        phonenumbers.PhoneNumberType.PERSONAL_NUMBER,
        phonenumbers.PhoneNumberType.UNKNOWN,
    }
)


def takes_texts(value: str) -> bool:
    """Whether a text message may arrive at a number in its one spelling: not where it is known for a landline
    or a service line.
    """
    return phonenumbers.number_type(phonenumbers.parse(value, None)) in _TEXTED
