"""Counts in shared memory: of all processes together, and going on where a process ended."""

import os

from prometheus_client.parser import text_string_to_metric_families

from consentd.base.counts import BOUNDS, Board, Cell
from consentd.kernel.instants import SECOND, Instant
from consentd.web.metrics import Metrics, Observed

CHECK = ("POST", "/v1/check")


async def nothing() -> Observed | None:
    return None


async def values(board: Board) -> dict[str, float]:
    text = (await Metrics(board, nothing, {}).text()).decode()
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_each_process_counted_is_summed_and_a_successor_goes_on_where_one_ended() -> None:
    file = Board.shared(3)
    try:
        for worker in (1, 2, 2):
            # As a process does that was just started.
            mine = Board(3, file).slots[worker]
            mine.stand_still()
            mine.answered(*CHECK, 200, 0.002)
            mine.answered("GET", f"/of/{worker}", 503, 9.0)
            mine.add(Cell.EVENTS, 5)
            mine.set(Cell.IN_FLIGHT, 7)
        board = Board(3, file)
        assert board.total(Cell.EVENTS) == 15
        # What says how things are now is only of those who live.
        assert board.total(Cell.IN_FLIGHT) == 14
        board.slots[1].stand_still()
        assert board.total(Cell.IN_FLIGHT) == 7
        found = board.routes()
        assert set(found) == {CHECK, ("GET", "/of/1"), ("GET", "/of/2")}
        assert found[CHECK].by_class["2xx"] == 3
        assert found["GET", "/of/2"].by_class["5xx"] == 2
        assert sum(found[CHECK].by_bound) == 3
        assert round(found[CHECK].seconds, 6) == 0.006
    finally:
        os.close(file)


async def test_durations_are_told_up_to_each_bound() -> None:
    board = Board(1)
    for seconds in (BOUNDS[0], BOUNDS[0] + 1e-6, BOUNDS[-1] + 1):
        board.slots[0].answered(*CHECK, 200, seconds)
    told = await values(board)
    name = "consentd_request_seconds_bucket"
    assert told[f"{name} {BOUNDS[0]} POST /v1/check"] == 1
    assert told[f"{name} {BOUNDS[1]} POST /v1/check"] == 2
    assert told[f"{name} {BOUNDS[-1]} POST /v1/check"] == 2
    assert told[f"{name} +Inf POST /v1/check"] == 3


def test_promise_18_what_callers_send_makes_no_names_and_more_of_them_harm_nobody() -> None:
    counts = Board(1).slots[0]
    counts.answered("QUETSCHE", "(none)", 405, 0.1)
    assert set(counts.routes()) == {("other", "(none)")}
    for number in range(10_000):
        counts.answered("GET", f"/{number}", 200, 0.1)
    kept = counts.routes()
    assert 500 < len(kept) < 10_000
    # Nothing is lost, though the last ones are under the name of the first.
    assert sum(sum(one.by_bound) for one in kept.values()) == 10_001


async def test_who_leads_and_a_database_that_does_not_answer_are_told() -> None:
    board = Board(2)
    told = await values(board)
    assert (told["consentd_database_up"], told["consentd_sequencer_leading"]) == (0, 0)
    assert "consentd_log_waiting" not in told
    assert not board.leads(100.0)
    board.slots[1].set(Cell.LEADS_UNTIL, 101.0)
    assert board.leads(100.0)
    assert not board.leads(101.0)

    async def old() -> Observed:
        return Observed(4, 2, Instant(0), Instant(10 * SECOND))

    text = (await Metrics(board, old, {}).text()).decode()
    assert "consentd_log_entries 4.0" in text
    assert "consentd_log_waiting 2.0" in text
    assert "consentd_log_waiting_seconds 1." in text
