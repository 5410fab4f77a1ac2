"""Settings about the way out: which private servers may be called, and which server takes mail.

Each reader raises ValueError with the rest of a sentence that begins with the variable's name. What was given
is not repeated: the address of a mail server holds a password (promise 18).
"""

import re
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_IPV6 = re.compile(r"\[([0-9a-f:.]+)\]")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_DEFAULT_PORTS = {"smtp": 25, "smtps": 465}


class Host(NamedTuple):
    """A server that may have a private address, and be called without TLS."""

    name: str
    """In small letters, of an IPv6 address without its brackets."""
    port: int | None
    """None: the usual one, 80 and 443."""


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail is handed in. It cannot print its password."""

    host: str
    port: int
    tls: Literal["none", "starttls", "always"]
    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port})"


def hosts(text: str) -> tuple[Host, ...]:
    """`crm.internal, 127.0.0.1:9000, [::1]:9000`."""
    return tuple(_host(one.strip().lower()) for one in text.split(",") if one.strip())


def _host(text: str) -> Host:
    bracketed = _IPV6.match(text)
    name, rest = (bracketed[1], text[bracketed.end() :]) if bracketed else _cut(text)
    port = rest.removeprefix(":")
    if (not bracketed and not _NAME.fullmatch(name)) or (rest and not _is_port(port)):
        raise ValueError(
            "takes names or addresses with a port or without, such as crm.internal:8443,[fd00::5]:9000; "
            "no https:// and no path"
        )
    return Host(name, int(port) if rest else None)


def _cut(text: str) -> tuple[str, str]:
    name, colon, port = text.partition(":")
    return name.removesuffix("."), colon + port


def _is_port(text: str) -> bool:
    return _PORT.fullmatch(text) is not None and int(text) <= 65535


def smtp_server(text: str) -> SmtpServer:
    """`smtp://host:25`, `smtp://user:password@host:587?starttls`, `smtps://user:password@host`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is no address of a mail server") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("takes smtp://host:25, smtp://user:password@host:587?starttls or smtps://host")
    if parts.query not in ("", "starttls") or parts.fragment or (parts.query and parts.scheme == "smtps"):
        raise ValueError("takes nothing behind the port but ?starttls, and that with smtp:// alone")
    if (parts.username is None) != (parts.password is None):
        raise ValueError("takes a user and a password, or neither")
    if parts.username and parts.scheme == "smtp" and not parts.query:
        raise ValueError("would send the password in clear: add ?starttls, or write smtps://")
    usual = 587 if parts.query else _DEFAULT_PORTS[parts.scheme]
    return SmtpServer(
        host=parts.hostname,
        port=port or usual,
        tls="always" if parts.scheme == "smtps" else "starttls" if parts.query else "none",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
