"""What the forms of rights say, read strictly. Pure; the words of what is wrong stand in the pages."""

from collections.abc import Collection, Mapping
from uuid import UUID

from consentd.dsr.by_session import Wish
from consentd.dsr.rights import Right
from consentd.dsr.shapes import Directive, Entrusted

MOST_WORDS = 5000
MOST_NAME = 200
MOST_CONTACT = 500
Said = Mapping[str, list[str]]
_ON_THE_PAGE = ("purposes", "wish", "name", "contact", "words")
"""The fields from the top of their form: what is wrong is read in this order."""


def number_of(said: Said) -> str | None:
    """The form's own number, by which it asks once; None for what is no form of ours."""
    try:
        return str(UUID(_one(said, "number")))
    except ValueError:
        return None


def read(right: Right, said: Said, language: str, uses: Collection[str]) -> Wish | dict[str, str]:
    """What is asked; or field by field, from the top of the form, a code of what is wrong. `uses`: those that
    an objection can name.
    """
    wrong: dict[str, str] = {}
    wish = _read(right, said, language, uses, wrong)
    return {name: wrong[name] for name in _ON_THE_PAGE if name in wrong} or wish


def _read(right: Right, said: Said, language: str, uses: Collection[str], wrong: dict[str, str]) -> Wish:
    words = _text(said, "words", MOST_WORDS, wrong)
    if right is Right.OBJECTION:
        purposes = tuple(dict.fromkeys(said.get("purposes", ())))
        if not {*purposes} <= {*uses}:
            wrong["purposes"] = "unknown"
        if not words:
            wrong.setdefault("words", "missing")
        return Wish(right=right, language=language, words=words, purposes=purposes)
    if right is Right.DIRECTIVES:
        directive = _directive(said, words, wrong)
        return Wish(right=right, language=language, directive=directive)
    if right is Right.ERASURE:
        keep = _one(said, "do_not_contact") == "yes"
        return Wish(right=right, language=language, words=words, keep_suppression=keep)
    return Wish(right=right, language=language, words=words)


def _directive(said: Said, words: str | None, wrong: dict[str, str]) -> Directive | None:
    wish = _one(said, "wish")
    name, contact = _text(said, "name", MOST_NAME, wrong), _text(said, "contact", MOST_CONTACT, wrong)
    if wish == "hand_over" and not name:
        wrong.setdefault("name", "missing")
    if contact and not name:
        wrong.setdefault("name", "missing")
    to = Entrusted(name, contact) if name else None
    if wish == "keep":
        return Directive(wish="keep", to=to, words=words)
    if wish == "erase":
        return Directive(wish="erase", to=to, words=words)
    if wish == "hand_over":
        return Directive(wish="hand_over", to=to, words=words)
    if wish == "revoke":
        if name:
            wrong["name"] = "not_here"
        return Directive(wish="revoke", words=words)
    wrong["wish"] = "missing"
    return None


def _text(said: Said, name: str, most: int, wrong: dict[str, str]) -> str | None:
    text = _one(said, name).strip()
    if len(text) > most:
        wrong[name] = "too_long"
    if "\0" in text:
        wrong[name] = "not_readable"
    return text or None


def _one(said: Said, name: str) -> str:
    return said[name][0] if said.get(name) else ""
