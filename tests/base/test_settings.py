"""Settings from the environment: defaults are safe, and what cannot be used is named with what could be."""

import pytest

from consentd.base.reaching import Host
from consentd.base.settings import from_environment, of_silo
from consentd.kernel.errors import OperatorError

TEXTS = (
    "CONSENTD_DATA_DIR",
    "CONSENTD_DATABASE_URL",
    "CONSENTD_POLICIES",
    "CONSENTD_ROOT_KEY_FILE",
    "CONSENTD_ROOT_KEY",
    "CONSENTD_HOST",
    "CONSENTD_PORT",
    "CONSENTD_PUBLIC_URL",
    "CONSENTD_METRICS_HOST",
    "CONSENTD_METRICS_PORT",
    "CONSENTD_WORKERS",
    "CONSENTD_OTEL",
    "CONSENTD_ALLOWED_HOSTS",
    "CONSENTD_SMTP_URL",
    "CONSENTD_MAIL_FROM",
)


@pytest.mark.parametrize("name", TEXTS)
def test_an_empty_variable_is_one_that_is_not_set(name: str) -> None:
    """A panel or a compose file leaves them so. An empty host would listen on every address."""
    assert from_environment({name: ""}) == from_environment({})


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("consent.example", "http://consent.example:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("::1", "http://[::1]:8080"),
    ],
)
def test_the_address_that_callers_are_told_is_one_that_can_be_called(host: str, address: str) -> None:
    assert from_environment({"CONSENTD_HOST": host}).public_url == address


def test_a_public_address_is_taken_without_the_slash_at_its_end() -> None:
    given = {"CONSENTD_PUBLIC_URL": "https://consent.example/base/"}
    assert from_environment(given).public_url == "https://consent.example/base"


@pytest.mark.parametrize("url", ["consent.example", "ftp://consent.example", "//consent.example"])
def test_a_public_address_that_nobody_can_call_stops_the_start(url: str) -> None:
    with pytest.raises(OperatorError, match=r"CONSENTD_PUBLIC_URL.*https://consent\.example"):
        from_environment({"CONSENTD_PUBLIC_URL": url})


def test_private_servers_are_named_with_their_port_or_without() -> None:
    given = {
        "CONSENTD_ALLOWED_HOSTS": " CRM.internal, 127.0.0.1:9000,[fd00::5]:8443 , [::1], till_1.lan.:80,"
    }
    assert from_environment(given).allowed_hosts == (
        Host("crm.internal", None),
        Host("127.0.0.1", 9000),
        Host("fd00::5", 8443),
        Host("::1", None),
        Host("till_1.lan", 80),
    )


@pytest.mark.parametrize(
    "given",
    [
        "https://crm.internal",
        "crm.internal/x",
        "crm:0",
        "crm:65536",
        "crm:",
        "crm:a",
        "a b",
        "::1",
        "*.lan",
        "@x",
    ],
)
def test_a_private_server_that_is_none_stops_the_start(given: str) -> None:
    with pytest.raises(OperatorError, match="CONSENTD_ALLOWED_HOSTS takes"):
        from_environment({"CONSENTD_ALLOWED_HOSTS": given})


FROM = {"CONSENTD_MAIL_FROM": "Maison Lavande <donnees@exemple.fr>"}


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.exemple.fr", ("mail.exemple.fr", 25, "none", None, None)),
        ("smtp://127.0.0.1:2525/", ("127.0.0.1", 2525, "none", None, None)),
        ("smtp://mail.exemple.fr?starttls", ("mail.exemple.fr", 587, "starttls", None, None)),
        ("smtp://a%40b:p%3Aw@mail.exemple.fr:26?starttls", ("mail.exemple.fr", 26, "starttls", "a@b", "p:w")),
        ("smtps://u:p@mail.exemple.fr", ("mail.exemple.fr", 465, "always", "u", "p")),
        ("smtps://[fd00::5]:466", ("fd00::5", 466, "always", None, None)),
    ],
)
def test_a_mail_server_is_named_by_one_address(url: str, found: tuple[object, ...]) -> None:
    server = from_environment(FROM | {"CONSENTD_SMTP_URL": url}).smtp
    assert server is not None
    assert (server.host, server.port, server.tls, server.user, server.password) == found


@pytest.mark.parametrize(
    "url",
    [
        "mail.exemple.fr:25",
        "http://mail.exemple.fr",
        "smtp://u:hunter2@mail.exemple.fr",
        "smtp://mail.exemple.fr/x",
        "smtp://mail.exemple.fr?tls=no",
        "smtps://mail.exemple.fr?starttls",
        "smtps://hunter2@mail.exemple.fr",
        "smtps://u:hunter2@",
        "smtps://u:hunter2@x:99999",
    ],
)
def test_a_mail_server_that_is_none_stops_the_start_and_its_password_is_not_told(url: str) -> None:
    with pytest.raises(OperatorError, match="CONSENTD_SMTP_URL") as caught:
        from_environment(FROM | {"CONSENTD_SMTP_URL": url})
    assert "hunter2" not in str(caught.value)


def test_the_settings_do_not_print_the_password_of_the_mail_server() -> None:
    settings = from_environment(FROM | {"CONSENTD_SMTP_URL": "smtps://u:hunter2@mail.exemple.fr"})
    assert "hunter2" not in repr(settings)


def test_mail_comes_from_somebody() -> None:
    with pytest.raises(OperatorError, match="CONSENTD_MAIL_FROM is not"):
        from_environment({"CONSENTD_SMTP_URL": "smtps://mail.exemple.fr"})
    found = from_environment(FROM).mail_from
    assert found is not None
    assert (found.name, str(found.address)) == ("Maison Lavande", "donnees@exemple.fr")
    for wrong in ("Maison Lavande", "a@b\r\nBcc: c@d", "a@b, c@d", "X\x00 <a@b>"):
        with pytest.raises(OperatorError, match="CONSENTD_MAIL_FROM"):
            from_environment({"CONSENTD_MAIL_FROM": wrong})


def test_a_silos_secrets_are_named_by_its_id() -> None:
    given = {"CONSENTD_SILO_PHONE_SALES_SECRET": "x", "CONSENTD_SILO_TILL_SECRET": ""}
    assert of_silo(given, "phone-sales", "SECRET") == "x"
    assert of_silo(given, "till", "SECRET") is None
    assert of_silo(given, "crm", "SECRET") is None
