"""Cells of a list are spelled as a single check spells them, whatever stands beside them."""

from hypothesis import given
from hypothesis import strategies as st

from consentd.check.lists.spelling import EMPTY, UNREADABLE, Speller
from consentd.kernel.policy import Scheme

ODD = [
    None,
    "",
    "  ",
    " Ana.Diaz@Exemple.FR ",
    "ana@exemple.fr\n",
    "ana@exemple.fr\nbea@exemple.fr",
    "ana@exemple.fr\r",
    "élodie@exemple.fr",
    "ana@bücher.example",
    "ANA@EXEMPLE.ﬁ",
    "\u212aim@exemple.fr",
    "not an address",
    f"{'a' * 64}@exemple.fr",
    f"{'a' * 65}@exemple.fr",
    "ana@exemple.fr;bea@exemple.fr",
]
CELLS = st.lists(
    st.one_of(st.sampled_from(ODD), st.integers(0, 99).map(lambda n: f"Person{n}@exemple.fr")), max_size=100
)
SPELLER = Speller("email", Scheme(kind="email", label={"en": "E-mail"}), "FR")


@given(CELLS)
def test_each_cell_is_spelled_as_it_is_by_itself(cells: list[str | None]) -> None:
    together = SPELLER.spell(cells)
    assert len(together.values) == len(cells)
    for place, cell in enumerate(cells):
        alone = SPELLER.spell([cell])
        assert together.values[place] == alone.values[0]
        assert together.wrong.get(place) == alone.wrong.get(0)


def test_plain_addresses_in_any_case_come_back_in_small_letters() -> None:
    cells = [f"Person{number}@Exemple.fr" for number in range(100)]
    assert SPELLER.spell(cells).values == [cell.lower() for cell in cells]


def test_what_cannot_be_read_is_told_by_its_place() -> None:
    spelled = SPELLER.spell(["ana@exemple.fr", "", None, "nobody", " Bea@exemple.fr", "a@b.fr\nc@d.fr"])
    assert spelled.values == ["ana@exemple.fr", "", "", "nobody", "bea@exemple.fr", "a@b.fr\nc@d.fr"]
    assert spelled.wrong == {1: EMPTY, 2: UNREADABLE, 3: UNREADABLE, 5: UNREADABLE}
