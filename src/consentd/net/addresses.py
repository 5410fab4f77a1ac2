"""Which addresses are public: one table of what is not, and one pure function over it (promise 15).

Python's `ipaddress.is_global` is not asked. It takes multicast, `::127.0.0.1` and the NAT64 form of
169.254.169.254 for public, all of which lead inside.

Sources: the IANA special-purpose registries of IPv4 and IPv6 (RFC 6890), and IANA's allocation of global
unicast addresses, outside of which no public IPv6 address lies. A prefix that carries an IPv4 address inside
is refused whole, whatever it carries: who is public is reached by that address itself.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "this host, unspecified (RFC 791)"),
    ("10.0.0.0/8", "private (RFC 1918)"),
    ("100.64.0.0/10", "shared behind a carrier (RFC 6598)"),
    ("127.0.0.0/8", "loopback (RFC 1122)"),
    ("168.63.129.16/32", "metadata and DNS of a cloud, at an address that looks public"),
    ("169.254.0.0/16", "link-local (RFC 3927), and metadata of clouds"),
    ("172.16.0.0/12", "private (RFC 1918)"),
    ("192.0.0.0/24", "protocol assignments (RFC 6890)"),
    ("192.0.2.0/24", "documentation (RFC 5737)"),
    ("192.31.196.0/24", "AS112 (RFC 7535)"),
    ("192.52.193.0/24", "automatic multicast tunnels (RFC 7450)"),
    ("192.88.99.0/24", "6to4 relays (RFC 7526)"),
    ("192.168.0.0/16", "private (RFC 1918)"),
    ("192.175.48.0/24", "AS112 (RFC 7534)"),
    ("198.18.0.0/15", "benchmarking (RFC 2544)"),
    ("198.51.100.0/24", "documentation (RFC 5737)"),
    ("203.0.113.0/24", "documentation (RFC 5737)"),
    ("224.0.0.0/4", "multicast (RFC 5771)"),
    ("240.0.0.0/4", "reserved, broadcast (RFC 1112)"),
    # Named although it lies outside the public range: the reason is told.
    ("::/128", "unspecified (RFC 4291)"),
    ("::1/128", "loopback (RFC 4291)"),
    ("::ffff:0:0/96", "an IPv4 address inside: mapped (RFC 4291)"),
    ("::ffff:0:0:0/96", "an IPv4 address inside: translated (RFC 2765)"),
    ("::/96", "an IPv4 address inside: compatible (RFC 4291)"),
    ("64:ff9b::/96", "an IPv4 address inside: NAT64 (RFC 6052)"),
    ("64:ff9b:1::/48", "an IPv4 address inside: local NAT64 (RFC 8215)"),
    ("100::/64", "discarded (RFC 6666)"),
    ("fc00::/7", "private (RFC 4193), and metadata of clouds"),
    ("fe80::/10", "link-local (RFC 4291)"),
    ("fec0::/10", "site-local (RFC 3879)"),
    ("ff00::/8", "multicast (RFC 4291)"),
    # Inside the public range.
    ("2001::/32", "an IPv4 address inside: Teredo (RFC 4380)"),
    ("2001:2::/48", "benchmarking (RFC 5180)"),
    ("2001::/23", "protocol assignments (RFC 2928)"),
    ("2001:db8::/32", "documentation (RFC 3849)"),
    ("2002::/16", "an IPv4 address inside: 6to4 (RFC 3056)"),
    ("2620:4f:8000::/48", "AS112 (RFC 7534)"),
    ("3ffe::/16", "the former test network (RFC 3701)"),
    ("3fff::/20", "documentation (RFC 9637)"),
)
_IPV4 = tuple((IPv4Network(text), why) for text, why in _NOT_PUBLIC if ":" not in text)
_IPV6 = tuple((IPv6Network(text), why) for text, why in _NOT_PUBLIC if ":" in text)
_PUBLIC_IPV6 = IPv6Network("2000::/3")


def why_not_public(address: str) -> str | None:
    """Why this address, as a resolver writes it, must not be called; None where it is public.

    "no address" for what is not four numbers or eight groups, in the one usual spelling.
    """
    try:
        # A zone ("%eth0") says that an address is of this machine's own links.
        found = ip_address(address)
    except ValueError:
        return "no address"
    if isinstance(found, IPv4Address):
        return next((why for network, why in _IPV4 if found in network), None)
    return _why_not_public_ipv6(found)


def _why_not_public_ipv6(found: IPv6Address) -> str | None:
    if found.scope_id is not None:
        return "of one link alone"
    for network, why in _IPV6:
        if found in network:
            return why
    return None if found in _PUBLIC_IPV6 else "not allocated to the public network"
