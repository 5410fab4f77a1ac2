"""`consentd system scaffold sql`: a live schema read, and a mapping of it proposed."""

from typing import NamedTuple

import sqlalchemy as sa

from consentd.kernel.connection import Connection, Verb
from consentd.kernel.errors import OperatorError
from consentd.kernel.policy import Policy
from consentd.systems.connectors.contract import SiloUnavailable
from consentd.systems.connectors.sql.faults import Refused
from consentd.systems.connectors.sql.granting import grants
from consentd.systems.connectors.sql.opening import Silo
from consentd.systems.connectors.sql.proposing import propose
from consentd.systems.connectors.sql.surveying import survey
from consentd.systems.connectors.sql.writing import as_yaml

_SECONDS = 60


class Scaffolded(NamedTuple):
    yaml: str
    grants: list[str]
    tables: int
    left_out: int


def scaffold(url: sa.URL, system: str, policy: Policy) -> Scaffolded:
    """Reads the schema and some rows of each table, changing nothing. Raises OperatorError."""
    silo = Silo(url, _SECONDS)
    try:
        with silo.reading() as connection:
            found = survey(connection)
    except (Refused, SiloUnavailable) as refused:
        raise OperatorError("silo_unreadable", str(refused)) from None
    finally:
        silo.close()
    controller = policy.controller
    proposal = propose(found, policy.identifiers, controller.country)
    if not proposal.silo.tables:
        raise OperatorError("nobody_in_it", "No table of this database has a column that names a person.")
    verbs = (Verb.LOCATE, Verb.EXPORT, Verb.ERASE, Verb.CONFIRM)
    return Scaffolded(
        as_yaml(system, system, controller.zone, controller.languages, proposal),
        grants(proposal.silo, verbs, url, silo.dialect),
        len(proposal.silo.tables),
        len(proposal.left_out),
    )


def grants_for(connection: Connection, url: sa.URL) -> list[str]:
    """The same statements for a mapping that stands in the policy."""
    assert connection.sql is not None
    silo = Silo(url, connection.timeout_seconds)
    try:
        return grants(connection.sql, connection.verbs, url, silo.dialect)
    finally:
        silo.close()
