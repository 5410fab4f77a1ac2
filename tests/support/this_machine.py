"""This machine as a server of one's own network: what a test's servers are reached as."""

from consentd.base.reaching import Host
from consentd.net.connecting import Allowed

_NAMES = Allowed([Host("127.0.0.1", 80), Host("localhost", 80), Host("::1", 80)])


class ThisMachine(Allowed):
    """Any port of it: a test's server has whatever port is free."""

    def __init__(self) -> None:
        super().__init__(())

    def __contains__(self, server: tuple[str, int]) -> bool:
        return (server[0], 80) in _NAMES
