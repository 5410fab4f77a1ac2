"""Settings from the environment: defaults are safe, and what cannot be used is named with what could be."""

import pytest

from consentd.base.settings import from_environment, silo_setting
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


def test_a_silos_own_setting_is_named_by_its_id() -> None:
    given = {"CONSENTD_SILO_PHONE_SALES_FR_URL": "sqlite:///a.db", "CONSENTD_SILO_TILL_URL": ""}
    assert silo_setting("phone-sales.fr", "URL", given) == "sqlite:///a.db"
    assert silo_setting("till", "URL", given) is None
