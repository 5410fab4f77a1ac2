"""A silo that nobody can call, behind a firewall: it asks for its tasks itself."""

from collections.abc import Sequence

from consentd.systems.connectors.contract import Answer, Asked, Connector, Order, Records, Test


class InboxConnector(Connector):
    async def _told(self, order: Order) -> Answer | Asked:
        return Asked(told=False)

    locate = rectify = restrict = erase = confirm = read_preferences = write_preference = _told

    async def export(self, order: Order, records: Records) -> Answer | Asked:
        return Asked(told=False)

    async def preview(self, order: Order) -> Sequence[str]:
        return ("The task waits until the silo asks for its tasks.",)

    async def test(self) -> Test:
        return Test(ok=True, lines=("Nothing is called: the silo asks for its tasks.",))
