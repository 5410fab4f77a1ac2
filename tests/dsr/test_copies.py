"""A copy from the silos' answers to the person's hands: real databases, mail and silos."""

import io
import json
import re
import zipfile
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from consentd.crypto.wrapping import draw_key
from consentd.db.tables import requests as t
from consentd.dsr.copying import store
from consentd.dsr.copying.rounds import KEPT_DAYS
from consentd.dsr.copying.shapes import HandedOver, LinkMade
from consentd.dsr.package.verifying import verify
from consentd.dsr.views import RequestTold
from consentd.evidence.model import OPERATOR
from consentd.evidence.recorder import begin
from consentd.kernel.errors import CallerError, Conflict, NotFound
from support.builders import Company
from support.packages import keys, log_key
from support.rights import Rights, code_in
from support.silos_simulated import Silo, system
from support.smtp import Sink

ANA = "email:ana@exemple.fr"
CANARY = "canari-7731"


class Desk:
    """Ana asks for a copy; the web shop knows her, the till may be broken."""

    def __init__(self, rights: Rights, request: UUID, who: UUID, silos: dict[str, Silo]) -> None:
        self.rights, self.request, self.who, self.silos = rights, request, who, silos

    async def step(self, step: str, **members: Any) -> RequestTold:
        return await self.rights.step(self.request, step, self.who, **members)

    async def release(self) -> RequestTold:
        await self.rights.makes_copies()
        return await self.step("release")

    async def by_code(self) -> LinkMade:
        code = await self.rights.copy_code(self.request)
        return await self.rights.handing.link_by_code(
            self.rights.company.systems["desk"], self.request, code or ""
        )

    async def handed(self) -> LinkMade:
        asked = HandedOver(self.who, "Came to the shop with the card.")
        return await self.rights.handing.hand_over(self.rights.company.systems["desk"], self.request, asked)

    async def told(self) -> Any:
        return await self.rights.looking.tell(self.rights.company.systems["desk"], self.request)

    async def records(self, system: str = "webshop", what: str = "rows", **page: int) -> Any:
        caller, page = self.rights.company.systems["desk"], {"after": 0, "limit": 50} | page
        return await self.rights.looking.records(
            caller, self.request, self.who, system, what, page["after"], page["limit"]
        )

    @property
    def folder(self) -> Any:
        return self.rights.copies.folder(self.request)


async def reviewed(company: Company, mailbox: Sink, right: str = "access", **silos: Silo) -> Desk:
    """A request whose silos answered."""
    found = {"webshop": Silo((ANA, f"customer:{CANARY}")), "till": Silo((ANA,))} | silos
    await company.gives(ANA)
    told = {name: (system(name, "email"), silo) for name, silo in found.items()}
    rights = await Rights.of(company, told, mailbox)
    who = await rights.hire()
    asked = await rights.asks(right, ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    for _ in range(20):
        await rights.carries_out()
        company.clock.move(hours=1)
    return Desk(rights, asked.id, who, found)


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


async def test_a_copy_from_the_request_to_the_persons_hands(company: Company, mailbox: Sink) -> None:
    desk = await reviewed(company, mailbox)
    assert (await desk.told()).state == "making"
    assert (await desk.release()).state == "answered"
    link = await desk.by_code()
    content = await desk.rights.fetches(link.url)
    copy = opened(content)
    assert json.loads(copy.read("data/webshop/rows.json")) == [
        {"known_by": f"customer:{CANARY}, email:ana@exemple.fr"}
    ]
    assert {"letter.pdf", "proofs.json", "manifest.sig", "consents/history.csv"} <= set(copy.namelist())
    verdict = verify(io.BytesIO(content), keys(company), log_key(company))
    assert verdict.holds, verdict
    with pytest.raises(NotFound) as again:
        await desk.rights.fetches(link.url)
    assert again.value.code == "dead_link"
    actions = await company.actions()
    for action in ("copy_begun", "copy_made", "copy_released", "copy_link_made", "copy_fetched"):
        assert actions.count(f"request.{action}") == 1, action
    await company.verify_everything()


async def test_the_mail_says_that_it_is_ready_and_nothing_of_it(company: Company, mailbox: Sink) -> None:
    desk = await reviewed(company, mailbox)
    await desk.rights.makes_copies()
    before = len(mailbox.taken)
    await desk.rights.carries_out()
    assert len(mailbox.taken) == before
    await desk.step("release")
    await desk.rights.carries_out()
    (mail,) = [taken.message for taken in mailbox.taken[before:]]
    text = mail.get_content()
    assert (mail["to"], "prêt" in mail["subject"]) == ("ana@exemple.fr", True)
    assert str(desk.request) in text
    # A date, no door: neither a link nor a code, and nothing of what was found.
    assert not re.search(r"https?://|v1/packages|[0-9]{4} [0-9]{4}|webshop|Webshop|" + CANARY, text)
    assert "request.told_copy" in await company.actions()
    await desk.rights.carries_out()
    assert len(mailbox.taken) == before + 1


async def test_to_take_away_there_is_no_letter(company: Company, mailbox: Sink) -> None:
    desk = await reviewed(company, mailbox, "portability")
    await desk.release()
    assert "letter.pdf" not in opened(await desk.rights.fetches((await desk.by_code()).url)).namelist()


async def test_promise_12_nothing_leaves_before_staff_released_it(company: Company, mailbox: Sink) -> None:
    desk = await reviewed(company, mailbox)
    with pytest.raises(Conflict) as early:
        await desk.step("release")
    assert early.value.code == "copy_not_made"
    await desk.rights.makes_copies()
    for way in (desk.by_code, desk.handed):
        with pytest.raises(Conflict) as refused:
            await way()
        assert refused.value.code == "copy_not_released"


async def test_promise_12_a_code_of_the_identification_fetches_nothing(
    company: Company, mailbox: Sink
) -> None:
    desk = await reviewed(company, mailbox)
    await desk.release()
    await company.database.housekeep(
        lambda unit: unit.connection.execute(
            t.identity_codes.update().values(used_at=None, expires_at=unit.now + 10**9, tries=0)
        )
    )
    code = code_in(mailbox.taken[0].message.get_content())
    with pytest.raises(CallerError) as refused:
        await desk.rights.handing.link_by_code(company.systems["desk"], desk.request, code)
    assert refused.value.code == "wrong_code"


async def test_what_is_held_back_does_not_go_out_and_can_be_taken_back(
    company: Company, mailbox: Sink
) -> None:
    desk = await reviewed(company, mailbox, webshop=Silo((ANA, f"customer:{CANARY}"), (ANA, "customer:B")))
    await desk.rights.makes_copies()
    (first, second) = (await desk.records()).records
    assert (first.number, first.held, CANARY in first.record["known_by"]) == (1, (), True)
    held = {"system": "webshop", "what": "rows", "record": 1, "reason": "somebody else’s number"}
    await desk.step("redact", **held)
    await desk.step("redact", **(held | {"record": 2, "field": "known_by"}))
    with pytest.raises(Conflict) as changed:
        await desk.step("release")
    assert changed.value.code == "copy_not_made"
    await desk.rights.makes_copies()
    told = await desk.told()
    assert (told.state, told.withheld, [one.record for one in told.redactions]) == ("made", 2, [1, 2])
    await desk.step("take_back", redaction=str(told.redactions[1].id))
    with pytest.raises(NotFound):
        await desk.step("take_back", redaction=str(told.redactions[1].id))
    assert [one.held for one in (await desk.records()).records] == [("known_by",), ()]
    await desk.release()
    copy = opened(await desk.rights.fetches((await desk.by_code()).url))
    rows = json.loads(copy.read("data/webshop/rows.json"))
    assert rows == [second.record]
    assert all(CANARY.encode() not in copy.read(name) for name in copy.namelist())
    with pytest.raises(Conflict):
        await desk.step("redact", **held)
    # Of what was held back nothing is left in another archive.
    assert len(await live(company)) == 1


async def live(company: Company) -> list[Any]:
    read = sa.select(t.request_keys.c.of_id).where(t.request_keys.c.kind == "archive")
    return await company.database.read(lambda connection: list(connection.execute(read).scalars()))


async def test_a_redaction_that_meets_nothing_stops_the_copy(company: Company, mailbox: Sink) -> None:
    desk = await reviewed(company, mailbox)
    await desk.step("redact", system="webshop", what="rows", record=9, reason="x")
    await desk.rights.makes_copies()
    told = await desk.told()
    assert (told.state, told.code) == ("failed", "redaction_meets_nothing")
    with pytest.raises(Conflict):
        await desk.step("release")
    await desk.step("take_back", redaction=str(told.redactions[0].id))
    assert (await desk.release()).state == "answered"


async def test_a_copy_in_part_names_the_gap_and_is_made_and_reviewed_again(
    company: Company, mailbox: Sink
) -> None:
    broken = Silo((ANA, "customer:T9"))
    broken.fails = 1_000
    desk = await reviewed(company, mailbox, till=broken)
    await desk.rights.makes_copies()
    await desk.step("redact", system="webshop", what="rows", record=1, field="known_by", reason="x")
    await desk.step("redact", system="(own)", what="history", record=1, field="channel", reason="x")
    assert (await desk.release()).state == "partial"
    first = await desk.by_code()
    manifest = json.loads(opened(await desk.rights.fetches(first.url)).read("manifest.json"))
    assert {one["name"]: one["outcome"] for one in manifest["systems"]}["Till"] == "silent"
    unused = await desk.by_code()
    broken.fails = 0
    await desk.step("retry")
    await desk.rights.carries_out()
    assert (await desk.rights.told(desk.request)).state == "reviewing"
    told = await desk.told()
    # The web shop's records are those that were looked at; consentd's own were gathered anew.
    assert [(one.system, one.lapsed) for one in told.redactions] == [("webshop", False), ("(own)", True)]
    assert (await desk.release()).state == "answered"
    with pytest.raises(NotFound):
        await desk.rights.fetches(unused.url)
    copy = opened(await desk.rights.fetches((await desk.by_code()).url))
    assert json.loads(copy.read("data/webshop/rows.json")) == [{"known_by": None}]
    assert len(json.loads(copy.read("data/till/rows.json"))) == 1
    await company.verify_everything()


async def test_promise_10_expiry_destroys_the_key_and_then_the_files(company: Company, mailbox: Sink) -> None:
    desk = await reviewed(company, mailbox)
    await desk.release()
    assert any(desk.folder.rglob("*.sealed"))
    assert (await desk.told()).state == "released"
    company.clock.move(days=KEPT_DAYS, seconds=-1)
    await desk.rights.sweeps()
    link = await desk.handed()
    company.clock.move(seconds=2)
    # Past its time nothing is handed out, swept or not.
    with pytest.raises(NotFound):
        await desk.rights.fetches(link.url)
    with pytest.raises(Conflict):
        await desk.handed()
    await desk.rights.sweeps()
    assert await live(company) == []
    assert not desk.folder.exists()
    assert (await desk.told()).state == "gone"
    await company.verify_everything()


async def test_what_was_gathered_goes_with_the_release(company: Company, mailbox: Sink) -> None:
    desk = await reviewed(company, mailbox)
    await desk.release()
    await desk.rights.sweeps()
    # The archive alone is left, and it opens.
    assert len(list(desk.folder.rglob("*.sealed"))) == 1
    assert await desk.rights.fetches((await desk.by_code()).url)


@pytest.mark.parametrize("made", [True, False])
async def test_a_refused_requests_copy_is_swept(company: Company, mailbox: Sink, made: bool) -> None:
    desk = await reviewed(company, mailbox)
    if made:
        await desk.rights.makes_copies()
    await desk.step("refuse", reasons="Asked every day.", article="GDPR 12(5)")
    read = sa.select(t.request_keys.c.kind).where(t.request_keys.c.kind.in_(("package", "archive")))
    assert await company.database.read(lambda connection: list(connection.execute(read).scalars())) == []
    await desk.rights.makes_copies()
    await desk.rights.sweeps()
    assert not desk.folder.exists()
    await company.verify_everything()


async def test_a_restored_backup_brings_no_destroyed_copy_back(company: Company, mailbox: Sink) -> None:
    """Keys and files as a backup of the day of the release has them: their time is over all the same."""
    desk = await reviewed(company, mailbox)
    await desk.release()
    link = await desk.by_code()
    keys_then = await company.database.read(
        lambda connection: [dict(row) for row in connection.execute(sa.select(t.request_keys)).mappings()]
    )
    files_then = {path: path.read_bytes() for path in desk.folder.rglob("*.sealed")}
    company.clock.move(days=KEPT_DAYS + 1)
    await desk.rights.sweeps()

    def restored(unit: Any) -> None:
        unit.connection.execute(t.request_keys.delete())
        unit.connection.execute(t.request_keys.insert(), keys_then)
        unit.connection.execute(t.packages.update().values(destroyed_at=None))
        begin(unit, company.keyring, action="restored", actor=OPERATOR, key=company.keyring.audit()).close()

    await company.database.change(restored)
    for path, content in files_then.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(NotFound):
        await desk.rights.fetches(link.url)
    with pytest.raises(Conflict):
        await desk.handed()
    await desk.rights.sweeps()
    assert (await live(company), desk.folder.exists()) == ([], False)


async def test_a_link_dies_after_five_wrong_tries_and_with_the_next_one(
    company: Company, mailbox: Sink
) -> None:
    desk = await reviewed(company, mailbox)
    await desk.release()
    first, second = await desk.handed(), await desk.handed()
    wrong = [second.url[:-1] + ("A" if second.url[-1] != "A" else "B")] * 5
    for url in (first.url, *wrong, second.url, "x", "A" * 64):
        with pytest.raises(NotFound) as dead:
            await desk.rights.fetches(url)
        assert dead.value.code == "dead_link"
    third = await desk.handed()
    company.clock.move(days=1)
    with pytest.raises(NotFound):
        await desk.rights.fetches(third.url)
    assert await desk.rights.fetches((await desk.handed()).url)


async def test_a_code_is_sent_to_who_was_proven_and_not_to_a_mailbox_that_is_shared_by_now(
    company: Company, mailbox: Sink
) -> None:
    desk = await reviewed(company, mailbox)
    await desk.release()
    await company.gives(ANA, "customer:C1", by="desk")
    await company.gives(ANA, "customer:C2", by="desk")
    if len(await company.people(ANA)) < 2:
        pytest.fail("the address is not shared")
    with pytest.raises(Conflict) as shared:
        await desk.by_code()
    assert shared.value.code == "no_proven_contact"


async def test_who_was_identified_by_staff_gets_it_from_staff(company: Company, mailbox: Sink) -> None:
    silo = Silo((ANA,))
    rights = await Rights.of(company, {"webshop": (system("webshop", "email"), silo)}, mailbox)
    who = await rights.hire()
    asked = await rights.asks("access", ANA)
    await rights.step(asked.id, "identify", who, grounds="At the counter.", accepts_identifiers=True)
    await rights.carries_out()
    desk = Desk(rights, asked.id, who, {"webshop": silo})
    await desk.release()
    with pytest.raises(Conflict) as nobody:
        await desk.by_code()
    assert nobody.value.code == "no_proven_contact"
    # She is not on record at consentd: the silos' part is all there is.
    assert "write_by_hand" in [step.event for step in (await rights.told(asked.id)).steps]
    names = opened(await rights.fetches((await desk.handed()).url)).namelist()
    assert "data/webshop/rows.json" in names
    assert not any(name.startswith("consents/") for name in names)


async def test_a_maker_that_was_killed_is_taken_over_and_leaves_nothing(
    company: Company, mailbox: Sink
) -> None:
    desk = await reviewed(company, mailbox)
    dead = await company.database.housekeep(lambda unit: store.claim(unit, desk.who))
    assert dead is not None
    abandoned = draw_key().id
    (desk.folder / str(abandoned)).mkdir()
    (desk.folder / str(abandoned) / "half.part").write_bytes(b"x")
    await desk.rights.makes_copies()
    assert (await desk.told()).state == "making"
    company.clock.move(minutes=1)
    assert (await desk.release()).state == "answered"
    await desk.rights.sweeps()
    assert not (desk.folder / str(abandoned)).exists()


async def test_who_looked_is_told_to_the_person(company: Company, mailbox: Sink) -> None:
    desk = await reviewed(company, mailbox)
    await desk.rights.makes_copies()
    page = await desk.records(limit=1)
    assert page.next is None
    with pytest.raises(NotFound):
        await desk.records(what="nothing")
    assert "request.copy_read" in await company.actions()
    await desk.release()
    later = await desk.rights.asks("access", ANA)
    await desk.rights.proves(later.id, await desk.rights.code(later.id) or "")
    await desk.rights.carries_out()
    again = Desk(desk.rights, later.id, desk.who, desk.silos)
    await again.release()
    copy = opened(await desk.rights.fetches((await again.by_code()).url))
    looked = json.loads(copy.read("consents/consultations.json"))
    by = {one["by"] for one in looked if one["action"] == "request.copy_read"}
    assert by == {"Membre de l’équipe chargé des demandes"}
