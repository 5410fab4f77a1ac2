"""Which rights the page offers, by which day each is answered, and what an erasure leaves."""

import datetime as dt

import msgspec
import pytest

from consentd.kernel.law import Basis
from consentd.kernel.policy import Policy
from consentd.portal.reach import Reach
from consentd.portal.rights.rules import (
    FORMS,
    answer_day,
    erasure_preview,
    objectable,
    offers,
    proof_of,
    reach_for,
)
from support.builders import demo_policy

TODAY = dt.date(2026, 11, 22)


def resting_on(*bases: Basis) -> Policy:
    """The demo company, were all its uses to rest on these grounds alone."""
    policy = demo_policy()
    purposes = {
        id_: msgspec.structs.replace(use, kind="service", bases={"email": bases})
        for id_, use in policy.purposes.items()
    }
    return msgspec.structs.replace(policy, purposes=purposes)


def offered(policy: Policy, *, restricted: bool = False) -> dict[str, str]:
    return {one.code: one.article for one in offers(policy, TODAY, restricted=restricted)}


@pytest.mark.parametrize(
    ("received", "day"),
    [
        ("2026-11-22", "2026-12-22"),
        ("2026-01-31", "2026-03-02"),
        ("2026-03-05", "2026-04-07"),
        ("2026-04-01", "2026-05-04"),
        ("2026-08-31", "2026-09-30"),
    ],
)
def test_the_day_is_the_calendars_for_a_request_of_today(received: str, day: str) -> None:
    assert answer_day(demo_policy(), dt.date.fromisoformat(received)) == dt.date.fromisoformat(day)


def test_every_right_of_the_law_is_there() -> None:
    found = offered(demo_policy())
    assert found == {
        "access": "GDPR 15",
        "portability": "GDPR 20",
        "rectification": "GDPR 16",
        "erasure": "GDPR 17",
        "restriction": "GDPR 18",
        "recipients": "GDPR 19",
        "marketing_objection": "GDPR 21(2)",
        "objection": "GDPR 21(1)",
        "withdrawal": "GDPR 7(3)",
        "human": "GDPR 22",
        "directives": "LIL 85",
        "complaint": "GDPR 77",
    }
    # Who is frozen is offered the end of it, and nothing twice.
    assert offered(demo_policy(), restricted=True).keys() ^ found.keys() == {"lifting", "restriction"}


@pytest.mark.parametrize(
    ("bases", "lacking"),
    [
        (("consent",), {"objection"}),
        (("contract",), {"objection", "withdrawal"}),
        (("legitimate_interest",), {"portability", "withdrawal"}),
        (("legal_obligation",), {"erasure", "portability", "objection", "withdrawal", "human"}),
        (("consent", "legitimate_interest"), set()),
    ],
)
def test_rights_follow_from_the_grounds_in_use(bases: tuple[Basis, ...], lacking: set[str]) -> None:
    # No use of these is marketing.
    everything = offered(demo_policy()).keys() - {"marketing_objection"}
    assert everything - offered(resting_on(*bases)).keys() == lacking


def test_what_is_about_some_uses_names_them() -> None:
    found = {one.code: one for one in offers(demo_policy(), TODAY, restricted=False)}
    assert "newsletter" in found["withdrawal"].uses
    assert "orders" not in found["withdrawal"].uses
    assert found["access"].uses == ()


def test_what_only_restricts_is_done_at_once_and_the_rest_has_its_day() -> None:
    found = {one.code: one for one in offers(demo_policy(), TODAY, restricted=False)}
    at_once = {code for code, one in found.items() if one.at_once}
    assert at_once == {"restriction", "marketing_objection", "withdrawal"}
    dated = {code for code, one in found.items() if one.due == dt.date(2026, 12, 22)}
    asked = {"access", "portability", "rectification", "erasure", "objection", "directives"}
    assert dated == asked | {"recipients", "human"}


def test_what_shows_or_takes_away_needs_the_second_proof() -> None:
    needing = {code for code, right in FORMS.items() if reach_for(right) is Reach.PERSON}
    assert needing == {"access", "portability", "rectification", "erasure", "lifting", "directives"}
    assert [proof_of(reach).name for reach in Reach] == ["NONE", "CONTACT", "PERSON"]


def test_one_objects_on_ones_own_grounds_to_what_rests_on_an_interest() -> None:
    policy = demo_policy()
    found = objectable(policy)
    assert found
    for id_ in found:
        grounds = {basis for bases in policy.purposes[id_].bases.values() for basis in bases}
        assert grounds & {"legitimate_interest", "public_task", "eprivacy_13_2"}


def test_an_erasure_names_each_tool_and_the_law_that_keeps_what_stays() -> None:
    preview = erasure_preview(demo_policy(), TODAY, ())
    names = {one.name for one in demo_policy().systems.values()}
    assert {*preview.goes, *preview.not_connected} == names
    assert not {*preview.goes} & {*preview.not_connected}
    for one in preview.stays:
        assert (one.kind, one.tool in preview.goes, bool(one.article)) == ("tool", True, True)
        assert one.months
