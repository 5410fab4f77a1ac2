"""From where somebody calls: what one customer of the network has, and whom that is believed from."""

import pytest

from consentd.base.places import networks, place_of, proxies

PROXIES = networks(proxies("10.0.0.5, 192.168.7.0/24,2001:db8:ffff::1"))


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket", "a socket"),
    ],
)
def test_a_place_is_what_one_customer_of_the_network_has(address: str, place: str) -> None:
    assert place_of(address, "", ()) == place


@pytest.mark.parametrize(
    ("peer", "forwarded", "place"),
    [
        ("10.0.0.5", "192.0.2.7", "192.0.2.7"),
        ("::ffff:10.0.0.5", "192.0.2.7", "192.0.2.7"),
        # Through two of them, behind which somebody wrote an address of their own.
        ("10.0.0.5", "203.0.113.1, 192.0.2.7, 192.168.7.30", "192.0.2.7"),
        ("10.0.0.5", "192.168.7.1, 192.168.7.30", "192.168.7.1"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "192.0.2.7,", "10.0.0.5"),
        ("10.0.0.5", "unknown", "unknown"),
        # Not from whom nobody named.
        ("10.0.0.6", "192.0.2.7", "10.0.0.6"),
        ("192.0.2.9", "10.0.0.5, 192.0.2.7", "192.0.2.9"),
    ],
)
def test_only_a_named_proxy_is_believed(peer: str, forwarded: str, place: str) -> None:
    assert place_of(peer, forwarded, PROXIES) == place


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.5/8", "10.0.0.5,", "10.0.0.5 10.0.0.6"])
def test_what_is_no_network_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="no address and no network"):
        proxies(text)
