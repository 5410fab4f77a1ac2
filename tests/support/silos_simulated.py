"""A silo that behaves: it holds rows about people, and does with them what its contract says.

It can be broken (not reached), slow, silent (answers later), and remembers what it was asked.
"""

import asyncio
from collections.abc import Iterable

from consentd.kernel.connection import Connection, Owner, Verb
from consentd.kernel.policy import System
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import (
    Answer,
    Asked,
    Connector,
    Kept,
    Order,
    Part,
    Records,
    SiloUnavailable,
    Verdict,
)

OWNER = Owner(name="Inès Roche", email="ines@maison-lavande.example")
ALL = tuple(Verb)


def system(name: str, *schemes: str, verbs: Iterable[Verb] = ALL, **connection: object) -> System:
    """A silo of the policy that takes part in requests. Its answers wait for nobody unless told."""
    joined = Connection(by="inbox", owner=OWNER, verbs=tuple(verbs), **connection)  # type: ignore[arg-type]
    return System(id=name, name=name.title(), zone="Europe/Paris", identifiers=schemes, connection=joined)


class Silo(Connector):
    """`rows`: each is known by identifiers, "scheme:value"."""

    def __init__(self, *rows: Iterable[str], kept: int = 0) -> None:
        self.rows = [{*row} for row in rows]
        self.kept = kept
        self.orders: list[Order] = []
        self.fails = 0
        """How many orders in a row are not reached."""
        self.answers_later = False
        self.latency = 0.0
        self.leaves = False
        """Whether an erasure does not take: what `confirm` is for."""
        self.frozen = 0
        self.noted: list[tuple[str, str, str]] = []
        """Choices that it was told."""

    def _mine(self, order: Order) -> list[set[str]]:
        # Numbers come in one spelling, whatever the silo's own is.
        names = {f"{one.scheme}:{one.value}".casefold() for one in order.identifiers}
        return [row for row in self.rows if {name.casefold() for name in row} & names]

    async def carry_out(self, order: Order, records: Records) -> Answer | Asked:
        if self.latency:
            await asyncio.sleep(self.latency)
        if self.fails:
            self.fails -= 1
            raise SiloUnavailable("connection_refused", "The silo could not be reached.")
        self.orders.append(order)
        if self.answers_later:
            return Asked(f"order-{len(self.orders)}")
        return await super().carry_out(order, records)

    async def locate(self, order: Order) -> Answer:
        mine = self._mine(order)
        names = sorted({name for row in mine for name in row})
        return Answer(
            verdict=Verdict.DONE,
            parts=(Part(what="rows", found=len(mine)),),
            identifiers=tuple(Named(*name.split(":", 1)) for name in names),
        )

    async def export(self, order: Order, records: Records) -> Answer:
        mine = self._mine(order)
        for row in mine:
            records.add("rows", {"known_by": ", ".join(sorted(row))})
        return Answer(verdict=Verdict.DONE, parts=(Part(what="rows", found=len(mine)),))

    async def restrict(self, order: Order) -> Answer:
        self.frozen += -1 if order.lift else 1
        return Answer(verdict=Verdict.DONE, parts=(Part(what="rows", changed=len(self._mine(order))),))

    async def rectify(self, order: Order) -> Answer:
        return Answer(verdict=Verdict.DONE, parts=(Part(what="rows", changed=len(self._mine(order))),))

    async def write_preference(self, order: Order) -> Answer:
        self.noted += [(one.purpose, one.channel, one.state) for one in order.preferences]
        return Answer(verdict=Verdict.DONE, parts=(Part(what="rows", changed=len(self._mine(order))),))

    async def erase(self, order: Order) -> Answer:
        mine = self._mine(order)
        if not self.leaves:
            self.rows = [row for row in self.rows if row not in mine]
        kept = (Kept(self.kept, "Code de commerce L.123-22", "2036-12-31"),) if self.kept else ()
        part = Part(what="rows", found=len(mine), deleted=len(mine), kept=kept)
        return Answer(verdict=Verdict.DONE, parts=(part,))

    async def confirm(self, order: Order) -> Answer:
        left = len(self._mine(order))
        verdict = Verdict.PARTIAL if left else Verdict.DONE
        return Answer(verdict=verdict, code="left" if left else None, parts=(Part(what="rows", found=left),))
