"""One address stays one address, and cannot become a header."""

import pytest

from consentd.base.mail_address import mail_address, sender


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("ana@exemple.fr", "ana", "exemple.fr"),
        ("Ana.Martin+x@EXEMPLE.fr", "Ana.Martin+x", "exemple.fr"),
        ("o'hara@exemple.fr", "o'hara", "exemple.fr"),
        ("josé@exemple.fr", "josé", "exemple.fr"),
        ("ana@été.fr", "ana", "xn--t-9fab.fr"),
        ('"ana martin"@exemple.fr', '"ana martin"', "exemple.fr"),
        ('"a@b"@exemple.fr', '"a@b"', "exemple.fr"),
        ("root@localhost", "root", "localhost"),
    ],
)
def test_addresses_are_read(text: str, local: str, domain: str) -> None:
    assert mail_address(text) == (local, domain)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "@exemple.fr",
        "ana@",
        "ana@exemple.fr\r\nBcc: x@y.fr",
        "ana@exemple.fr\n",
        "ana\r\n@exemple.fr",
        "a na@exemple.fr",
        "a\u2028na@exemple.fr",
        "a\u200bna@exemple.fr",
        "ana@exemple.fr,bob@exemple.fr",
        "ana@exemple.fr bob@exemple.fr",
        "<ana@exemple.fr>",
        "Ana <ana@exemple.fr>",
        "ana>@exemple.fr",
        "a..b@exemple.fr",
        ".a@exemple.fr",
        '"a\\"b"@exemple.fr',
        '"a\r\nb"@exemple.fr',
        '"é"@exemple.fr',
        "ana@[127.0.0.1]",
        "ana@exemple..fr",
        "ana@-exemple.fr",
        "ana@exemple.fr\x00",
        f"{'a' * 65}@exemple.fr",
        f"ana@{'a' * 64}.fr",
    ],
)
def test_promise_16_what_is_more_than_one_address_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="e-mail address") as caught:
        mail_address(text)
    assert "exemple" not in str(caught.value)


def test_a_sender_may_have_a_name() -> None:
    assert sender('"Lavande, Maison" <a@b.fr>').name == "Lavande, Maison"
    assert sender("<a@b.fr>").name is None
    for wrong in ("X <a@b.fr> y", "X <a@b.fr", "X\n <a@b.fr>", "a@b.fr <c"):
        with pytest.raises(ValueError, match="takes"):
            sender(wrong)
