"""Receipts and records as linked data: complete by the standard, and every name in them leads somewhere."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import msgspec
import pytest
import sqlalchemy as sa
from jsonld import UndefinedError, addresses, expand

from consentd.consent.dpv.context import context
from consentd.consent.dpv.documents import STATUSES
from consentd.db.tables.log import log_entries
from consentd.kernel.policy import sealed
from consentd.kernel.states import ConsentState
from support.builders import Company, days_ago, demo_policy
from support.builders_requests import event, yes

SCHEMA = json.loads(Path(__file__).with_name("ts27560.schema.json").read_text())
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
ANA = "email:ana@exemple.fr"
DPV = "https://w3id.org/dpv#"

TERMS = {
    "Collect", "Consent", "ConsentGiven", "ConsentInvalidated", "ConsentNotice", "ConsentReceipt",
    "ConsentRecord", "ConsentRefused", "ConsentRequestDeferred", "ConsentRequested", "ConsentRevoked",
    "ConsentUnknown", "ConsentWithdrawn", "Context", "DataController", "DataProcessor",
    "DataProtectionAuthority", "DataSubject", "DataSubjectDataSource", "DirectMarketing",
    "ExplicitlyExpressedConsent", "ExpressedConsent", "Location", "Organisation", "ParentOfDataSubject",
    "PersonalData", "PrivacyNotice", "Process", "Recipient", "RenewedConsentGiven",
    "SpecialCategoryPersonalData", "StorageDuration", "StorageLocation", "Store", "TemporalDuration",
    "UntilEventDuration", "UntilTimeDuration", "Use", "WithdrawConsent", "Personalisation", "Marketing",
    "ServiceProvision", "FulfilmentOfObligation", "ResearchAndDevelopment",
    "hasApplicableLaw", "hasAuthority", "hasConsentControl", "hasConsentStatus", "hasContext",
    "hasDataController", "hasDataSource", "hasDataSubject", "hasDuration", "hasEntity", "hasIdentifier",
    "hasIndicationMethod", "hasJurisdiction", "hasLegalBasis", "hasLocation", "hasName", "hasNotice",
    "hasPersonalData", "hasProcess", "hasProcessing", "hasPurpose", "hasRecipient", "hasRecordOfActivity",
    "hasRight", "hasStorageCondition", "isExercisedAt", "isIndicatedAtTime", "isIndicatedBy",
}  # fmt: skip
"""The words of DPV 2 that we use, copied by hand from the vocabulary: one that is invented fails here."""


async def receipt_of(company: Company, batch: UUID, by: str = "till") -> dict[str, Any]:
    return plain(await company.consent.linked_receipt(company.systems[by], batch))


async def records_of(company: Company, subject: UUID, by: str = "till") -> dict[str, Any]:
    return plain(await company.consent.linked_consents(company.systems[by], subject))


async def history_of(company: Company, subject: UUID, limit: int = 100) -> dict[str, Any]:
    document, _ = await company.consent.linked_history(company.systems["till"], subject, None, limit)
    return plain(document)


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """As it is sent."""
    sent: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return sent


def complete(document: dict[str, Any]) -> None:
    """By the schema of the standard's fields, and by JSON-LD."""
    VALIDATOR.validate(document)
    found = addresses(expand(document))
    assert {one.removeprefix(DPV) for one in found if one.startswith(DPV)} <= TERMS
    named = {one["@id"] for one in document["dpv:hasEntity"]}
    for record in document.get("dpv:hasRecordOfActivity", document.get("dcat:resource")):
        process = record["dpv:hasProcess"]
        parties = {record["dpv:hasDataController"], process["dpv:hasAuthority"], *process["dpv:hasRecipient"]}
        assert parties <= named, "a party is referred to and not described"


async def everything(company: Company) -> UUID:
    """Somebody about whom most is known that can be."""
    said = [
        yes("newsletter", "email", company.at(), contact_point=ANA),
        yes("promotions", "phone", company.at()),
        yes("wellness_advice", "email", company.at(), explicit=True),
        event("open_tracking", "email", state="refused"),
        event("customer_research", "email", state="requested"),
        event("loyalty_profile", "post", state="request_deferred"),
        event("promotions", "sms", state="revoked"),
        event("promotions", "email", state="invalidated"),
        event("product_recall", "post", state="withdrawn"),
        yes("promotions", "post", company.at(), method=None, on_incomplete="keep_as_claim"),
    ]
    _, answer = await company.send((ANA,), *said, name="Ana Diaz")
    assert answer.subject_id is not None
    await company.gives(ANA, state="renewed")
    await company.objects(ANA, channels=("phone",))
    return answer.subject_id


async def test_receipts_records_and_histories_are_complete_by_the_standard(company: Company) -> None:
    ana = await everything(company)
    first = (await company.gives("email:bruno@exemple.fr")).receipt_id
    complete(await receipt_of(company, first))
    await company.verify_everything()
    proven = await receipt_of(company, first)
    complete(proven)
    assert "own:inclusion" in proven
    complete(await records_of(company, ana))
    complete(await history_of(company, ana))


async def test_of_a_child_the_parent_is_told_without_a_name(company: Company) -> None:
    parent = {"holder": "Mireille Diaz", "method": "signed_form"}
    answer = await company.gives(ANA, purpose="club_enfants", parental=parent)
    receipt = await receipt_of(company, answer.receipt_id)
    complete(receipt)
    (status,) = receipt["dpv:hasRecordOfActivity"][0]["dpv:hasConsentStatus"]
    assert status["dpv:isIndicatedBy"][1] == {"@type": "dpv:ParentOfDataSubject"}
    assert "Mireille" not in str(receipt)


async def test_of_somebody_without_choices_there_are_no_records(company: Company) -> None:
    told = await company.told("birth_date", ANA, value="1990")
    document = await records_of(company, told.facts[0].subject_id)
    complete(document)
    assert document["dcat:resource"] == []


async def test_every_state_is_one_of_the_vocabulary(company: Company) -> None:
    assert STATUSES.keys() == set(ConsentState)
    ana = await everything(company)
    records = (await records_of(company, ana))["dcat:resource"]
    plainly = (await company.consent.consents(company.systems["till"], ana)).states
    told = {
        (one["dpv:hasProcess"]["dpv:hasPurpose"]["dct:identifier"], status["@type"][0])
        for one in records
        for status in one["dpv:hasConsentStatus"]
    }
    assert told == {(state.purpose, STATUSES[ConsentState(state.state)]) for state in plainly}
    assert len(records) == len(plainly)


async def test_a_record_says_how_long_a_yes_lasts_and_on_what_text_it_was_given(company: Company) -> None:
    answer = await company.gives(ANA, purpose="promotions", channel="phone", at="2026-11-18T10:00:00+01:00")
    (record,) = (await receipt_of(company, answer.receipt_id))["dpv:hasRecordOfActivity"]
    (status,) = record["dpv:hasConsentStatus"]
    # A year by French law, to midnight in the zone where the year ends first.
    assert status["dpv:hasDuration"]["@type"] == "dpv:UntilTimeDuration"
    assert status["dpv:hasDuration"]["rdf:value"].startswith("2027-11-1")
    (notice,) = record["dpv:hasNotice"]
    assert (notice["@type"], notice["dct:language"]) == ("dpv:ConsentNotice", "fr")
    assert status["dpv:hasNotice"] == notice["@id"]
    process = record["dpv:hasProcess"]
    # The policy would also rely on a legitimate interest, which the law does not allow for calls.
    assert process["dpv:hasLegalBasis"] == ["eu-gdpr:A6-1-a", "eu-gdpr:A6-1-b"]
    assert "eu-gdpr:A7-3" in process["dpv:hasRight"]
    assert "own:system-phone-sales" in process["dpv:hasRecipient"]
    assert {"@type": "pd:TelephoneNumber"} in process["dpv:hasPersonalData"]


async def test_a_record_keeps_its_id_from_answer_to_answer(company: Company) -> None:
    answer = await company.gives(ANA)
    await company.withdraws(ANA)
    assert answer.subject_id is not None
    (issued,) = (await receipt_of(company, answer.receipt_id))["dpv:hasRecordOfActivity"]
    (standing,) = (await records_of(company, answer.subject_id))["dcat:resource"]
    (told,) = (await history_of(company, answer.subject_id))["dcat:resource"]
    assert issued["@id"] == standing["@id"] == told["@id"]
    states = [[one["@type"][0] for one in r["dpv:hasConsentStatus"]] for r in (issued, standing, told)]
    given, withdrawn = "dpv:ConsentGiven", "dpv:ConsentWithdrawn"
    assert states == [[given], [withdrawn], [withdrawn, given]]


async def test_a_receipt_says_what_the_policy_of_its_time_said(company: Company) -> None:
    answer = await company.gives(ANA)
    policy = demo_policy()
    purpose = policy.purposes["newsletter"]
    changed = msgspec.structs.replace(
        policy,
        purposes=policy.purposes
        | {"newsletter": msgspec.structs.replace(purpose, label={"fr": "Autre", "en": "Other"})},
    )
    await company.activate(sealed(changed))
    (record,) = (await receipt_of(company, answer.receipt_id))["dpv:hasRecordOfActivity"]
    assert record["dpv:hasProcess"]["dpv:hasPurpose"]["dct:title"] == purpose.label


async def test_a_day_is_told_as_the_span_that_it_is(company: Company) -> None:
    day = days_ago(company.clock, 30)[:10]
    answer = await company.gives(ANA, at=day)
    document = await receipt_of(company, answer.receipt_id)
    complete(document)
    (status,) = document["dpv:hasRecordOfActivity"][0]["dpv:hasConsentStatus"]
    first, last = status["dct:temporal"].split("/")
    assert status["dpv:isIndicatedAtTime"] == first < last


async def test_promise_13_linked_data_stays_within_the_callers_limits(company: Company) -> None:
    await company.add_system("mailing", purposes=["newsletter"], channels=["email"])
    ana = await everything(company)
    for document in (
        await records_of(company, ana, "mailing"),
        plain((await company.consent.linked_history(company.systems["mailing"], ana, None, 100))[0]),
    ):
        about = {
            one["dpv:hasProcess"]["dpv:hasPurpose"]["dct:identifier"] for one in document["dcat:resource"]
        }
        assert about == {"newsletter"}


async def test_promise_13_linked_data_names_nobody(company: Company) -> None:
    """Beyond what the plain JSON says there is nothing about the person: random ids, choices, times."""
    ana = await everything(company)
    answer = await company.gives(
        ANA, contact_point=ANA, evidence={"wording": "oui je veux"}, collection_point="Lyon 2"
    )
    documents = [
        await receipt_of(company, answer.receipt_id),
        await records_of(company, ana),
        await history_of(company, ana),
    ]
    told = json.dumps(documents, ensure_ascii=False).lower()
    for secret in ("ana@", "diaz", "oui je veux", "lyon 2", "sealed", "territory", '"fr-'):
        assert secret not in told, secret


async def test_promise_8_linked_data_is_logged_as_the_plain_answer_is(company: Company) -> None:
    answer = await company.gives(ANA)
    assert answer.subject_id is not None
    before = await actions(company)
    await receipt_of(company, answer.receipt_id)
    await records_of(company, answer.subject_id)
    await history_of(company, answer.subject_id)
    await company.consent.receipt(company.systems["till"], answer.receipt_id)
    read = ["receipt.read", "consents.read", "history.read", "receipt.read"]
    assert (await actions(company))[len(before) :] == [(action, answer.subject_id) for action in read]


async def actions(company: Company) -> list[tuple[str, UUID]]:
    columns = log_entries.c
    return await company.database.read(
        lambda connection: [
            tuple(row)
            for row in connection.execute(sa.select(columns.action, columns.subject_id).order_by(columns.id))
        ]
    )


# --- the checks themselves can fail


def required_members(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for name, definition in schema["$defs"].items():
        for member in definition.get("required", ()):
            yield name, member


async def test_a_document_that_lacks_a_mandatory_field_is_found(company: Company) -> None:
    document = await receipt_of(company, (await company.gives(ANA)).receipt_id)
    record = document["dpv:hasRecordOfActivity"][0]
    places = {
        "receipt": [],
        "record": ["dpv:hasRecordOfActivity", 0],
        "notice": ["dpv:hasRecordOfActivity", 0, "dpv:hasNotice", 0],
        "process": ["dpv:hasRecordOfActivity", 0, "dpv:hasProcess"],
        "event": ["dpv:hasRecordOfActivity", 0, "dpv:hasConsentStatus", 0],
        "subject": ["dpv:hasRecordOfActivity", 0, "dpv:hasDataSubject"],
    }
    assert record["@type"] == "dpv:ConsentRecord"
    tried = 0
    for name, member in required_members(SCHEMA):
        if name not in places:
            continue
        broken = copy.deepcopy(document)
        inner = broken
        for step in places[name]:
            inner = inner[step]
        del inner[member]
        assert not VALIDATOR.is_valid(broken), f"{name} without {member} passes"
        tried += 1
    assert tried > 30


def test_a_name_that_the_context_does_not_define_is_found() -> None:
    terms = context("maison-lavande.example/consentd")
    good = {"@context": terms, "@type": "dpv:ConsentRecord", "dct:identifier": "1"}
    assert expand(good) == {
        "@type": [f"{DPV}ConsentRecord"],
        "http://purl.org/dc/terms/identifier": [{"@value": "1"}],
    }
    for wrong in ({"dpv:hasPurpouse": "dpv:Marketing"}, {"title": "x"}, {"dpv:hasPurpose": "Marketing"}):
        with pytest.raises(UndefinedError):
            expand(good | wrong)
