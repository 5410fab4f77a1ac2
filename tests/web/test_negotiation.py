"""Which form an answer takes, by Accept (RFC 9110 §12.5.1)."""

import pytest

from consentd.web.negotiation import JSON, JSON_LD, choose

FORMS = (JSON, JSON_LD)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (JSON_LD, JSON_LD),
        ("Application/LD+JSON", JSON_LD),
        ('application/ld+json; profile="http://www.w3.org/ns/json-ld#expanded"', JSON_LD),
        (f"{JSON_LD}, {JSON};q=0.5", JSON_LD),
        (f"{JSON_LD};q=0.5, {JSON}", JSON),
        (f"{JSON_LD};q=0.5, */*;q=0.1", JSON_LD),
        # The most specific range counts, whatever the order.
        (f"*/*, {JSON};q=0", JSON_LD),
        (f"application/*;q=0.2, {JSON};q=0.1", JSON_LD),
        ("text/html, application/ld+json;q=0.001", JSON_LD),
        ("nonsense, application/ld+json", JSON_LD),
    ],
)
def test_the_form_that_is_wanted_most(accept: str, form: str) -> None:
    assert choose(accept, FORMS) == form


@pytest.mark.parametrize(
    "accept",
    [
        "text/turtle",
        "application/ld+json;q=0",
        "*/*;q=0",
        "nonsense",
        "text/*",
        "application/ld + json",
        "," * 9,
    ],
)
def test_no_form_where_none_is_wanted(accept: str) -> None:
    assert choose(accept, FORMS) is None


def test_a_header_that_goes_on_for_ever_costs_no_more_than_its_beginning() -> None:
    assert choose("text/turtle," * 100_000 + JSON, FORMS) is None
