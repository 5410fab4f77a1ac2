"""Somebody with a browser: their language, their colours, the width of their screen, with scripts or without.

What no page may do is noted while they look around (`faults`), and read at the end of their visit.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from support.browser import Waited, found

SHOTS = Path(__file__).parents[2] / "build/screenshots"
DESKTOP, ZOOMED, PHONE = 1280, 640, 320
"""Widths in CSS pixels; ZOOMED is the desktop at 200 %."""

MOST_BYTES = 60_000
_HEIGHT = 900
_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_LOCALES = {"fr": "fr-FR", "en": "en-GB"}
_MOST_TABS = 400
_MOST_SHOT = 6000

# The style sheet is not fetched a second time, which the page would forbid.
_RUN_AXE = """async (tags) => {
    const asked = {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], preload: false};
    const told = await axe.run(asked);
    const where = (one) => one.nodes.map((node) => node.html.slice(0, 200)).join(" | ");
    return told.violations.map((one) => `${one.id}: ${where(one)}`);
}"""
_TOO_WIDE = """() => {
    const most = document.documentElement.clientWidth, is = document.scrollingElement.scrollWidth;
    if (is <= most) return [];
    const all = [...document.body.querySelectorAll("*")];
    const wide = all.filter((one) => one.getBoundingClientRect().right > most + 1).slice(0, 9);
    return [`page ${is}`, ...wide.map((one) => one.outerHTML.slice(0, 120))];
}"""
_FOCUS_SEEN = """() => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    const inside = box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0;
    return inside && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


class Look(msgspec.Struct, frozen=True):
    """How a page is looked at; `width` in CSS pixels."""

    theme: str = "light"
    width: int = DESKTOP


LOOKS = (Look(), Look("light", PHONE), Look("dark", PHONE), Look("dark"))


class Visitor:
    """Their cookies are their own. `address`: of the service, without a path."""

    def __init__(
        self,
        browser: Waited,
        address: str,
        *,
        language: str = "fr",
        script: bool = True,
        look: Look = LOOKS[0],
    ) -> None:
        self.address = address
        self.language = language
        self.script = script
        self.look = look
        self.faults: list[str] = []
        self.answers: list[Any] = []
        self.context = browser.new_context(
            base_url=address,
            locale=_LOCALES[language],
            color_scheme=look.theme,
            java_script_enabled=script,
            viewport={"width": look.width, "height": _HEIGHT},
            reduced_motion="reduce",
        )
        self.page = self.context.new_page()
        self._watch()

    def opens(self, path: str) -> int:
        """By its address, of the service's own or another; the status of the answer."""
        self.answers.clear()
        status: int = self.page.goto(path).status
        return status

    def presses(self, name: str, role: str = "button") -> None:
        """A control that leads on; waits for what it leads to."""
        self._leads_on(self.control(name, role).inner.click)

    @property
    def status(self) -> int:
        """Of what the last press led to. An icon of the page before may still come behind it."""
        status: int = next(one.status for one in self.answers if one.request.is_navigation_request())
        return status

    def clicks(self, control: Waited) -> None:
        """The same of one that was found otherwise."""
        self._leads_on(control.inner.click)

    def strikes(self, key: str) -> None:
        """A key that leads on, pressed where the focus is."""
        self._leads_on(lambda: self.page.inner.keyboard.press(key))

    def downloads(self, name: str, role: str = "button") -> bytes:
        """What a control gives to take home; the page stays where it is."""
        control = self.control(name, role).inner

        async def taking() -> bytes:
            async with self.page.inner.expect_download() as coming:
                await control.click()
            return Path(await (await coming.value).path()).read_bytes()

        taken: bytes = self.page.run(taking())
        return taken

    def control(self, name: str, role: str = "button") -> Waited:
        return self.page.get_by_role(role, name=name, exact=True)

    def tabs_to(self, name: str, role: str = "button") -> None:
        """From where the focus is on, by the keyboard alone; whatever is passed shows that it is the one."""
        self.tabs_onto(self.control(name, role), f"{role} “{name}”")

    def tabs_onto(self, wanted: Waited, called: str) -> None:
        """The same of a control that was found otherwise."""
        for _ in range(_MOST_TABS):
            self.page.keyboard.press("Tab")
            self.sees_the_focus()
            if wanted.evaluate("(one) => one === document.activeElement"):
                return
        raise AssertionError(f"no {called} is reached by the keyboard")

    def sees_the_focus(self) -> None:
        if not self.page.evaluate(_FOCUS_SEEN):
            raise AssertionError(
                f"focus unseen: {self.page.evaluate('document.activeElement.outerHTML')[:200]}"
            )

    def looks(self, look: Look) -> None:
        """On at the same page, in other colours or at another width."""
        self.look = look
        self.page.emulate_media(color_scheme=look.theme)
        self.page.set_viewport_size({"width": look.width, "height": _HEIGHT})

    def axe(self) -> list[str]:
        """What shuts somebody out of this page. Needs scripts."""
        if not self.page.evaluate("() => typeof axe === 'object'"):
            self.page.evaluate(_axe_core())
        faults: list[str] = self.page.evaluate(_RUN_AXE, _AXE_TAGS)
        return faults

    def too_wide(self) -> list[str]:
        """What makes this page scroll sideways."""
        found: list[str] = self.page.evaluate(_TOO_WIDE)
        return found

    def shot(self, name: str) -> Path:
        """A picture of the page, from its top, kept after the tests."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}-{self.language}-{self.look.theme}-{self.look.width}.png"
        # Whole pages are drawn at their own height; one of a hundred screens would take the browser a minute.
        height = min(self.page.evaluate("document.documentElement.scrollHeight"), _MOST_SHOT)
        self.page.set_viewport_size({"width": self.look.width, "height": height})
        self.page.screenshot(path=str(path), animations="disabled")
        self.looks(self.look)
        return path

    def examines(self, name: str, looks: Sequence[Look] = LOOKS) -> None:
        """This state of a page, seen like this and at 200 %: whom it shuts out; with pictures."""
        for look in looks:
            self.looks(look)
            shut_out = self.axe()
            assert not shut_out, f"{name}, {look}: {shut_out}"
            self.shot(name)
        for width in (PHONE, ZOOMED, DESKTOP):
            self.looks(Look("light", width))
            wide = self.too_wide()
            assert not wide, f"{name} at {width}: {wide}"

    def weight(self) -> int:
        """Bytes of all bodies that came since the last page was asked for, styles and images too."""

        async def weighing() -> int:
            return sum([(await one.request.sizes())["responseBodySize"] for one in self.answers])

        weight: int = self.page.run(weighing())
        return weight

    def leaves(self) -> None:
        self.context.close()
        assert not self.faults, self.faults

    def _leads_on(self, act: Any) -> None:
        async def acting() -> None:
            async with self.page.inner.expect_navigation():
                await act()

        self.answers.clear()
        self.page.run(acting())

    def _watch(self) -> None:
        def said(message: Any) -> None:
            # The page's own answer may be a refusal, which the browser notes as well; of what a page loads
            # beside it, `answered` sees the same.
            refused = message.text.startswith("Failed to load resource: the server responded")
            if message.type in ("error", "warning") and not refused:
                self.faults.append(f"{self.page.url} says: {message.text}")

        def asked(request: Any) -> None:
            if urlsplit(request.url).netloc != urlsplit(self.address).netloc:
                self.faults.append(f"{self.page.url} asks elsewhere: {request.url}")

        def answered(response: Any) -> None:
            self.answers.append(response)
            if response.status >= 400 and not response.request.is_navigation_request():
                self.faults.append(f"{response.url} answers {response.status}")

        self.page.on("console", said)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url} fails: {error}"))
        self.page.on("request", asked)
        self.page.on("response", answered)


Visits = Callable[..., Visitor]
"""Lets somebody in: `visits(language="en", script=False)`."""


@cache
def _axe_core() -> str:
    here = found()
    assert here
    return here[1]
