"""The copy's way to the person: looked at, one value held back, released, fetched by a link, verified."""

import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import words
from desk import ANA, Desk
from service import LANGUAGE, Demo, say, until
from silos import NEIGHBOUR


def hand_out_the_copy(demo: Demo, desk: Desk, request: str) -> Path:
    _hold_back_the_neighbour(desk, request)
    desk.step(request, "release", 1)
    say(words.RELEASED)
    say(words.MAIL, subject=until(lambda: _told_ready(demo)))
    file = _fetch(_link(desk, request), demo.folder)
    say(words.FETCHED, file=file.name)
    _verify(demo, desk, file)
    return file


def _hold_back_the_neighbour(desk: Desk, request: str) -> None:
    """Claire looks at every record, as the copy would tell it, and holds back what is about somebody else."""
    seen = 0
    for silo in _made(desk, request)["gathered"]:
        for category in silo["categories"]:
            named = {"by": desk.staff[0], "system": silo["system"], "what": category["what"]}
            for one in desk.get(f"/v1/requests/{request}/copy/records", **named)["records"]:
                seen += 1
                for field, value in one["record"].items():
                    if NEIGHBOUR in str(value):
                        say(words.NEIGHBOUR, value=value)
                        place = {"system": silo["system"], "what": category["what"], "record": one["number"]}
                        reason = words.REASON(LANGUAGE)
                        desk.step(request, "redact", 0, **place, field=field, reason=reason)
    say(words.LOOKED, seen=seen)
    again = _made(desk, request)
    assert again["withheld"] == 1, again


def _made(desk: Desk, request: str) -> Any:
    def there() -> Any:
        # Before it is begun there is none.
        answer = desk.http.get(f"/v1/requests/{request}/copy")
        return answer.json() if answer.is_success and answer.json()["state"] == "made" else None

    return until(there)


def _told_ready(demo: Demo) -> str | None:
    """By which subject Ana is told."""
    found = [one for one in demo.letterbox.subjects(ANA["value"]) if words.READY(LANGUAGE) in one]
    return found[0] if found else None


def _link(desk: Desk, request: str) -> str:
    """A code of its own: the one that proved who asks counts no more."""
    desk.post(f"/v1/requests/{request}/copy/code")
    made = desk.post(f"/v1/requests/{request}/copy/link", code=desk.mailed_code())
    url: str = made["url"]
    return url


def _fetch(link: str, folder: Path) -> Path:
    with httpx.Client(timeout=30) as anybody:
        anybody.get(link).raise_for_status()
        taken = anybody.post(link).raise_for_status()
        assert anybody.post(link).status_code == 404
    (name,) = re.findall(r'filename="([a-z]+\.zip)"', taken.headers["content-disposition"])
    file: Path = folder / name
    file.write_bytes(taken.content)
    return file


def _verify(demo: Demo, desk: Desk, file: Path) -> None:
    with ZipFile(file) as copy:
        contents = [copy.read(name) for name in copy.namelist()]
    assert not any(NEIGHBOUR.encode() in content for content in contents)
    say(words.VERIFIED)
    demo.verifies("package", file, demo.published(desk.http))
