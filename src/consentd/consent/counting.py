"""How many people a change would touch: for the words of `policy diff`."""

from collections.abc import Iterable
from typing import Any

from consentd.consent import states_store


def people_by_key(connection: Any, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Any: a database connection. People with a state for each purpose × channel."""
    return {
        (purpose, channel): states_store.count_people(connection, purpose, channel)
        for purpose, channel in keys
    }
