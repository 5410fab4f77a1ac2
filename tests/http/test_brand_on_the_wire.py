"""/brand: what pages look like, by the hash of the policy; nothing else is handed out there."""

from collections.abc import Iterator

import httpx
import pytest

from consentd.web.pages.brand import stylesheet
from support.builders import POLICIES, demo_policy
from support.installation import Serving


@pytest.fixture
def stranger(service: Serving) -> Iterator[httpx.Client]:
    with service.stranger() as client:
        yield client


def test_the_companys_colours_are_a_style_sheet_that_never_changes(stranger: httpx.Client) -> None:
    policy = demo_policy()
    answer = stranger.get(f"/brand/{policy.hash.removeprefix('sha256:')}.css")
    assert answer.text == stylesheet(policy)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_logo_is_the_file_itself_and_may_do_nothing(stranger: httpx.Client) -> None:
    logo = demo_policy().logo
    assert logo is not None
    answer = stranger.get(f"/brand/{logo.digest}.svg")
    assert answer.content == (POLICIES / "logo.svg").read_bytes()
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "immutable" in answer.headers["cache-control"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "sandbox" in answer.headers["content-security-policy"]
    assert stranger.get(f"/brand/{logo.digest}.png").status_code == 404


def test_a_text_shown_to_people_is_no_picture(stranger: httpx.Client) -> None:
    digest = demo_policy().notices["newsletter"][0].texts["fr"]
    assert [stranger.get(f"/brand/{digest}.{ending}").status_code for ending in ("svg", "png", "css")] == [
        404
    ] * 3


@pytest.mark.parametrize(
    "name", ["0" * 64 + ".css", "style.css", "..%2F..%2Fcontroller.yaml", "0" * 64 + ".svg"]
)
def test_what_no_policy_names_is_not_there(stranger: httpx.Client, name: str) -> None:
    answer = stranger.get(f"/brand/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_address")
