"""Connecting to the very address that was checked (promise 15).

A name is resolved once; every address that it has is checked; and it is these addresses that are connected
to, not the name again, so that a name server which answers differently the second time gains nothing. TLS
goes on with the name: certificate, SNI and Host are its own. Where one address of several is not public, none
is used: an honest name has no such company.
"""

import asyncio
import socket
import typing
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpcore
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from consentd.base.reaching import Host
from consentd.net.addresses import why_not_public
from consentd.net.errors import NotAllowed, Unreachable

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name, in the order in which they are tried. Raises OSError where it has none."""

_USUAL = {"http": 80, "https": 443}
_MOST_ADDRESSES = 8
_SECONDS_EACH = 5.0
"""For all addresses but the last: one that swallows what it is sent must not take the time of the others."""


# Of their own: a name server that does not answer must not take the threads that all else runs in.
_threads = ThreadPoolExecutor(16, thread_name_prefix="resolving")


async def resolve(host: str, port: int) -> Sequence[str]:
    """As the machine resolves names, /etc/hosts and all."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(
        _threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class Allowed:
    """Which servers may have a private address, and be called without TLS: those that settings name."""

    def __init__(self, named: Iterable[Host] | None) -> None:
        self._named = frozenset(
            (host.name, port) for host in named or () for port in (host.port or 80, host.port or 443)
        )

    def __contains__(self, server: tuple[str, int]) -> bool:
        host, port = server
        return (host.lower().removesuffix("."), port) in self._named

    def check(self, scheme: str, host: str, port: int | None) -> int:
        """The port that will be connected to. Raises NotAllowed."""
        if scheme not in _USUAL or not host or not 0 < (port or 1) < 65536:
            raise NotAllowed("bad_address", "Only https:// addresses are called.")
        found = port or _USUAL[scheme]
        if scheme == "http" and (host, found) not in self:
            raise NotAllowed(
                "address_not_allowed",
                f"{shown(host, found)} would be called without TLS. Use https://, or name it in "
                "CONSENTD_ALLOWED_HOSTS if it is a server of your own network.",
            )
        return found


class CheckedBackend(AsyncNetworkBackend):
    """httpcore's own way of connecting, to addresses that were checked."""

    def __init__(self, allowed: Allowed, resolver: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolver
        self._connect = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[typing.Any] | None = None,  # Any: httpcore's own
    ) -> AsyncNetworkStream:
        refused: Exception | None = None
        addresses = await self._checked(host, port)
        for address in addresses:
            seconds = timeout if address == addresses[-1] else _SECONDS_EACH
            try:
                stream = await self._connect.connect_tcp(
                    address, port, seconds, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                refused = error
                continue
            connected = stream.get_extra_info("server_addr")[0]
            if connected != address:
                await stream.aclose()
                raise NotAllowed("address_not_allowed", f"{shown(host, port)} was not reached where it is.")
            return stream
        raise Unreachable("unreachable", f"{shown(host, port)} takes no connection.") from refused

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = (await self._resolve(host, port))[:_MOST_ADDRESSES]
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise Unreachable("no_such_host", f"{host} has no address.")
        if (host, port) not in self._allowed:
            for address in addresses:
                reason = why_not_public(address)
                if reason is not None:
                    raise NotAllowed(
                        "address_not_allowed",
                        f"{shown(host, port)} has an address that is not public: {reason}. If it is a "
                        "server of your own network, name it in CONSENTD_ALLOWED_HOSTS.",
                    )
        return addresses

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def shown(host: str, port: int) -> str:
    """`host:port`, for messages."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
