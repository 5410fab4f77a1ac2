"""What consentd holds about a person is told to them whole: choices, facts, contacts, and who looked."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import pytest

from consentd.base.i18n import LANGUAGES, Language
from consentd.callers import staff
from consentd.callers.model import Caller
from consentd.dsr.package.own import gather
from consentd.dsr.package.own_model import Own
from consentd.dsr.package.words import action_in_words
from consentd.evidence.model import OPERATOR, Actor, ActorKind
from consentd.kernel.connection import Verb
from consentd.kernel.errors import NotFound
from consentd.subjects.doing import log_reading
from consentd.subjects.requests import Name
from support.builders import Company
from support.builders_requests import event

ANA = "email:ana@exemple.fr"


class Listed:
    """A sink that keeps all in memory."""

    def __init__(self) -> None:
        self.found: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def add(self, what: str, record: Any) -> None:
        self.found[what].append(dict(record))


async def told(
    company: Company, who: str = ANA, language: Language = "fr"
) -> tuple[Own, dict[str, list[dict[str, Any]]]]:
    sink = Listed()
    person = await company.person(who)

    def read(connection: Any) -> Own:
        compiled = company.policies.active(connection)
        return gather(connection, company.keyring, compiled, person, language, sink)

    return await company.database.read(read), sink.found


async def looks(company: Company, by: Actor, action: str = "history.read") -> None:
    person = await company.person(ANA)

    def work(unit: Any) -> None:
        policy = company.policies.active(unit.connection).hash
        log_reading(unit, company.keyring, action, by, [person], policy)

    await company.database.change(work)


async def hired(company: Company, role: staff.Role) -> UUID:
    made = await company.database.change(
        lambda unit: staff.add(
            unit, company.keyring, "Inès Roche", "ines@maison.example", "fr", role, OPERATOR
        )
    )
    return made.id


async def test_everything_that_is_held_is_told(company: Company) -> None:
    await company.send(
        (ANA, "loyalty:ML1"),
        event("newsletter", "email", state="refused", occurred_at=company.at(), contact_point=ANA),
        name=Name(given="Ana", family="Roux"),
    )
    await company.gives(ANA, evidence={"form": "F-12"})
    await company.objects(ANA, channels=("sms",), reason="Trop de messages")
    await company.told("birth_date", ANA, value="1990-05-04")
    await company.told("sale", ANA, occurred_at=company.at(), product="skincare", reference="C-1")
    await company.tried(ANA, channel="email", outcome="delivered")
    own, found = await told(company)
    assert {one["value"].lower() for one in found["contact_details"]} == {"ana@exemple.fr", "ml1"}
    assert [(one["given"], one["family"]) for one in found["names"]] == [("Ana", "Roux")]
    assert [one["state"] for one in found["history"]] == ["refused", "given"]
    assert found["history"][0]["contact_point"] == "ana@exemple.fr"
    given = found["history"][1]
    assert (given["notice"], given["notice_version"], given["evidence"]) == ("newsletter", "3", "form: F-12")
    assert {(one["purpose"], one["state"]) for one in found["choices"]} == {
        ("newsletter", "refused"),
        ("newsletter", "given"),
    }
    assert [(one["channel"], one["reason"]) for one in found["objections"]] == [("sms", "Trop de messages")]
    assert [(one["kind"], one["birth"], one["about"]) for one in found["facts"]] == [
        ("birth_date", "1990-05-04", None),
        ("sale", None, "skincare"),
    ]
    assert [(one["outcome"], one["told_by"]) for one in found["contacts"]] == [
        ("delivered", "Caisse et fidélité")
    ]
    assert own.sources == ("Caisse et fidélité",)
    assert own.purposes == ("newsletter", "promotions")
    written = {str(one["entry_id"]) for what in ("history", "objections", "facts") for one in found[what]}
    assert {str(one) for one in own.entries} == written
    assert len(found["changes"]) >= 6


async def test_who_looked_is_told_with_when_and_why_and_staff_by_their_role(company: Company) -> None:
    await company.gives(ANA)
    till: Caller = company.systems["till"]
    await company.consent.history(till, await company.person(ANA), None, 10)
    officer, agent = await hired(company, "dpo"), await hired(company, "agent")
    await looks(company, Actor(ActorKind.STAFF, officer))
    await looks(company, Actor(ActorKind.STAFF, agent), "request.copy_read")
    # Somebody of whom nothing is on record: as much as is known.
    await looks(company, Actor(ActorKind.STAFF, UUID(int=78)), "contact.proved")
    # Who left since looked in the role that they had.
    await company.database.change(lambda unit: staff.leave(unit, company.keyring, officer, OPERATOR))
    _, found = await told(company)
    assert [(one["what"], one["by"]) for one in found["consultations"]] == [
        ("lecture de l’historique de vos choix", "Caisse et fidélité"),
        ("lecture de l’historique de vos choix", "Délégué à la protection des données"),
        (
            "relecture de la copie de vos données avant de vous la remettre",
            "Membre de l’équipe chargé des demandes",
        ),
        ("preuve d’un contact établie", "un membre de l’équipe"),
    ]
    _, english = await told(company, language="en")
    assert [one["by"] for one in english["consultations"]] == [
        "Caisse et fidélité",
        "Data protection officer",
        "Member of staff in charge of requests",
        "a member of staff",
    ]
    assert "Inès" not in str(found)
    assert all(str(who) not in str(found) for who in (officer, agent))
    assert all(one["at"].startswith("2026-11-18T") for one in found["consultations"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_silos_were_asked_is_told_in_words(language: Language) -> None:
    """What they answer is logged under the verb; what they fetch, see and send, as a task."""
    actions = [f"silo.{verb.value}" for verb in Verb] + ["task.taken", "task.shown", "task.records_taken"]
    told = [action_in_words(action, language) for action in actions]
    assert not set(told) & set(actions)
    assert len(set(told)) == len(actions)


async def test_of_merged_records_everything_is_told_and_of_others_nothing(company: Company) -> None:
    await company.gives(ANA)
    await company.gives("phone:+33624686501", purpose="promotions", channel="sms")
    await company.gives("email:bruno@exemple.fr")
    _, before = await told(company)
    assert len(before["history"]) == 1
    await company.merge(ANA, "phone:+33624686501")
    own, after = await told(company)
    assert len(after["history"]) == 2
    assert len(own.members) == 2
    assert "bruno" not in str(after)


async def test_promise_13_who_was_erased_is_as_unknown_as_who_never_was(company: Company) -> None:
    await company.gives(ANA)
    person = await company.person(ANA)
    await company.erase(ANA)

    def read(connection: Any, who: UUID) -> Own:
        compiled = company.policies.active(connection)
        return gather(connection, company.keyring, compiled, who, "fr", Listed())

    for who in (person, UUID(int=1)):
        with pytest.raises(NotFound, match="no person with this id"):
            await company.database.read(lambda connection, who=who: read(connection, who))
