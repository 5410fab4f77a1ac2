"""Staff note over HTTP that they told somebody by hand; the register says whether it was in time."""

from typing import Any

import httpx
import pytest
from acts import email, new_email, recording

from support.installation import Serving


class Desk:
    """Somebody asks for a copy by letter; a colleague refuses it."""

    def __init__(self, service: Serving, till: httpx.Client, received_on: str | None = None) -> None:
        self.till, self.who = till, service.installation.hire()
        address = new_email()
        till.post("/v1/consents", json=recording(address)).raise_for_status()
        body: dict[str, Any] = {"right": "access", "identifiers": [email(address)], "came_by": "letter"}
        asked = till.post("/v1/requests", json=body | ({"received_on": received_on} if received_on else {}))
        asked.raise_for_status()
        self.request: str = asked.json()["id"]
        self.today: str = till.post("/v1/requests", json=body).json()["received_on"]
        refused = self.step("refuse", reasons="Asked every day.", article="GDPR 12(5)")
        assert refused.status_code == 200, refused.text

    def step(self, step: str, **members: Any) -> httpx.Response:
        return self.till.post(
            f"/v1/requests/{self.request}/steps", json={"step": step, "by": self.who} | members
        )

    def wrote(self, **members: Any) -> httpx.Response:
        said = {"told": "refusal", "on": self.today, "how": "letter"}
        return self.step("wrote_by_hand", **(said | members))

    def listed(self) -> dict[str, Any] | None:
        """As the list of requests has it, if it does."""
        cursor: str | None = None
        while True:
            asked = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
            page = self.till.get("/v1/requests", params=asked).json()
            for one in page["requests"]:
                if one["id"] == self.request:
                    found: dict[str, Any] = one
                    return found
            cursor = page["next"]
            if cursor is None:
                return None


def test_a_refusal_waits_in_the_list_until_somebody_wrote(service: Serving, till: httpx.Client) -> None:
    desk = Desk(service, till)
    found = desk.listed()
    assert found is not None
    assert (found["state"], found["to_write"], found["in_time"]) == ("refused", ["refusal"], None)
    told = desk.wrote(reference="Courrier 2026/118")
    assert told.status_code == 200
    assert (told.json()["to_write"], told.json()["in_time"]) == ([], True)
    assert told.json()["answered_on"] == desk.today
    # The mail that tells the DPO of a refusal may be noted in the same instant.
    (noted,) = [step for step in told.json()["steps"] if step["event"] == "wrote_by_hand"]
    assert (noted["tells"], noted["on"], noted["how"]) == ("refusal", desk.today, "letter")
    assert "2026/118" not in told.text
    assert desk.listed() is None
    assert "request.wrote_by_hand" in service.installation.entries()


def test_a_letter_of_today_to_a_request_of_last_year_is_late(service: Serving, till: httpx.Client) -> None:
    desk = Desk(service, till, "2025-01-31")
    told = desk.wrote().json()
    assert (told["legal_due"], told["in_time"]) == ("2025-02-28", False)


@pytest.mark.parametrize(
    ("members", "status", "code"),
    [
        ({"told": "answer"}, 409, "nothing_to_write"),
        ({"on": "2999-01-01"}, 422, "invalid_time"),
        ({"on": "2001-01-01"}, 422, "invalid_time"),
        ({"on": "2026-02-30"}, 422, "invalid_time"),
        ({"on": "yesterday"}, 422, None),
        ({"how": "pigeon"}, 422, None),
        ({"by": "01a2a3b0-5c6d-7e8f-9012-3456789abcde"}, 404, "unknown_staff"),
    ],
)
def test_what_cannot_have_been_is_refused(
    service: Serving, till: httpx.Client, members: dict[str, str], status: int, code: str | None
) -> None:
    desk = Desk(service, till)
    refused = desk.wrote(**members)
    assert refused.status_code == status, refused.text
    assert code in (None, refused.json()["code"])
    found = desk.listed()
    assert found is not None
    assert found["to_write"] == ["refusal"]


def test_twice_is_once(service: Serving, till: httpx.Client) -> None:
    desk = Desk(service, till)
    assert desk.wrote().status_code == 200
    again = desk.wrote()
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_write")
