"""Which connector reaches a silo, as its policy says. A new way of reaching silos is a line in WAYS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from consentd.base.clock import Clock
from consentd.kernel.connection import Connection
from consentd.kernel.errors import OperatorError
from consentd.kernel.policy import Scheme, System
from consentd.net.http import Http
from consentd.net.mail import Mail
from consentd.systems.connectors.contract import Connector
from consentd.systems.connectors.inbox import InboxConnector
from consentd.systems.connectors.limits import Guards, Limited
from consentd.systems.connectors.manual import ManualConnector
from consentd.systems.connectors.sql import connector as sql
from consentd.systems.connectors.webhook import WebhookConnector
from consentd.systems.links import Links


@dataclass(frozen=True)
class Tools:
    """What connectors work with; one for a process."""

    http: Http
    mail: Mail
    links: Links
    guards: Guards
    clock: Clock
    environ: Mapping[str, str]
    """Where secrets of silos are."""
    company: str
    schemes: Mapping[str, Scheme]
    """Of the policy in force: how identifiers are spelled."""
    answers_at: str | None
    """Where silos post late answers, as in https://consent.example/v1/tasks; None where nothing takes any."""


def _webhook(system: System, connection: Connection, tools: Tools) -> Connector:
    if connection.webhook is None:
        raise _incomplete(system, "webhook")
    return WebhookConnector(
        system, connection, connection.webhook, tools.http, tools.environ, tools.clock, tools.answers_at
    )


def _manual(system: System, connection: Connection, tools: Tools) -> ManualConnector:
    return ManualConnector(system, connection, tools.mail, tools.links, tools.clock, tools.company)


def _inbox(_system: System, _connection: Connection, _tools: Tools) -> Connector:
    return InboxConnector()


def _sql(system: System, _connection: Connection, tools: Tools) -> Connector:
    return sql.connect(system, tools.schemes, tools.clock, tools.environ)


WAYS: dict[str, Callable[[System, Connection, Tools], Connector]] = {
    "webhook": _webhook,
    "manual": _manual,
    "inbox": _inbox,
    "sql": _sql,
}


def connector_of(system: System, tools: Tools) -> Connector:
    """Within the silo's limits. Raises OperatorError where it takes no part, or in no way that is known."""
    connection = system.connection
    if connection is None:
        raise _not_connected(system)
    way = WAYS.get(connection.by)
    if way is None:
        raise OperatorError(
            "unknown_connection", f"The system {system.id} is reached by {connection.by}, which is not known."
        )
    made = way(system, connection, tools)
    return Limited(made, connection, tools.guards.of(system.id, connection))


def owner_of(system: System, tools: Tools) -> ManualConnector:
    """Writes to the owner of a silo, however it is reached: one that does not answer by itself is answered
    for by hand. Raises OperatorError as `connector_of`.
    """
    if system.connection is None:
        raise _not_connected(system)
    return _manual(system, system.connection, tools)


def _not_connected(system: System) -> OperatorError:
    return OperatorError("not_connected", f"The system {system.id} takes no part in requests.")


def _incomplete(system: System, part: str) -> OperatorError:
    return OperatorError(
        "incomplete_connection", f"The connection of the system {system.id} lacks its part {part!r}."
    )
