"""What a control weighs on a page, as it is drawn: two answers to one question must weigh the same."""

from typing import Any

import msgspec

_MEASURE = """(one) => {
    const clear = (colour) => /, 0\\)$/.test(colour) && colour.startsWith("rgba");
    const behind = (at) => {
        while (at && clear(getComputedStyle(at).backgroundColor)) at = at.parentElement;
        return at ? getComputedStyle(at).backgroundColor : "rgb(255, 255, 255)";
    };
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    return {
        width: Math.round(box.width), height: Math.round(box.height), top: Math.round(box.top),
        ink: style.color, ground: behind(one), around: behind(one.parentElement),
        border: style.borderTopWidth + " " + style.borderTopStyle, line: style.borderTopColor,
        letters: [style.fontSize, style.fontWeight, style.textDecorationLine, style.fontStyle].join(" "),
    };
}"""


class Measured(msgspec.Struct, frozen=True):
    """In CSS pixels; contrasts are ratios by WCAG 2.2, from 1 to 21."""

    width: int
    height: int
    letters: str
    border: str
    contrast: float
    """Of the words with their ground."""
    stands_out: float
    """Of the ground or the line around it, whichever is stronger, with what is around the control."""


def measured(control: Any) -> Measured:
    """`control`: a locator of one thing on the page."""
    told = control.evaluate(_MEASURE)
    return Measured(
        told["width"],
        told["height"],
        told["letters"],
        told["border"],
        contrast(told["ink"], told["ground"]),
        max(contrast(told["ground"], told["around"]), contrast(told["line"], told["around"])),
    )


def contrast(one: str, other: str) -> float:
    """Of two colours as a browser says them: `rgb(1, 2, 3)`. (WCAG 2.2, 1.4.3)"""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return round((light + 0.05) / (dark + 0.05), 1)


def _luminance(colour: str) -> float:
    numbers = colour[colour.index("(") + 1 : -1].replace(",", " ").split()[:3]
    parts = [float(number) / 255 for number in numbers]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
