"""Silos that come for their tasks: what the policy says of them, how they are asked, where copies lie."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Connection, Owner, Verb
from consentd.kernel.policy import Policy, sealed
from consentd.systems.connectors.contract import Asked, Connector, Order, Records

OWNER = Owner(name="Inès Roche", email="ines@maison-lavande.example")


class InboxSilo(Connector):
    """Its orders wait for it."""

    async def carry_out(self, order: Order, records: Records) -> Asked:
        return Asked(told=False)


def polled(policy: Policy, *names: str, alone: bool = False, **connection: Any) -> Policy:
    """The policy, in which these systems come for their tasks; `alone`: and there are no others."""
    told: dict[str, Any] = {"verbs": tuple(Verb)} | connection
    joined = Connection(by="inbox", owner=OWNER, **told)
    systems = {name: msgspec.structs.replace(policy.systems[name], connection=joined) for name in names}
    return sealed(
        msgspec.structs.replace(policy, systems=systems if alone else {**policy.systems, **systems})
    )


class InFolder:
    """Copies as files of lines, one for each task: there once they are whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def writing(self, task: UUID, system: str) -> Iterator[Records]:
        self._folder.mkdir(exist_ok=True)
        part = self._folder / f"{task}.{threading.get_ident()}.part"
        try:
            with part.open("w") as file:

                class Into:
                    def add(self, what: str, record: Mapping[str, Scalar]) -> None:
                        file.write(json.dumps([what, record]) + "\n")

                yield Into()
            part.replace(self._folder / f"{task}.lines")
        finally:
            part.unlink(missing_ok=True)

    async def of(self, request: UUID) -> "InFolder":
        return self

    def lines(self, task: UUID) -> list[Any]:
        path = self._folder / f"{task}.lines"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
