"""What somebody typed to get in: an address, or a telephone number. Pure."""

from consentd.kernel.errors import Unprocessable
from consentd.kernel.policy import Policy
from consentd.subjects.requests import Identifier, spell
from consentd.subjects.spelling import Named, takes_texts

LONGEST = 320
"""Letters of the longest address (RFC 5321 §4.5.3.1)."""


def names_by(policy: Policy, typed: str, *, phones: bool) -> tuple[Named, ...]:
    """In its one spelling, under every scheme of its kind: an address at work is an address too.

    `phones`: whether text messages can be sent.

    Raises Unprocessable (not_a_contact_detail, no_text_messages, no_mobile_number), in words that hang on
    what was typed alone and never on who is known.
    """
    text = typed.strip()
    kind = "email" if "@" in text else "phone"
    schemes = [name for name, one in policy.identifiers.items() if one.kind == kind]
    if not text or len(text) > LONGEST or not schemes:
        raise _neither()
    try:
        found = tuple(spell(policy, Identifier(scheme, text), None, "/contact") for scheme in schemes)
    except Unprocessable:
        raise _neither() from None
    if kind == "phone" and not phones:
        raise Unprocessable("no_text_messages", "No code can be sent to telephones here: give an address.")
    if kind == "phone" and not takes_texts(found[0].value):
        raise Unprocessable("no_mobile_number", "Text messages do not reach this number: give another.")
    return found


def _neither() -> Unprocessable:
    return Unprocessable("not_a_contact_detail", "This is neither an e-mail address nor a telephone number.")
