"""Promise 10, through a request: after the erasure a canary is in no table, file, log or export.

Everything of a person that can hold a word holds one: identifiers, names, evidence, remarks, the words of the
request, who acted for them, what silos said. Every surviving key is tried on every stored ciphertext.
"""

import io
from uuid import UUID

import msgspec
import pytest

from consentd.crypto import request_keys
from consentd.dsr.certificate_check import CertificatesTold
from consentd.dsr.certifying import certificates_of
from consentd.evidence.bundle.archive import content_of, members_of
from consentd.evidence.bundle.export import export
from consentd.systems.connectors.contract import Answer, Order
from support.builders import ROOT, Company, demo_policy
from support.builders_keys import openable, stored_bytes
from support.builders_requests import yes
from support.rights import Rights
from support.silos_simulated import Silo, system

EMAIL, PHONE, CARD = "canary.zerbinette@exemple.fr", "+33698761234", "zx81-canari"
NAME, REMARK = "Zerbinette Quagliarella", "parle toujours de son chat Mistigri"
CANARY = (f"email:{EMAIL}", f"phone:{PHONE}", f"loyalty:{CARD}")
TRACES = [word.encode() for word in (EMAIL, "zerbinette", PHONE[3:], CARD, NAME, "Zerbinette", "Mistigri")]


class Talkative(Silo):
    """It says in its answers what it should not."""

    async def erase(self, order: Order) -> Answer:
        return msgspec.structs.replace(await super().erase(order), detail=f"Erased {NAME}, {EMAIL}.")


async def ask_to_be_forgotten(company: Company, silo: Silo) -> tuple[Rights, UUID]:
    said = yes("newsletter", "email", company.at(), contact_point=CANARY[0], evidence={"wording": NAME})
    await company.send(CANARY, said, name=NAME)
    await company.told("sale", *CANARY, occurred_at=company.at(), reference=REMARK)
    await company.objects(CANARY[0], reason=REMARK)
    rights = await Rights.of(company, {"webshop": (system("webshop", "email", "loyalty"), silo)})
    staff = [await rights.hire(name) for name in ("Claire", "Paul")]
    asked = await rights.asks(
        "erasure",
        *CANARY,
        words=f"{NAME}: {REMARK}",
        agent={"name": NAME, "mandate": REMARK},
        came_by="letter",
    )
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    for who in staff:
        await rights.step(asked.id, "approve", who, note=f"{NAME} signed it.")
    return rights, asked.id


async def found_by_any_key(company: Company) -> set[tuple[str, str]]:
    opened = await openable(company.database, ROOT)
    return {(one.table, one.key) for one in opened if any(trace in one.plaintext for trace in TRACES)}


async def test_before_it_is_over_the_search_finds_the_canary_in_the_request(company: Company) -> None:
    """Else the test below would prove nothing."""
    silo = Talkative(CANARY)
    silo.leaves = True
    rights, request = await ask_to_be_forgotten(company, silo)
    await rights.carries_out()
    assert (await rights.told(request)).state == "partial"
    assert await found_by_any_key(company) == {
        ("consent_events", "restricted proof"),
        ("objections", "restricted proof"),
        ("requests", "request content"),
        ("request_steps", "request content"),
        ("silo_answers", "request content"),
    }


async def test_promise_10_the_canary_is_in_no_table_file_log_or_export(
    company: Company, capfd: pytest.CaptureFixture[str]
) -> None:
    rights, request = await ask_to_be_forgotten(company, Talkative(CANARY))
    await rights.carries_out()
    assert (await rights.told(request)).state == "answered"
    await company.verify_everything()
    assert await company.database.checkpoint_truncate()
    # What the law orders kept stays sealed, and nothing else opens.
    assert await found_by_any_key(company) == {
        ("consent_events", "restricted proof"),
        ("objections", "restricted proof"),
    }
    stored = await stored_bytes(company.database)
    assert not any(trace in stored for trace in TRACES)
    for path in company.folder.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert not any(trace in held for trace in TRACES), path.name
    out = io.BytesIO()
    origin, keys = demo_policy().controller.log_origin, company.keyring.public_keys("log")
    await company.database.read(lambda connection: export(connection, out, origin=origin, keys=keys))
    for member in members_of(out):
        held = content_of(out, member)
        assert not any(trace in held for trace in TRACES), member.name
    told = await company.database.read(lambda connection: certificates_of(connection, request))
    held = msgspec.json.encode(CertificatesTold(certificates=told))
    assert not any(trace in held for trace in TRACES)
    said = capfd.readouterr()
    assert not any(trace.decode() in said.out + said.err for trace in TRACES)
    key = await company.database.read(
        lambda connection: request_keys.open_key(connection, company.keyring, request, "content")
    )
    assert key is None
