"""Forms of identifiers and of what is left behind: pure, so every value can be tried."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.kernel.policy import Scheme
from consentd.kernel.silo_sql import Column, FoundBy, Keep, Table
from consentd.subjects import spelling
from consentd.subjects.spelling import Named
from consentd.systems.connectors.sql import forms
from consentd.systems.connectors.sql.deciding import end_of, fate
from consentd.systems.connectors.sql.personal import guess
from consentd.systems.connectors.sql.pseudonyms import is_erased, pseudonym

PHONE = Scheme(kind="phone", label={})
EMAIL = Scheme(kind="email", label={})
ACCOUNT = Scheme(kind="account", label={})


def numbers(value: str, country: str) -> set[str]:
    found = FoundBy(scheme="phone", column="phone", country=country)
    return set(forms.written(found, PHONE, [Named("phone", value)]))


@given(
    st.sampled_from(["+336", "+337", "+331", "+4915", "+3247", "+4179", "+447", "+262692"]),
    st.integers(10**6, 10**9),
    st.sampled_from(["FR", "DE", "BE", "CH", "GB"]),
)
def test_every_form_without_a_country_code_is_read_there_as_that_number(
    start: str, rest: int, country: str
) -> None:
    """A form that somebody else's number could have would erase somebody else."""
    try:
        value = spelling.any_phone(f"{start}{rest}", None)
    except ValueError:
        return
    for form in numbers(value, country):
        if not form.startswith(("+", "00", value[1:3])):
            assert spelling.any_phone(form, country) == value


def test_a_national_number_of_another_country_is_not_looked_for() -> None:
    assert "0624686501" in numbers("+33624686501", "FR")
    assert "0624686501" not in numbers("+33624686501", "DE")
    # One plan: the mainland dials Réunion's numbers so too.
    assert "0692123456" in numbers("+262692123456", "FR")


@given(st.emails())
def test_an_address_is_looked_for_in_small_letters_and_as_it_is_written_abroad(address: str) -> None:
    try:
        named = spelling.named("email", EMAIL, address, None)
    except ValueError:
        return
    found = forms.written(FoundBy(scheme="email", column="email"), EMAIL, [named])
    assert named.value in found
    assert all(spelling.named("email", EMAIL, form, None) == named for form in found[:1])


def test_a_domain_with_letters_of_its_own_is_found_however_it_is_stored() -> None:
    named = spelling.named("email", EMAIL, "ana@müller.example", None)
    assert named.value == "ana@xn--mller-kva.example"
    found = forms.written(FoundBy(scheme="email", column="email"), EMAIL, [named])
    assert {"ana@xn--mller-kva.example", "ana@müller.example", "ana@mÜller.example"} <= set(found)


def test_only_identifiers_of_the_columns_own_scheme_are_looked_for_in_it() -> None:
    found = FoundBy(scheme="customer", column="no", spelling="upper")
    assert forms.written(found, ACCOUNT, [Named("customer", "ml1"), Named("loyalty", "ml2")]) == ("ML1",)
    assert forms.whole_numbers(found, ACCOUNT, [Named("customer", "0042"), Named("customer", "ml1")]) == (42,)


FORMATS = ("clear", "empty", "zero", "email", "phone", "name", "text", "token", "year", "postcode")


@pytest.mark.parametrize("form", FORMATS)
@given(st.data())
def test_what_is_left_behind_is_known_again(form: str, data: st.DataObject) -> None:
    """Or a second erasure would find work, and a confirmation would never be done."""
    column = Column(erase=form)  # type: ignore[arg-type]
    length = data.draw(st.none() | st.integers(26, 300), label="length")
    value = data.draw(
        st.dates() | st.datetimes() if form == "year" else st.text(min_size=1, max_size=80), label="value"
    )
    language = data.draw(st.sampled_from(["fr", "en"]))
    random = "0123456789abcdef" * 2
    left = pseudonym(column, value, random, language, length)
    assert is_erased(column, left, length)
    assert length is None or not isinstance(left, str) or len(left) <= max(length, len(str(value)))


def test_an_address_stays_one_and_is_unique_in_a_short_column_too() -> None:
    column = Column(erase="email")
    for length in (None, 190, 40, 25):
        left = [pseudonym(column, "a@b.fr", random * 32, "fr", length) for random in "0123456789abcdef"]
        assert len(set(left)) == 16
        assert all(spelling.any_email(one) == one and len(one) <= (length or 200) for one in left)


@pytest.mark.parametrize(
    ("form", "before", "after"),
    [
        ("phone", "06 24 68 65 01", "0639980000"),
        ("phone", "+33624686501", "+33639980000"),
        ("postcode", "69006", "69000"),
        ("postcode", "SW1A 1AA", "SW0X 0XX"),
        ("year", dt.date(1984, 5, 17), dt.date(1984, 1, 1)),
        ("year", "1984-05-17", "1984-01-01"),
        ("year", "unknown", None),
        ("zero", 7, 0),
        ("empty", "x", ""),
        ("clear", "x", None),
    ],
)
def test_each_form_has_the_shape_of_what_stood_there(form: str, before: object, after: object) -> None:
    column = Column(erase=form)  # type: ignore[arg-type]
    assert pseudonym(column, before, "0" * 32, "fr", None) == after
    assert not is_erased(column, before, None)


@pytest.mark.parametrize(
    ("day", "year_end", "end"),
    [
        (dt.date(2016, 2, 29), False, dt.date(2026, 3, 1)),
        (dt.date(2016, 2, 29), True, dt.date(2027, 1, 1)),
        (dt.datetime(2016, 12, 31, 23, 59), True, dt.date(2027, 1, 1)),  # noqa: DTZ001
        ("2016-05-04 10:00:00", False, dt.date(2026, 5, 4)),
        ("soon", False, None),
        (None, True, None),
        (20160504, False, None),
        (dt.date(9999, 1, 1), False, None),
    ],
)
def test_the_end_of_keeping_counts_from_the_day_or_from_the_end_of_its_year(
    day: object, year_end: bool, end: dt.date | None
) -> None:
    assert end_of(Keep(months=120, after="x", year_end=year_end, because="L.123-22"), day) == end


def test_the_last_day_of_keeping_keeps_and_the_end_deletes() -> None:
    table = Table(
        category="purchases",
        key=("id",),
        erase="delete",
        keep=Keep(months=12, after="day", because="x"),
        columns={"name": Column(erase="name", kept=True), "email": Column(erase="clear")},
    )
    values = {"name": "Ana", "email": "a@b.fr"}
    started = dt.date(2025, 11, 22)
    last = fate(table, values, started, {}, dt.date(2026, 11, 21), referenced=False)
    assert (last.deleted, last.changed, last.kept, last.until) == (
        False,
        ("email",),
        True,
        dt.date(2026, 11, 22),
    )
    over = fate(table, values, started, {}, dt.date(2026, 11, 22), referenced=False)
    assert (over.deleted, over.kept) == (True, False)


@pytest.mark.parametrize(
    ("column", "kind", "sample", "means"),
    [
        ("customerEmail", "text", [], "email"),
        ("Courriel", "text", [], "email"),
        ("ansprechpartner_telefon", "text", [], "phone"),
        ("nom_famille", "text", [], "name"),
        ("Vorname", "text", [], "name"),
        ("date_naissance", "date", [], "birth"),
        ("PLZ", "text", [], "postcode"),
        ("mot_de_passe", "text", [], "secret"),
        ("cree_par", "text", [], "staff"),
        ("field_7", "text", ["a@b.fr", "c@d.fr", None], "email"),
        ("field_8", "text", ["06 24 68 65 01", "+33 1 23 45 67 89"], "phone"),
        ("address", "text", ["a@b.fr", "c@d.fr"], "email"),
        ("address", "text", ["3 rue Basse"], "address"),
        ("field_9", "long", ["Bonjour"], "free text"),
        ("email", "number", [], None),
        ("total", "number", [12], None),
        ("article", "text", ["Savon"], None),
    ],
)
def test_columns_that_look_personal_are_recognised(
    column: str, kind: str, sample: list[object], means: str | None
) -> None:
    found = guess(column, kind, sample)  # type: ignore[arg-type]
    assert (found.means if found else None) == means
