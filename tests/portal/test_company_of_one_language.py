"""A company that speaks one language, read in another: its own words are shown then, and never an id."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from consentd.base.i18n import LANGUAGES, Language
from consentd.base.settings import from_environment
from consentd.check.speech import Speech as Proving
from consentd.consent.confirming.pressing import Confirmable, Stage
from consentd.dsr.link_shapes import LinkChoice, LinkCustomer, LinkIdentifier, LinkTold
from consentd.dsr.task_page_words import WORDS
from consentd.kernel.policy import Policy, in_words, sealed
from consentd.portal.confirm_pages import routes
from consentd.portal.labels import Labels
from consentd.web.application import build
from consentd.web.pages.brand import brand_of
from consentd.web.pages.shell import render
from support.at_home import HERE, Nobody
from support.builders import PARIS, WEDNESDAY, demo_policy
from support.pages import read

NEWSLETTER = "La lettre de Maison Lavande"


def french_alone() -> Policy:
    demo = demo_policy()

    def own(one: Any) -> Any:
        words = {
            name: {"fr": getattr(one, name)["fr"]} for name in ("label", "description") if hasattr(one, name)
        }
        return msgspec.structs.replace(one, **words)

    parts: dict[str, Any] = {
        name: {id_: own(one) for id_, one in getattr(demo, name).items()}
        for name in ("purposes", "channels", "identifiers")
    }
    controller = msgspec.structs.replace(demo.controller, languages=("fr",))
    return sealed(msgspec.structs.replace(demo, controller=controller, **parts))


def test_words_fall_back_to_the_companys_own() -> None:
    assert in_words({"fr": "courrier", "en": "post"}, "en") == "post"
    assert in_words({"fr": "courrier"}, "en", "post_id") == "courrier"
    assert in_words({}, "en", "post_id") == "post_id"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_who_confirms_is_told_what_in_words(language: Language) -> None:
    policy = french_alone()
    told = Confirmable(Stage.OPEN, policy, "newsletter", "email", WEDNESDAY)

    async def looked(*_: str) -> Confirmable:
        return told

    async def ruled() -> Policy:
        return policy

    confirming: Any = SimpleNamespace(policy=ruled, look=looked, press=looked)
    app = build(routes(confirming), settings=from_environment({}), tokens=Nobody())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as client:
        page = read((await client.get("/confirm/x", headers={"accept-language": language})).text)
    said = page.all("main")[0].text
    assert f"{NEWSLETTER} (e-mail)" in said
    assert policy.purposes["newsletter"].description["fr"] in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_and_proofs_name_uses_in_words(language: Language) -> None:
    policy = french_alone()
    assert Labels(policy, language).use("newsletter") == NEWSLETTER
    assert NEWSLETTER in Proving(policy, language, PARIS).about("newsletter", "email")


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_looks_after_a_tool_reads_what_is_to_stop(language: Language) -> None:
    policy = french_alone()
    task = LinkTold(
        id=uuid4(),
        verb="write_preference",
        tool="Classeur",
        state="open",
        due_on="2026-12-18",
        steps={"fr": ("Noter.",), "en": ("Note it.",)},
        categories=(),
        adds={},
    )
    stops = LinkChoice(purpose=policy.purposes["newsletter"].label, channel=policy.channels["email"].label)
    email = LinkIdentifier(scheme="email", value="ana@exemple.fr", label=policy.identifiers["email"].label)
    page = render(
        "task.html",
        language,
        WORDS,
        brand=brand_of(policy),
        task=task,
        customer=LinkCustomer(identifiers=(email,), changes={}, stops=(stops,)),
        wrong=None,
        fields={},
        in_words=in_words,
        verdicts=(),
        counted=(),
        day="18",
    )
    assert f"{NEWSLETTER} –" in read(page).text
    assert "adresse e-mail –" in read(page).text
