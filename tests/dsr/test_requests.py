"""A person asks once, and every silo does its part: real databases, silos that behave or do not."""

import pytest
from msgspec import structs

from consentd.kernel.connection import Verb
from consentd.kernel.errors import CallerError, Conflict
from support.builders import Company
from support.rights import Rights
from support.silos_simulated import Silo, system
from support.smtp import Sink

ANA = "email:ana@exemple.fr"
CARD = "customer:C42"


async def shop(company: Company, mailbox: Sink | None = None, **silos: Silo) -> Rights:
    """A web shop that knows numbers and addresses, a till that knows numbers alone, a mailing tool."""
    found = {
        "webshop": (system("webshop", "email", "customer", adds=("customer",)), silos["webshop"]),
        "till": (system("till", "customer", after=("webshop",)), silos["till"]),
        "mailing": (system("mailing", "email"), silos["mailing"]),
    }
    return await Rights.of(company, found, mailbox)


def three(**changed: Silo) -> dict[str, Silo]:
    return {
        "webshop": Silo((ANA, CARD)),
        "till": Silo((CARD,), (CARD, "x:1"), ("customer:C43",)),
        "mailing": Silo((ANA,), ("email:ben@exemple.fr",)),
    } | changed


def verdicts(told: object, system: str) -> dict[str, str | None]:
    silos = {silo.system: silo for silo in told.silos}  # type: ignore[attr-defined]
    return {task.verb: task.verdict for task in silos[system].tasks}


async def test_an_erasure_from_the_code_to_the_last_silo(company: Company, mailbox: Sink) -> None:
    silos = three()
    await company.gives(ANA)
    rights = await shop(company, mailbox, **silos)
    asked = await rights.asks("erasure", ANA)
    await rights.carries_out()
    assert not silos["webshop"].orders
    code = await rights.code(asked.id)
    assert code
    await rights.proves(asked.id, code)
    await rights.carries_out()
    told = await rights.told(asked.id)
    assert told.state == "answered", told
    assert [task.verb for task in told.silos[-1].tasks] == ["locate", "erase", "confirm"]
    assert silos["webshop"].rows == []
    # The web shop knew the number by which the till knows her; nobody else's rows were touched.
    assert silos["till"].rows == [{"customer:C43"}]
    assert silos["mailing"].rows == [{"email:ben@exemple.fr"}]
    assert await company.people(ANA) == []
    await company.verify_everything()


async def test_promise_12_nothing_is_asked_of_silos_before_identity_is_proven(
    company: Company, mailbox: Sink
) -> None:
    silos = three()
    await company.gives(ANA)
    rights = await shop(company, mailbox, **silos)
    for right in ("access", "portability", "erasure", "rectification"):
        changes = {"changes": {"name": "Ana"}} if right == "rectification" else {}
        await rights.asks(right, ANA, **changes)
        await rights.carries_out()
    assert not any(silo.orders for silo in silos.values())


async def test_promise_12_a_repeated_request_has_an_identity_check_of_its_own(
    company: Company, mailbox: Sink
) -> None:
    silos = three()
    await company.gives(ANA)
    rights = await shop(company, mailbox, **silos)
    first = await rights.asks("access", ANA)
    code = await rights.code(first.id)
    assert code
    await rights.proves(first.id, code)
    second = await rights.asks("access", ANA)
    with pytest.raises(CallerError) as refused:
        await rights.proves(second.id, code)
    assert refused.value.code == "wrong_code"
    await rights.carries_out()
    assert (await rights.told(second.id)).state == "received"


async def test_promise_12_a_failed_silo_makes_it_partial_and_it_stays_open(
    company: Company, mailbox: Sink
) -> None:
    silos = three()
    silos["mailing"].fails = 1_000
    await company.gives(ANA)
    rights = await shop(company, mailbox, **silos)
    who = await rights.hire()
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    for _ in range(20):
        await rights.carries_out()
        company.clock.move(hours=1)
    told = await rights.told(asked.id)
    assert (told.state, told.gaps, told.waits_for) == ("partial", ("mailing",), "silos")
    assert told.answered_at
    assert verdicts(told, "webshop")["confirm"] == "done"
    # Weeks later the silo is back. consentd's own record is gone; the request still knows whom it is about.
    silos["mailing"].fails = 0
    await rights.step(asked.id, "retry", who)
    await rights.carries_out()
    told = await rights.told(asked.id)
    assert (told.state, told.gaps) == ("answered", ())
    assert silos["mailing"].rows == [{"email:ben@exemple.fr"}]
    await company.verify_everything()


async def test_an_erasure_that_did_not_take_is_noticed_by_asking_again(
    company: Company, mailbox: Sink
) -> None:
    silos = three()
    silos["mailing"].leaves = True
    await company.gives(ANA)
    rights = await shop(company, mailbox, **silos)
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    told = await rights.told(asked.id)
    assert (told.state, told.gaps) == ("partial", ("mailing",))
    assert verdicts(told, "mailing") == {"locate": "done", "erase": "done", "confirm": "partial"}


async def test_a_silo_that_cannot_is_a_gap_and_no_silent_success(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    silos = {
        "webshop": (system("webshop", "email", verbs=[Verb.LOCATE, Verb.ERASE]), Silo((ANA,))),
        "notebook": (system("notebook", "email").__class__(id="notebook", name="N", zone="UTC"), Silo()),
    }
    rights = await Rights.of(company, silos, mailbox)
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    told = await rights.told(asked.id)
    assert (told.state, told.gaps) == ("partial", ("notebook", "webshop"))
    assert verdicts(told, "webshop")["confirm"] == "unsupported"
    assert [task.code for silo in told.silos for task in silo.tasks if silo.system == "notebook"] == [
        "unconnected"
    ]


async def test_a_silo_that_knows_nobody_by_what_is_known_is_told_and_no_gap(
    company: Company, mailbox: Sink
) -> None:
    await company.gives(ANA)
    silo = Silo(("phone:+33612345678",))
    rights = await Rights.of(company, {"calls": (system("calls", "phone"), silo)}, mailbox)
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    told = await rights.told(asked.id)
    assert told.state == "answered"
    assert told.silos[0].tasks[0].code == "not_known_by"
    assert not silo.orders


async def test_what_a_silo_adds_does_not_spread_to_other_people(company: Company, mailbox: Sink) -> None:
    """The web shop's row names somebody else's number: the till must not be asked about them."""
    ben = "customer:C43"
    silos = three(webshop=Silo((ANA, CARD), (ANA, ben)))
    await company.gives(ANA)
    await company.gives("email:ben@exemple.fr", ben)
    rights = await shop(company, mailbox, **silos)
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    assert {one.value for order in silos["till"].orders for one in order.identifiers} == {"c42"}
    assert {"customer:C43"} in silos["till"].rows


async def test_a_code_to_a_shared_mailbox_is_not_enough_and_shows_nothing(
    company: Company, mailbox: Sink
) -> None:
    await company.gives("email:home@exemple.fr", "customer:C1")
    await company.gives("email:home@exemple.fr", "customer:C2")
    rights = await shop(company, mailbox, **three())
    asked = await rights.asks("access", "email:home@exemple.fr", "customer:C1")
    alone = await rights.asks("access", "email:nobody@exemple.fr")
    code = await rights.code(asked.id)
    assert code
    first = await rights.proves(asked.id, code)
    assert (await rights.told(asked.id)).state == "identifying"
    # Somebody unknown is answered alike, down to the members.
    assert await rights.code(alone.id) is None
    assert (await rights.told(alone.id)).state == "identifying"
    assert structs.replace(first, id=alone.id) == alone


async def test_a_code_is_tried_five_times_and_works_once(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await shop(company, mailbox, **three())
    asked = await rights.asks("access", ANA)
    code = await rights.code(asked.id) or ""
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for _ in range(5):
        with pytest.raises(CallerError):
            await rights.proves(asked.id, wrong)
    with pytest.raises(CallerError) as refused:
        await rights.proves(asked.id, code)
    assert refused.value.code == "wrong_code"
    again = await rights.code(asked.id) or ""
    await rights.proves(asked.id, again)
    with pytest.raises(CallerError):
        await rights.proves(asked.id, again)


async def test_a_code_ends_after_a_quarter_of_an_hour(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await shop(company, mailbox, **three())
    asked = await rights.asks("access", ANA)
    code = await rights.code(asked.id) or ""
    company.clock.move(minutes=16)
    with pytest.raises(CallerError):
        await rights.proves(asked.id, code)


async def test_an_objection_stands_before_anybody_is_asked_for_proof(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    assert await company.allows(ANA)
    rights = await shop(company, mailbox, **three())
    received = await rights.asks("marketing_objection", ANA)
    assert received.done_at_once
    assert not await company.allows(ANA)
    assert (await rights.told(received.id)).state in ("running", "answered")


async def test_everything_is_withdrawn_at_once_and_later_claims_stay_below(
    company: Company, mailbox: Sink
) -> None:
    await company.gives(ANA)
    rights = await shop(company, mailbox, **three())
    await rights.asks("withdrawal", ANA)
    assert await company.why(ANA) == "withdrawn"
    assert set((await company.states(ANA)).values()) == {"withdrawn"}
    await company.verify_everything()


async def test_a_restriction_freezes_and_its_end_takes_staff_and_proof(
    company: Company, mailbox: Sink
) -> None:
    await company.gives(ANA)
    silos = three()
    rights = await shop(company, mailbox, **silos)
    await rights.asks("restriction", ANA)
    assert await company.why(ANA) == "restricted"
    lifting = await rights.asks("lifting", ANA)
    await rights.proves(lifting.id, await rights.code(lifting.id) or "")
    await rights.carries_out()
    assert (await rights.told(lifting.id)).state == "approving"
    assert await company.why(ANA) == "restricted"
    await rights.step(lifting.id, "approve", await rights.hire())
    await rights.carries_out()
    assert (await rights.told(lifting.id)).state == "answered"
    assert await company.allows(ANA)
    assert silos["mailing"].frozen == 0
    await company.verify_everything()


async def test_an_erasure_by_letter_needs_two_of_staff(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    silos = three()
    rights = await shop(company, mailbox, **silos)
    one, two = await rights.hire("Claire"), await rights.hire("Hugo")
    asked = await rights.asks("erasure", ANA, came_by="letter", received_on="2026-11-10")
    told = await rights.told(asked.id)
    assert (told.received_on, told.legal_due) == ("2026-11-10", "2026-12-10")
    await rights.step(asked.id, "identify", one, grounds="Signature compared with the loyalty card.")
    await rights.step(asked.id, "approve", one)
    with pytest.raises(Conflict) as refused:
        await rights.step(asked.id, "approve", one)
    assert refused.value.code == "approval_missing"
    await rights.carries_out()
    assert not silos["webshop"].orders
    assert (await rights.step(asked.id, "approve", two)).state == "running"
    await rights.carries_out()
    assert (await rights.told(asked.id)).state == "answered"


async def test_where_one_works_alone_they_approve_again_after_a_day(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await shop(company, mailbox, **three())
    one = await rights.hire()
    asked = await rights.asks("erasure", ANA, came_by="counter")
    await rights.step(asked.id, "identify", one, grounds="Known at the counter.")
    await rights.step(asked.id, "approve", one)
    company.clock.move(hours=23)
    with pytest.raises(Conflict):
        await rights.step(asked.id, "approve", one)
    company.clock.move(hours=2)
    assert (await rights.step(asked.id, "approve", one)).state == "running"


async def test_a_silent_silo_does_not_delay_the_answer(company: Company, mailbox: Sink) -> None:
    silos = three()
    silos["mailing"].answers_later = True
    await company.gives(ANA)
    rights = await shop(company, mailbox, **silos)
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    assert (await rights.told(asked.id)).state == "running"
    company.clock.move(days=8)
    await rights.worker.watch()
    told = await rights.told(asked.id)
    assert (told.state, told.gaps) == ("partial", ("mailing",))
    assert told.silos[0].tasks[0].code == "silent"


async def test_who_never_shows_who_they_are_is_not_waited_for_for_ever(
    company: Company, mailbox: Sink
) -> None:
    rights = await shop(company, mailbox, **three())
    asked = await rights.asks("access", ANA)
    company.clock.move(days=40)
    await rights.worker.watch()
    assert (await rights.told(asked.id)).state == "lapsed"


async def test_a_refusal_and_an_extension(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await shop(company, mailbox, **three())
    who = await rights.hire()
    asked = await rights.asks("access", ANA)
    told = await rights.step(asked.id, "extend", who, reasons="Five archives on paper.")
    assert told.extended
    assert told.legal_due > asked.legal_due
    with pytest.raises(Conflict):
        await rights.step(asked.id, "extend", who, reasons="Again.")
    told = await rights.step(
        asked.id, "refuse", who, reasons="Asked every day for a year.", article="GDPR 12(5)"
    )
    assert told.state == "refused"
    assert told.closed_at
    with pytest.raises(Conflict):
        await rights.step(asked.id, "approve", who)


async def test_doubt_stops_the_clock_until_identity_is_shown(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await shop(company, mailbox, **three())
    who = await rights.hire()
    asked = await rights.asks("access", ANA)
    await rights.step(asked.id, "ask_proof", who, doubt="The letter bears another name.")
    company.clock.move(days=10)
    await rights.step(asked.id, "identify", who, grounds="Came to the shop with the card.")
    before, after = asked.safe_due, (await rights.told(asked.id)).safe_due
    assert (before, after) == ("2026-12-18", "2026-12-28")


async def test_a_code_alone_does_not_stop_the_clock(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await shop(company, mailbox, **three())
    asked = await rights.asks("access", ANA)
    code = await rights.code(asked.id) or ""
    company.clock.move(minutes=10)
    await rights.proves(asked.id, code)
    assert (await rights.told(asked.id)).safe_due == asked.safe_due


async def test_a_dead_worker_is_taken_over(company: Company, mailbox: Sink) -> None:
    """It claimed a task and never came back; its lease runs out, and another process does it."""
    silos = three()
    await company.gives(ANA)
    rights = await shop(company, mailbox, **silos)
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    silos["webshop"].latency = 3600
    dead = rights.new_worker()
    await dead.start()
    for task in list(dead._running):
        # Killed: nothing of it is tidied up.
        task.get_coro().close()  # type: ignore[union-attr]
    dead._running.clear()
    silos["webshop"].latency = 0
    await rights.carries_out()
    assert not silos["webshop"].orders
    company.clock.move(minutes=1)
    await rights.carries_out()
    assert (await rights.told(asked.id)).state == "answered"
    assert silos["till"].rows == [{"customer:C43"}]


async def test_a_copy_lies_sealed_until_it_is_looked_at(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await shop(company, mailbox, **three())
    asked = await rights.asks("access", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    assert (await rights.told(asked.id)).state == "reviewing"
    files = await rights.copies.files(asked.id)
    found = files.collected("webshop")
    assert found is not None
    assert [(one.what, one.records) for one in found.categories] == [("rows", 1)]
    with files.records("webshop", "rows").open() as lines:
        assert b"ana@exemple.fr" in lines.read()
    raw = b"".join(path.read_bytes() for path in (company.folder / "copies").rglob("*") if path.is_file())
    assert raw
    assert b"exemple" not in raw


async def test_what_a_silo_tells_is_spelled_as_it_is_looked_for(company: Company, mailbox: Sink) -> None:
    """Case differences and national forms must not miss a person's data at the next silo."""
    await company.gives(ANA)
    silos = {
        "webshop": (
            system("webshop", "email", adds=("phone", "nonsense")),
            Silo((ANA, "phone:06 12 34 56 78", "phone:n/a", "nonsense:1")),
        ),
        "calls": (system("calls", "phone", after=("webshop",)), Silo(("phone:+33612345678",))),
    }
    rights = await Rights.of(company, silos, mailbox)
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    assert (await rights.told(asked.id)).state == "answered"
    assert silos["calls"][1].rows == []
