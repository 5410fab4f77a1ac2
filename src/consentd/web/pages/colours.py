"""From a company's colour to colours that can be read, in light and in dark. Pure.

Contrast as WCAG 2.2 counts it: text at least 4.5 to 1 (1.4.3), the edges of controls 3 to 1 (1.4.11). A
colour keeps its hue, and is made darker or lighter until it can be read on each ground.
"""

import colorsys

import msgspec

TEXT = 4.5
CONTROL = 3.0
_STEPS = 200


class Ground(msgspec.Struct, frozen=True):
    """What stands behind: of the page, and of what is raised from it. As in consentd.css."""

    ground: str
    raised: str


LIGHT = Ground("#ffffff", "#f3f5f7")
DARK = Ground("#12171e", "#1d242d")


class Shades(msgspec.Struct, frozen=True):
    """`link` is text and edges of controls; `accent` fills buttons; `on_accent` is written upon it."""

    link: str
    accent: str
    on_accent: str


def shades(colour: str, on: Ground) -> Shades:
    """What can be read on a ground, as near to "#5b3a8c" as may be. What fills is the colour of links: a
    filled button and one in outline weigh the same.
    """
    link = readable(colour, (on.ground, on.raised), TEXT)
    return Shades(link, link, max(("#ffffff", "#000000"), key=lambda ink: contrast(ink, link)))


def readable(colour: str, grounds: tuple[str, ...], least: float) -> str:
    """The colour, or the nearest shade of it that contrasts by `least` with each of the grounds."""

    def enough(candidate: str) -> bool:
        return all(contrast(candidate, ground) >= least for ground in grounds)

    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    # Away from the grounds: up where they are dark, down where they are light.
    end = 1.0 if luminance(grounds[0]) < 0.18 else 0.0
    for step in range(_STEPS + 1):
        level = lightness + (end - lightness) * step / _STEPS
        candidate = colour.lower() if step == 0 else _hex(colorsys.hls_to_rgb(hue, level, saturation))
        if enough(candidate):
            return candidate
    return "#ffffff" if end else "#000000"


def contrast(one: str, other: str) -> float:
    """1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(parts: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
