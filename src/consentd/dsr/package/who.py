"""Who told something, or looked: tools by their name, staff by their role and never by their own name."""

from typing import Any
from uuid import UUID

from consentd.base.i18n import Language
from consentd.callers import staff
from consentd.callers.service import list_systems
from consentd.dsr.package.words import actor_in_words, role_in_words
from consentd.kernel.policy import Policy, tool_name


class Called:
    """Any: a database connection; read once."""

    def __init__(self, connection: Any, policy: Policy, language: Language) -> None:
        self._connection = connection
        self._policy = policy
        self._language = language
        self._systems = {one.system.id: one.system.name for one in list_systems(connection)}

    def tool(self, id_: Any) -> str | None:
        """By the name that the policy gives it, else the one it is connected under."""
        name = self._systems.get(id_)
        if name is None:
            return None
        return tool_name(self._policy, name)

    def who(self, kind: str, id_: UUID | None) -> str:
        """A tool by its name; staff by their role, as they are owed that much (C-579/21)."""
        if kind == "system":
            return self.tool(id_) or actor_in_words(kind, self._language)
        role = staff.role_of(self._connection, id_) if kind == "staff" and id_ is not None else None
        return actor_in_words(kind, self._language) if role is None else role_in_words(role, self._language)
