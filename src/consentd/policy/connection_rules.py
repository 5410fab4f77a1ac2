"""Does what is said of reaching the silos make sense? What would wait for ever is a fault."""

from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from consentd.base.mail_address import mail_address
from consentd.kernel.connection import Connection
from consentd.kernel.policy import Policy, System

if TYPE_CHECKING:
    from consentd.policy.rules import Checker

_LEAST_ONE = ("timeout_seconds", "attempts", "per_minute", "answers_within_days", "backup_days")
_LONGEST = 30
"""Days. Whoever may take longer makes every answer late: a request has a month."""


class Fault(Protocol):
    def __call__(self, reason: str, *where: str) -> None: ...


def check(policy: Policy, checker: "Checker") -> None:
    for system in policy.systems.values():
        if system.connection is not None:
            _connection(policy, system, system.connection, checker)


def _connection(policy: Policy, system: System, connection: Connection, checker: "Checker") -> None:
    file = f"systems/{system.id}.yaml"

    def fault(reason: str, *where: str) -> None:
        checker.fault(file, ("connection", *where), reason)

    if not system.identifiers:
        fault("the system has no 'identifiers': nobody could be looked up in it")
    if not connection.verbs:
        fault("names nothing that it can be asked", "verbs")
    for verb in connection.needs_approval:
        if verb not in connection.verbs:
            fault(f"{verb.value!r} is not among its 'verbs'", "needs_approval")
    try:
        mail_address(connection.owner.email)
    except ValueError as reason:
        fault(f"'email' {reason}", "owner", "email")
    for name in _LEAST_ONE:
        value = getattr(connection, name)
        if value is not None and value < 1:
            fault("must be at least 1", name)
    if connection.answers_within_days > _LONGEST:
        fault(f"is more than {_LONGEST}: a request is to be answered within a month", "answers_within_days")
    if connection.plain and connection.by == "sql":
        fault("of a database its columns say it: 'free_text', 'third_party'", "plain")
    checker.known(file, ("connection", "adds"), "identifier", connection.adds, policy.identifiers)
    checker.known(file, ("connection", "after"), "system", connection.after, policy.systems)
    if _waits_for_itself(policy, system.id):
        fault("is asked after itself, by way of others: leave one of them out", "after")
    _way(connection, fault)


def _way(connection: Connection, fault_of: Fault) -> None:
    for name in ("webhook", "manual"):
        if getattr(connection, name) is not None and connection.by != name:
            fault_of(f"'by' is {connection.by!r}", name)
    if connection.by == "webhook":
        if connection.webhook is None:
            fault_of("the field 'webhook' is missing")
        elif not _is_url(connection.webhook.url):
            fault_of("must be an address such as 'https://till.example/rights'", "webhook", "url")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    # One without TLS is for servers that settings name as private: whether it is, only the service knows.
    return parts.scheme in ("https", "http") and bool(parts.hostname) and parts.username is None


def _waits_for_itself(policy: Policy, start: str) -> bool:
    seen: set[str] = set()
    following = [start]
    while following:
        known = policy.systems.get(following.pop())
        for before in known.connection.after if known and known.connection else ():
            if before == start:
                return True
            if before not in seen:
                seen.add(before)
                following.append(before)
    return False
