"""The pages of what is somebody's own, in both languages: whole, of one's own, and forms that answer."""

import io
import re
import zipfile
from uuid import UUID, uuid4

import pytest

from consentd.consent.receipt_check import check, read
from consentd.dsr.certificate_check import check as certificate_holds
from consentd.dsr.certificate_check import read as certificates_of
from consentd.portal.reach import Reach
from support.at_home import AtHome
from support.builders import Company, demo_policy
from support.forms import asks, fields, look, press
from support.packages import keys, log_key
from support.pages import checked
from support.rights import Rights, code_in
from support.silos_simulated import Silo, system

ANA, BEN = "email:ana@exemple.fr", "email:ben@exemple.fr"
LANGUAGES = ("fr", "en")


@pytest.fixture
async def home(company: Company) -> AtHome:
    await company.gives(ANA, "phone:+33624686501", collection_point="Lyon")
    await company.withdraws(ANA)
    await company.objects(ANA, reason="<b>Too many</b> calls.")
    await company.gives(BEN)
    silos = {"webshop": (system("webshop", "email"), Silo((ANA,), kept=1))}
    return AtHome(company, await Rights.of(company, silos))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_is_whole_and_says_nothing_in_the_other_language(
    company: Company, home: AtHome, language: str
) -> None:
    async with home.browser(ANA, language=language) as client:
        request = await asks(client, "erasure", do_not_contact="yes")
        receipt = (await company.gives("email:x@exemple.fr")).receipt_id
        history = await look(client, "/my/history")
        links = [one.attributes["href"] for one in history.all("a")]
        (notice, *_) = [one for one in links if re.fullmatch(r"/my/history/[0-9a-f-]{36}", one)]
        (own, *_) = [one for one in links if re.fullmatch(r"/my/receipts/[0-9a-f-]{36}", one)]
        details = await look(client, "/my/details")
        (detail, *_) = [
            one.attributes["href"]
            for one in details.all("a")
            if re.fullmatch(r"/my/details/[0-9a-f-]{36}", one.attributes["href"])
        ]
        for path in (
            "/my/rights",
            *(f"/my/rights/{slug}" for slug in ("access", "portability", "restriction", "objection")),
            *(f"/my/rights/{slug}" for slug in ("directives", "erasure", "lifting", "withdrawal")),
            "/my/requests",
            request,
            notice,
            own,
            "/my/receipts",
            "/my/history/looks",
            detail,
            "/my/details/name",
        ):
            page = await look(client, path)
            assert len(page.text) > 100
        # Nobody's but her own.
        for path in (f"/my/receipts/{receipt}", f"/my/receipts/{receipt}/json", f"/my/requests/{uuid4()}"):
            await look(client, path, 404)
    async with home.browser(ANA, Reach.CHOICES, language) as client:
        for path in ("/my/rights", "/my/requests", request, "/my/details", "/my/rights/restriction"):
            await look(client, path)
    await company.verify_everything()


async def test_what_needs_a_second_proof_leads_there_and_back(home: AtHome) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        for path in ("/my/history", "/my/rights/access", "/my/rights/erasure", "/my/details/name"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/my/proof?then={path}")
        page = await look(client, "/my/details")
        assert "ana@exemple.fr" not in page.text
        assert "a•••@exemple.fr" in page.text


async def test_whoever_reads_none_of_the_details_offered_is_told_where_to_write(home: AtHome) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        page = await look(client, "/my/proof?then=/my/history")
        assert [one.text for one in page.all("button") if one.attributes.get("name") == "to"]
        assert "Can you read none of these any more? Write to us instead:" in page.text
        links = [one.attributes["href"] for one in page.all("a")]
        assert "/my/help/letters" in links
        assert f"mailto:{demo_policy().controller.dpo.email}" in links


async def test_the_rights_say_the_lawful_day_and_stop_marketing_at_one_press(
    company: Company, home: AtHome
) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        page = await look(client, "/my/rights")
        assert "18 December 2026 at the latest" in page.text
        answer = await press(client, page, "/my/rights/marketing-objection")
        again = await press(client, page, "/my/rights/marketing-objection")
        assert answer.headers["location"] == again.headers["location"]
        told = await look(client, answer.headers["location"])
        assert "No more marketing" in told.text
    async with home.browser(ANA, Reach.CHOICES, "fr") as client:
        assert "18 décembre 2026" in (await look(client, "/my/rights")).text


async def test_a_form_says_what_is_wrong_beside_its_field_and_keeps_what_was_said(home: AtHome) -> None:
    async with home.browser(ANA) as client:
        page = await look(client, "/my/rights/directives")
        answer = await press(client, page, "/my/rights/directives", wish="hand_over", words="To my <sister>.")
        assert answer.status_code == 422
        wrong = checked(answer.text)
        assert "Give the name of the person." in wrong.text
        assert "To my <sister>." in wrong.text
        (name,) = [one for one in wrong.all("input") if one.attributes.get("name") == "name"]
        assert name.attributes["aria-invalid"] == "true"
        done = await press(client, wrong, "/my/rights/directives", wish="hand_over", name="Rose")
        assert done.status_code == 303
        page = await look(client, "/my/rights/objection")
        assert (await press(client, page, "/my/rights/objection")).status_code == 422
        # A number that is none of a form of ours.
        answer = await press(client, page, "/my/rights/objection", words="x", number="1")
        assert answer.status_code == 422


async def test_a_form_says_that_the_same_is_under_way_already_and_where(
    company: Company, home: AtHome
) -> None:
    async with home.browser(ANA) as client:
        said = "You asked for this on 18 November 2026. It is under way."
        assert said not in (await look(client, "/my/rights/access")).text
        request = await asks(client, "access")
        page = await look(client, "/my/rights/access")
        assert said in page.text
        assert request in [one.attributes["href"] for one in page.all("a")]
        # Of another right nothing is said, and nothing of what was done at once.
        assert said not in (await look(client, "/my/rights/portability")).text
        await asks(client, "directives", wish="erase")
        assert said not in (await look(client, "/my/rights/directives")).text
        # Who means it asks again.
        await asks(client, "access")
        assert await asks(client, "access") != request


async def test_a_request_is_followed_tool_by_tool_to_its_certificate(company: Company, home: AtHome) -> None:
    async with home.browser(ANA) as client:
        request = await asks(client, "erasure")
        assert "Webshop" in (await look(client, request)).text
        await home.rights.carries_out()
        assert await company.findings() == []
        page = await look(client, request)
        assert "Certificate of erasure" in page.text
        # It says of each tool what the list of tools would say less of.
        assert "Tool by tool" not in page.text
        # In lists, as it is on paper, and in no marks of a text file.
        (section,) = (
            one for one in page.all("section") if one.attributes["aria-labelledby"] == "certificate"
        )
        assert len(section.all("li")) > 2
        assert not any(text.lstrip().startswith("- ") for one in section.all("p", "li") for text in one.texts)
        answer = await client.get(f"{request}/certificate")
        assert answer.headers["content-disposition"] == 'attachment; filename="certificate.json"'
        (told,) = certificates_of(answer.content)
        assert certificate_holds(told, keys(company), log_key(company)).holds
        # What is left of her pages is the certificate.
        gone = await client.get("/my/rights")
        # What is left to them is what became of it.
    assert (gone.status_code, gone.headers["location"]) == (303, "/my/requests")


async def test_a_copy_is_downloaded_by_a_press_and_by_nothing_else(company: Company, home: AtHome) -> None:
    who = await home.rights.hire()
    async with home.browser(ANA) as client:
        request = await asks(client, "access")
        early = await client.post(
            f"{request}/copy", data=fields(await look(client, "/my/details/name"), "/my/details/name")
        )
        assert early.status_code == 409
        assert "none is ready" in checked(early.text).text
        await home.rights.carries_out()
        await home.rights.makes_copies()
        await home.rights.step(UUID(request.rpartition("/")[2]), "release", who)
        page = await look(client, request)
        assert (await client.get(f"{request}/copy")).status_code == 405
        answer = await press(client, page, f"{request}/copy")
        assert answer.headers["content-type"] == "application/zip"
        assert "index.html" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
        forged = await client.post(f"{request}/copy", data={"csrf": "A" * 22})
        assert forged.status_code == 403
        assert "downloaded" in (await look(client, request)).text
    assert (await company.actions()).count("request.copy_fetched") == 1


async def test_history_and_receipt_say_what_was_and_verify(company: Company, home: AtHome) -> None:
    assert await company.findings() == []
    async with home.browser(ANA) as client:
        page = await look(client, "/my/history")
        for said in ("Consent given", "Consent withdrawn", "Marketing objection", "Lyon", "a box ticked"):
            assert said in page.text, said
        # What somebody said stays text.
        assert "<b>Too many</b> calls." in page.text
        (notice,) = [
            one.attributes["href"]
            for one in page.all("a")
            if re.fullmatch(r"/my/history/[0-9a-f-]{36}", one.attributes["href"])
        ]
        shown = await look(client, notice)
        assert "Maison Lavande" in shown.all("pre")[0].text
        receipt = [
            one.attributes["href"] for one in page.all("a") if "/my/receipts/" in one.attributes["href"]
        ][-1]
        saved = await client.get(f"{receipt}/json")
        assert saved.headers["content-disposition"] == 'attachment; filename="receipt.json"'
        assert check(read(saved.content), keys(company), log_key(company)).holds
        alone = await client.get(f"{receipt}/jws")
        assert check(read(alone.content), keys(company), None).holds
        assert (await client.get(f"{receipt}/linked")).json()["@type"] == "dpv:ConsentReceipt"
        how = await look(client, "/my/receipts")
        assert "python -m consentd receipt verify receipt.json --keys jwks.json --key log.key" in how.text
        again = await client.get("/my/history?after=nonsense")
        assert again.status_code == 422
        checked(again.text)


async def test_a_contact_detail_is_put_right_or_removed_by_a_request(home: AtHome) -> None:
    async with home.browser(ANA) as client:
        page = await look(client, "/my/details")
        (detail,) = [one.attributes["href"] for one in page.all("a") if one.text.endswith("ana@exemple.fr")]
        form = await look(client, detail)
        wrong = await press(client, form, detail, right="nonsense", remove="no")
        assert wrong.status_code == 422
        assert "typing error" in checked(wrong.text).text
        asked = await press(client, form, detail, right="ana.diaz@exemple.fr", remove="no")
        assert asked.status_code == 200
        confirming = checked(asked.text)
        mistyped = await press(client, confirming, detail, code="12")
        assert mistyped.status_code == 422
        await home.post.close()
        code = code_in(home.rights.letters.taken[-1].text)
        done = await press(client, checked(mistyped.text), detail, code=code)
        assert done.status_code == 303, done.text
        assert "Our staff look at it" in (await look(client, done.headers["location"])).text
        for more in ({}, {"code": "12345678"}):
            page = await look(client, "/my/details/name")
            # A name takes no code: what is sent with it by mistake leads nowhere else.
            name = await press(client, page, "/my/details/name", right="Ana D.", **more)
            assert name.status_code == 303, name.text


async def test_one_signs_out_from_a_page_that_says_what_went_wrong_too(home: AtHome) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        page = await look(client, f"/my/requests/{uuid4()}", 404)
        assert (await press(client, page, "/my/leave")).headers["location"] == "/my?left=1"
        assert (await client.get("/my/rights")).headers["location"] == "/my?over=1"
        # Signed out there is nothing to sign out of.
        gone = await look(client, "/my/in/" + "A" * 43, 404)
        assert not [one for one in gone.all("form") if one.attributes["action"] == "/my/leave"]


async def test_no_page_is_kept_or_tells_where_it_was(home: AtHome) -> None:
    async with home.browser(ANA) as client:
        for path in ("/my/rights", "/my/history", "/my/details"):
            answer = await client.get(path)
            assert "no-store" in answer.headers["cache-control"]
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
