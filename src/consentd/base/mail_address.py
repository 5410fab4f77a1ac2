"""Addresses that mail is sent to or comes from: strict, since they are written into headers and commands.

Upholds promise 16: no control character, space, comma or angle bracket gets through, so that one address can
be neither two nor a header of its own. RFC 5321 §4.1.2 and RFC 6531; the domain in A-labels (RFC 5891).
"""

import re
from typing import NamedTuple

import idna

_ATOM = r'[^\x00-\x20\x7f()<>@,;:\\"\[\].]+'
_LOCAL = re.compile(rf'{_ATOM}(\.{_ATOM})*|"([^\x00-\x1f\x7f-\U0010ffff\\"])+"')
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)
_MOST_LOCAL = 64


class MailAddress(NamedTuple):
    """Personal data, unless it is ours: for headers and envelopes alone."""

    local: str
    domain: str
    """ASCII."""

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def is_international(self) -> bool:
        """Whether only servers with SMTPUTF8 can take it."""
        return not self.local.isascii()


class Sender(NamedTuple):
    name: str | None
    address: MailAddress


def mail_address(text: str) -> MailAddress:
    """Raises ValueError, without the address in it."""
    local, at, domain = text.rpartition("@")
    if not at or not text.isprintable() or not _LOCAL.fullmatch(local):
        raise ValueError("is no e-mail address")
    if len(local.encode()) > _MOST_LOCAL:
        raise ValueError("is too long for an e-mail address")
    try:
        ascii_domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        raise ValueError("is no e-mail address") from None
    if not _DOMAIN.fullmatch(ascii_domain):
        raise ValueError("is no e-mail address")
    return MailAddress(local, ascii_domain)


_NAMED = re.compile(r'"?(?P<name>[^<>"\\]*?)"?\s*<(?P<address>[^<>]+)>')


def sender(text: str) -> Sender:
    """`donnees@example.fr` or `Maison Lavande <donnees@example.fr>`. Raises ValueError."""
    found = _NAMED.fullmatch(text.strip()) if text.isprintable() else None
    name, address = (found["name"].strip(), found["address"]) if found else ("", text)
    try:
        return Sender(name or None, mail_address(address.strip(" ")))
    except ValueError:
        raise ValueError("takes donnees@example.fr or Name <donnees@example.fr>") from None
