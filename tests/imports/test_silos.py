"""The five silos in full, against what `truth.jsonl` says of every person, worked out in `expected`."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
from expected import PARIS, Expected, email, phone

from consentd.kernel.instants import to_instant
from support import builders_requests as requests
from support.builders import Clock, open_company

ASKED = (("newsletter", "email", "email"), ("promotions", "sms", "mobile"), ("promotions", "phone", "mobile"))
TODAY = dt.datetime(2026, 11, 1, 12, tzinfo=PARIS)
LATER = dt.datetime(2026, 12, 1, 12, tzinfo=PARIS)


@pytest.fixture(scope="module")
def expected(silos: Path) -> Expected:
    return Expected(silos)


@pytest.mark.parametrize("at", [TODAY, LATER], ids=["the_day_of_the_export", "in_december"])
async def test_every_person_of_the_truth_may_be_contacted_as_the_truth_says(
    filled: Path, expected: Expected, at: dt.datetime
) -> None:
    url, clock = f"sqlite:///{filled}/consentd.db", Clock(to_instant(at))
    async with open_company(url, filled, clock) as company:
        wrong = []
        for purpose, channel, key in ASKED:
            scheme = "email" if key == "email" else "phone"
            questions = [
                requests.question((f"{scheme}:{one[key]}",), purpose, channel) for one in expected.truth
            ]
            answers = await company.ask_all(*questions)
            for one, answer in zip(expected.truth, answers, strict=True):
                name = email(one[key]) if scheme == "email" else phone(one[key])
                assert name is not None
                ought = expected.eligible(name, purpose, channel, at)
                if answer.eligible != ought:
                    wrong.append((one["person"], channel, ought, answer.reasons[0].code))
                if channel == "phone" and at == TODAY and not expected.abroad(name):
                    # A Sunday, and All Saints' day.
                    assert not answer.allow
        assert not wrong, (len(wrong), wrong[:40])


async def test_log_states_and_journal_hold_after_all_of_it(filled: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(filled, folder)
    async with open_company(f"sqlite:///{folder}/consentd.db", folder) as company:
        await company.verify_everything()
