"""What staff and the company's website do in the demo, by the calls that their own programs would make."""

import datetime as dt
import json
from typing import Any

import httpx
import words
from service import LANGUAGE, Demo, say, until

from consentd.base.dates import day_in_words

ANA = {"scheme": "email", "value": "ana.diaz@exemple.fr"}


class Desk:
    def __init__(self, demo: Demo, client: tuple[str, str], staff: list[str]) -> None:
        self._demo = demo
        self.staff = staff
        self._codes_used = 0
        self.http = httpx.Client(base_url=demo.address, timeout=30)
        grant = {"grant_type": "client_credentials"}
        token = self.http.post("/oauth/token", auth=client, data=grant).raise_for_status().json()
        self.http.headers["authorization"] = f"Bearer {token['access_token']}"

    def post(self, path: str, **body: Any) -> Any:
        return self.http.post(path, json=body).raise_for_status().json()

    def get(self, path: str, **asked: Any) -> Any:
        return self.http.get(path, params=asked).raise_for_status().json()

    def asks(self, right: str, came_by: str) -> str:
        say(words.ASKED[right])
        asked = self.post("/v1/requests", right=right, identifiers=[ANA], came_by=came_by, language=LANGUAGE)
        say(words.WAITS, day=_day(asked["safe_due"]))
        request: str = asked["id"]
        return request

    def step(self, request: str, step: str, colleague: int, **more: Any) -> None:
        self.post(f"/v1/requests/{request}/steps", step=step, by=self.staff[colleague], **more)

    def proves_by_code(self, request: str) -> None:
        self.post(f"/v1/requests/{request}/code", scheme="email")
        self.post(f"/v1/requests/{request}/proof", code=self.mailed_code())
        say(words.PROVEN)

    def mailed_code(self) -> str:
        """The newest code in Ana's mailbox; each is used before the next is asked for."""
        used = self._codes_used
        codes: list[str] = until(lambda: self._demo.letterbox.codes(ANA["value"])[used:])
        self._codes_used += len(codes)
        return codes[-1]

    def identifies(self, request: str) -> None:
        self.step(request, "identify", 0, grounds=words.GROUNDS(LANGUAGE))
        say(words.IDENTIFIED)

    def shows_the_plan(self, request: str) -> None:
        say(words.PLAN)
        plan = self.get(f"/v1/requests/{request}/plan")
        for silo in plan["silos"]:
            verbs = ", ".join(words.VERBS[step["verb"]](LANGUAGE) for step in silo["steps"])
            say(words.TURN, name=silo["name"], turn=words.TURNS[silo["turn"]](LANGUAGE), verbs=verbs)
        file = self._demo.folder / "plan.json"
        file.write_text(json.dumps(plan, ensure_ascii=False, indent=2), "utf-8")
        say(words.PLAN_FILE, file=file.name)

    def approves(self, request: str) -> None:
        for colleague in (0, 1):
            self.step(request, "approve", colleague)
        say(words.APPROVED)

    def waits_for(self, request: str, *states: str) -> None:
        def there() -> Any:
            told = self.get(f"/v1/requests/{request}")
            return told if told["state"] in states else None

        told = until(there)
        say(words.DONE)
        for silo in told["silos"]:
            for task in silo["tasks"]:
                for part in task["parts"] if task["verb"] in ("export", "erase") else ():
                    what = words.what(part["what"], LANGUAGE)
                    say(words.PART, name=silo["name"], what=what, did=_did(part))


def _did(part: dict[str, Any]) -> str:
    """What became of the records that were found, without the zeros."""
    said = [
        words.DID[key](LANGUAGE).format(count=part[key])
        for key in ("found", "deleted", "changed")
        if part[key]
    ]
    for kept in part["kept"]:
        said.append(words.KEPT(LANGUAGE).format(**{**kept, "until": _day(kept["until"])}))
    return ", ".join(said)


def _day(text: str) -> str:
    return day_in_words(dt.date.fromisoformat(text[:10]), LANGUAGE)
