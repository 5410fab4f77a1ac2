"""What an erasure did whose answer was lost: told once, whatever the second try finds."""

from consentd.dsr.begun import completed, noted
from consentd.systems.connectors.contract import Answer, Kept, Part, Verdict

INVOICES = Kept(2, "Code de commerce L.123-22", "2036-12-31")
FIRST = (
    Part(what="orders", found=3, deleted=1, kept=(INVOICES,)),
    Part(what="customers", found=1, changed=1),
)


def done(*parts: Part) -> Answer:
    return Answer(verdict=Verdict.DONE, parts=parts)


def test_where_nothing_was_noted_the_answer_stands() -> None:
    assert completed(None, done(*FIRST)) == done(*FIRST)


def test_what_was_committed_unheard_is_told_where_the_next_try_finds_nothing() -> None:
    assert completed(noted(None, FIRST), done()).parts == FIRST


def test_what_was_rolled_back_counts_once() -> None:
    assert completed(noted(None, FIRST), done(*FIRST)).parts == FIRST


def test_what_came_back_in_between_is_added() -> None:
    again = Part(what="customers", found=1, deleted=1)
    assert completed(noted(None, FIRST), done(again)).parts == (
        FIRST[0],
        Part(what="customers", found=1, deleted=1, changed=1),
    )


def test_rows_that_stay_findable_are_not_counted_twice() -> None:
    first = Part(what="orders", found=2, changed=2)
    assert completed(noted(None, (first,)), done(Part(what="orders", found=2))).parts == (first,)


def test_two_tries_whose_answers_were_lost_are_both_told() -> None:
    second = Part(what="tickets", found=1, deleted=1)
    begun = noted(noted(None, FIRST), (second,))
    assert completed(begun, done()).parts == (*FIRST, second)


def test_an_answer_that_did_nothing_says_so() -> None:
    failed = Answer(verdict=Verdict.FAILED, code="busy")
    assert completed(noted(None, FIRST), failed) == failed
