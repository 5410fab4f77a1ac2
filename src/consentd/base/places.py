"""From where on the network somebody calls, as far as it can be believed.

What a caller says of themselves (`X-Forwarded-For`) is believed from a proxy that the operator named, and of
what that proxy was told, the last address that is no such proxy: whatever stands before it anybody may write.
"""

import ipaddress
from collections.abc import Iterable, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MOST_HOPS = 20


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Of "10.0.0.5" and "192.168.7.0/24". Raises ValueError."""
    return tuple(ipaddress.ip_network(one) for one in texts)


def proxies(text: str) -> tuple[str, ...]:
    """Of "10.0.0.5, 192.168.7.0/24". Raises ValueError, to go on from the name of what holds it."""
    found = []
    for one in text.split(","):
        try:
            found.append(str(ipaddress.ip_network(one.strip())))
        except ValueError:
            raise ValueError(
                f"names {one.strip()!r}, which is no address and no network: 10.0.0.5 or 192.168.7.0/24"
            ) from None
    return tuple(found)


def place_of(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """What one customer of the network has: an IPv4 address, or the 2^64 addresses of an IPv6 network.

    `peer`: who is connected; `forwarded`: all that X-Forwarded-For says.
    """
    place = peer
    hops = [one.strip() for one in forwarded.split(",")][-_MOST_HOPS:]
    while hops and hops[-1] and _is_one_of(place, trusted):
        place = hops.pop()
    found = _address(place)
    if found is None:
        return place
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


def _is_one_of(place: str, trusted: Sequence[Network]) -> bool:
    found = _address(place)
    return found is not None and any(found in one for one in trusted)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # An IPv4 address as a socket of both kinds tells it.
    return found.ipv4_mapped or found if found.version == 6 else found
