"""Settings come from the environment, each with a default that is safe on one machine.

Every variable starts with CONSENTD_. A value that cannot be used stops the start with its name, what is
wrong and what would be right; nothing is guessed. An empty one counts as not set: as a host it would mean
every address of the machine.
"""

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from consentd.base.mail_address import Sender, sender
from consentd.base.places import proxies
from consentd.base.reaching import Host, SmtpServer, hosts, smtp_server
from consentd.kernel.errors import OperatorError

T = TypeVar("T")

MOST_WORKERS = 64
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    data_dir: Path
    """Holds the SQLite file, the root key, the last checkpoint and the stop journal."""
    database_url: str
    policies_dir: Path
    root_key_file: Path
    root_key: str | None
    """The root key itself (base64 of 32 bytes); takes precedence over the file."""
    host: str
    port: int
    public_url: str
    """What callers are told this service's address is: the issuer of its tokens."""
    token_seconds: int
    max_body_bytes: int
    log_level: str
    workers: int
    metrics_host: str
    metrics_port: int | None
    """Where metrics are read; nowhere if None."""
    otel: str | None
    """Where traces are sent (an OTLP endpoint over HTTP); nowhere if None."""
    allowed_hosts: tuple[Host, ...] | None
    """Servers that may be called though their address is private; none if None."""
    trusted_proxies: tuple[str, ...] | None
    """Who is believed about where others call from (`X-Forwarded-For`); nobody if None."""
    smtp: SmtpServer | None
    """Who takes mail. Without one nothing is sent, and whoever would send is told."""
    mail_from: Sender | None
    """From whom mail comes; there is one where there is `smtp`."""
    sms_url: str | None
    """The company's own gateway for text messages. Without one none are sent."""
    sms_secret: str | None
    """What is handed to it is signed under: `whsec_…`, several while one is replaced."""
    development: int
    """1 where those who work on the pages see samples of their components, else 0."""

    @property
    def checkpoint_file(self) -> Path:
        return self.data_dir / "checkpoint"

    @property
    def journal_file(self) -> Path:
        return self.data_dir / "stop-journal.jsonl"


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings. Raises OperatorError naming the variable at fault."""
    env = os.environ if environ is None else environ
    data_dir = Path(env.get("CONSENTD_DATA_DIR") or "data")
    host = env.get("CONSENTD_HOST") or "127.0.0.1"
    port = _whole(env, "CONSENTD_PORT", 8080, 1, 65535)
    return Settings(
        data_dir=data_dir,
        database_url=_database_url(
            env.get("CONSENTD_DATABASE_URL") or f"sqlite:///{data_dir / 'consentd.db'}"
        ),
        policies_dir=Path(env.get("CONSENTD_POLICIES") or "policies"),
        root_key_file=Path(env.get("CONSENTD_ROOT_KEY_FILE") or data_dir / "root.key"),
        root_key=env.get("CONSENTD_ROOT_KEY") or None,
        host=host,
        port=port,
        public_url=_public_url(env, host, port),
        token_seconds=_whole(env, "CONSENTD_TOKEN_SECONDS", 600, 30, 3600),
        max_body_bytes=_whole(env, "CONSENTD_MAX_BODY_BYTES", 8 * 1024 * 1024, 1024, 256 * 1024 * 1024),
        log_level=_one_of(env, "CONSENTD_LOG_LEVEL", "info", LOG_LEVELS),
        workers=_whole(env, "CONSENTD_WORKERS", 1, 1, MOST_WORKERS),
        metrics_host=env.get("CONSENTD_METRICS_HOST") or "127.0.0.1",
        metrics_port=_metrics_port(env, port),
        otel=_http_address(env, "CONSENTD_OTEL"),
        allowed_hosts=_read(env, "CONSENTD_ALLOWED_HOSTS", hosts),
        trusted_proxies=_read(env, "CONSENTD_TRUSTED_PROXIES", proxies),
        smtp=_read(env, "CONSENTD_SMTP_URL", smtp_server),
        mail_from=_mail_from(env),
        sms_url=_sms_url(env),
        sms_secret=env.get("CONSENTD_SMS_SECRET") or None,
        development=_whole(env, "CONSENTD_DEVELOPMENT", 0, 0, 1),
    )


def of_silo(env: Mapping[str, str], system: str, name: str) -> str | None:
    """A secret setting of one connected silo: of `phone-sales`, CONSENTD_SILO_PHONE_SALES_<NAME>.

    Looked at when the silo is reached, so that one silo's mistake does not stop the service.
    """
    return env.get(name_for_silo(system, name)) or None


def name_for_silo(system: str, name: str) -> str:
    return f"CONSENTD_SILO_{system.upper().replace('-', '_').replace('.', '_')}_{name}"


def _read(env: Mapping[str, str], name: str, reader: Callable[[str], T]) -> T | None:
    text = env.get(name)
    if not text:
        return None
    try:
        return reader(text)
    except ValueError as error:
        raise OperatorError("bad_setting", f"{name} {error}.") from None


def _public_url(env: Mapping[str, str], host: str, port: int) -> str:
    """As told, or from what is listened on: of all addresses, one that this machine can call."""
    name = "CONSENTD_PUBLIC_URL"
    if url := env.get(name):
        if not url.startswith(("http://", "https://")):
            raise OperatorError(
                "bad_setting", f"{name} is {url!r}: it takes an address such as https://consent.example."
            )
        return url.rstrip("/")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 — compared, not listened on
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _metrics_port(env: Mapping[str, str], port: int) -> int | None:
    name = "CONSENTD_METRICS_PORT"
    if not env.get(name):
        return None
    found = _whole(env, name, 0, 1, 65535)
    if found == port:
        raise OperatorError(
            "bad_setting",
            f"{name} is {found}, and so is CONSENTD_PORT: what callers reach does not show the metrics.",
        )
    return found


def _http_address(env: Mapping[str, str], name: str) -> str | None:
    text = env.get(name)
    if not text:
        return None
    if not text.startswith(("http://", "https://")):
        # Not shown: such an address may hold a password.
        raise OperatorError("bad_setting", f"{name} starts with neither http:// nor https://.")
    return text


def _mail_from(env: Mapping[str, str]) -> Sender | None:
    found = _read(env, "CONSENTD_MAIL_FROM", sender)
    if found is None and env.get("CONSENTD_SMTP_URL"):
        raise OperatorError(
            "bad_setting",
            "CONSENTD_SMTP_URL is set, but CONSENTD_MAIL_FROM is not: say from whom mail comes.",
        )
    return found


def _sms_url(env: Mapping[str, str]) -> str | None:
    found = _http_address(env, "CONSENTD_SMS_URL")
    if found is not None and not env.get("CONSENTD_SMS_SECRET"):
        raise OperatorError(
            "bad_setting",
            "CONSENTD_SMS_URL is set, but CONSENTD_SMS_SECRET is not: what is handed to a gateway is signed.",
        )
    return found


def _one_of(env: Mapping[str, str], name: str, default: str, known: Collection[str]) -> str:
    text = (env.get(name) or default).lower()
    if text not in known:
        raise OperatorError("bad_setting", f"{name} is {text!r}: it takes {', '.join(known)}.")
    return text


def _whole(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = env.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise OperatorError(
            "bad_setting", f"{name} is {text!r}: it takes a whole number from {least} to {most}."
        )
    return int(text)


def _database_url(url: str) -> str:
    """`postgres://` and `postgresql://` both mean asyncpg: a hosting panel's URL can be pasted."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+asyncpg://" + url.removeprefix(prefix)
    if url.startswith(("sqlite:///", "postgresql+asyncpg://")):
        return url
    raise OperatorError(
        "bad_setting",
        "CONSENTD_DATABASE_URL starts with neither sqlite:/// nor postgresql://: consentd runs on these two.",
    )
