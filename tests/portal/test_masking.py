"""What is shown of contact details: each of one person's is told from the others, and none is learnt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.portal.masking import masks


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (("ana@exemple.fr",), ("a•••@exemple.fr",)),
        (("+33624686501",), ("•••• 01",)),
        (("@",), ("•••@",)),
        (("C1",), ("•••",)),
        # Alike but for their end; and those that nobody takes for them keep their dots.
        (
            ("nadia@exemple.fr", "nadine@exemple.fr", "nadia@autre.example"),
            ("n•••a@exemple.fr", "n•••e@exemple.fr", "n•••@autre.example"),
        ),
        (("nadine@x.fr", "nadège@x.fr", "nicole@x.fr"), ("na•••ne@x.fr", "na•••ge@x.fr", "ni•••e@x.fr")),
        (("n@x.fr", "nadia@x.fr"), ("n•••@x.fr", "n•••a@x.fr")),
        (("+33624686501", "+33711222401"), ("•••• 501", "•••• 401")),
        (("C1", "C2"), ("•••1", "•••2")),
    ],
)
def test_enough_is_shown_for_its_owner_and_no_more(values: tuple[str, ...], shown: tuple[str, ...]) -> None:
    assert tuple(masks(values).values()) == shown


@given(st.sets(st.text(st.sampled_from("ab@1"), max_size=9), max_size=6))
def test_however_alike_they_are_no_two_are_shown_alike(values: set[str]) -> None:
    shown = masks(values)
    assert shown.keys() == values
    assert len({*shown.values()}) == len(values)
