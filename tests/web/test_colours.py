"""Whatever colour a company has, its pages can be read: WCAG 2.2, 1.4.3 and 1.4.11, in light and in dark."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentd.web.pages.colours import CONTROL, DARK, LIGHT, TEXT, Ground, contrast, shades

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.mark.parametrize("on", [LIGHT, DARK])
@given(colour=COLOURS)
@example(colour="#ffffff")
@example(colour="#000000")
@example(colour="#ffff00")
@example(colour="#5B3A8C")
def test_any_colour_is_made_readable(on: Ground, colour: str) -> None:
    found = shades(colour, on)
    for ground in (on.ground, on.raised):
        assert contrast(found.link, ground) >= TEXT
        assert contrast(found.accent, ground) >= CONTROL
    assert contrast(found.on_accent, found.accent) >= TEXT
    assert all(re.fullmatch("#[0-9a-f]{6}", one) for one in (found.link, found.accent, found.on_accent))


def test_a_colour_that_can_be_read_stays_what_it_is() -> None:
    assert shades("#5b3a8c", LIGHT).link == "#5b3a8c"


@given(colour=COLOURS)
def test_a_filled_button_and_one_in_outline_contrast_alike(colour: str) -> None:
    """Neither of two answers may weigh more: the filling is what the outline and its words are."""
    for on in (LIGHT, DARK):
        assert shades(colour, on).accent == shades(colour, on).link
