"""Whatever happens to a person in the service, the replica says the same after the next round."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from both import EVERYTHING, somebody, yes

from consentd.app import Parts
from consentd.base.ids import new_id
from consentd.client import Client, Decision, Event, Replica
from consentd.consent import states_store
from consentd.consent.erasure import erase
from consentd.consent.merging import merge, unmerge
from consentd.consent.rebuilding import refold
from consentd.crypto.subject_keys import open_keys
from consentd.db.tables.people import subjects
from consentd.db.unit import Unit
from consentd.evidence.model import OPERATOR
from consentd.evidence.recorder import begin
from consentd.kernel.ids import GroupId, SubjectId
from consentd.policy.loader import load
from consentd.policy.service import activate
from consentd.subjects import service as people
from support.installation import POLICIES, Serving

NEWSLETTER = ("newsletter", "email")


class Both:
    """The service, and a replica of it that has just followed."""

    def __init__(self, serving: Serving, client: Client, replica: Replica) -> None:
        self.serving = serving
        self.client = client
        self.replica = replica

    def record(self, who: str | list[str], event: Event) -> SubjectId:
        told = self.client.record(who, event)
        return SubjectId(uuid.UUID(told.answer["events"][0]["subject_id"]))

    def check(self, who: str, purpose: str = "newsletter", channel: str = "email") -> Decision:
        """Raises AssertionError where the two do not agree, whether asked alone or in a list."""
        self.replica.refresh()
        theirs, mine = self.client.check(who, purpose, channel), self.replica.check(who, purpose, channel)
        assert (mine.allow, mine.reasons, mine.policy) == (theirs.allow, theirs.reasons, theirs.policy)
        assert self.replica.check_many([who], purpose, channel) == [mine]
        return mine


@pytest.fixture
def both(apart: Serving, tmp_path: Path) -> Iterator[Both]:
    found = apart.installation.connect(*EVERYTHING)
    with (
        Client(apart.address, found.id, found.secret, timeout=20, total=30) as client,
        Replica.open(tmp_path / "x", client, follow=None) as replica,
    ):
        yield Both(apart, client, replica)


def test_a_person_whose_data_are_frozen_and_who_shares_their_address(both: Both) -> None:
    shared, cards = somebody(), [f"loyalty:{uuid.uuid4().hex}" for _ in range(2)]
    ana = both.record([shared, cards[0]], yes(contact_point=shared))
    both.record([shared, cards[1]], yes(contact_point=shared))
    assert both.check(shared)

    async def freeze(parts: Parts) -> None:
        def work(unit: Unit) -> None:
            key = open_keys(unit.connection, parts.keyring, [ana])[ana].proof
            assert key is not None
            entry = begin(
                unit, parts.keyring, action="subject.restricted", actor=OPERATOR, subject_id=ana, key=key
            )
            entry.update(subjects, {"id": [ana]}, {"restricted_at": unit.now})
            entry.close(None)

        await parts.database.change(work)

    both.serving.installation.within(freeze)
    assert both.check(shared).reason == "restricted"
    assert both.check(cards[1]).reason == "restricted"


def test_two_records_that_become_one_person_and_two_again(both: Both) -> None:
    ana, bruno = somebody(), somebody()
    first = both.record(ana, yes(contact_point=ana))
    second = both.record(bruno, Event(purpose="newsletter", channel="email", state="refused"))
    assert both.check(ana)

    async def change(parts: Parts) -> None:
        act = merge if together else unmerge
        await parts.database.change(
            lambda unit: act(unit, parts.keyring, OPERATOR, first, second, "same_person") and None
        )

    together = True
    both.serving.installation.within(change)
    assert both.check(ana).reason == "refused"
    assert both.check(bruno).reason == "refused"
    together = False
    both.serving.installation.within(change)
    assert both.check(ana)
    assert both.check(bruno).reason == "refused"


def test_two_who_are_parted_by_what_is_recorded_about_a_third(both: Both) -> None:
    """The entry is about the third: the edge that it lists says whom it moves."""
    ana, bruno = somebody(), somebody()
    third = both.record(somebody(), yes())
    first = both.record(ana, yes())
    second = both.record(bruno, Event(purpose="newsletter", channel="email", state="requested"))

    async def join(parts: Parts) -> None:
        await parts.database.change(
            lambda unit: merge(unit, parts.keyring, OPERATOR, first, second, "same_person") and None
        )

    async def part(parts: Parts) -> None:
        def work(unit: Unit) -> None:
            key = open_keys(unit.connection, parts.keyring, [third])[third].proof
            assert key is not None
            entry = begin(
                unit, parts.keyring, action="consent.recorded", actor=OPERATOR, subject_id=third, key=key
            )
            a, b = sorted((first, second))
            edge = {"id": new_id(), "kind": "unmerge", "reason": "contradicting_numbers", "at": unit.now}
            entry.insert(people.EDGES, {**edge, "subject_a": a, "subject_b": b})
            entry.close(None)
            states_store.forget_states(unit, {GroupId(a)})
            for one in (a, b):
                people.regroup(unit, [one], GroupId(one))
                refold(unit, GroupId(one), [one])

        await parts.database.change(work)

    both.serving.installation.within(join)
    assert both.check(bruno)
    both.serving.installation.within(part)
    assert not both.check(bruno)
    assert both.check(ana)


@pytest.mark.parametrize("keep", [True, False])
def test_a_person_who_is_erased_and_with_whom_somebody_shares_an_address(both: Both, keep: bool) -> None:
    """Their entry of the do-not-contact list is about the address: it counts for whoever else holds it."""
    shared, cards = somebody(), [f"loyalty:{uuid.uuid4().hex}" for _ in range(2)]
    ana = both.record([shared, cards[0]], yes(contact_point=shared))
    both.record([shared, cards[1]], yes(contact_point=shared))
    assert both.check(shared)

    async def forget(parts: Parts) -> None:
        def work(unit: Unit) -> None:
            compiled = parts.policies.active(unit.connection)
            erase(unit, parts.keyring, compiled, OPERATOR, ana, keep_suppression=keep)

        await parts.database.change(work)

    both.serving.installation.within(forget)
    assert both.check(cards[0]).reason == "unknown_person"
    told = both.check(shared)
    assert (told.allow, told.reason) == ((False, "suppressed") if keep else (True, "consent_given"))


def test_other_rules_that_come_into_force(both: Both, tmp_path: Path) -> None:
    ana = somebody()
    both.record(ana, yes(contact_point=ana))
    before = both.check(ana)
    assert before
    folder = tmp_path / "policies"
    shutil.copytree(POLICIES, folder)
    purpose = folder / "purposes" / "newsletter.yaml"
    purpose.write_text(purpose.read_text().replace("  email: [consent]\n", ""))

    async def change(parts: Parts) -> None:
        new = load(folder)
        await parts.database.change(lambda unit: activate(unit, parts.keyring, new, OPERATOR) and None)

    both.serving.installation.within(change)
    after = both.check(ana)
    assert after.reason == "purpose_not_on_channel"
    assert after.policy != before.policy
    shutil.copytree(POLICIES, folder, dirs_exist_ok=True)
    both.serving.installation.within(change)
    again = both.check(ana)
    assert (again.allow, again.policy) == (True, before.policy)
