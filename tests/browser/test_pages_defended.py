"""What others try on the customers' pages, over HTTP: forms that are not ours, cookies that were planted,
links that lead away, lines that end a header, codes and links that are over.
"""

import re
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa
from coming_in import asks, cookie, enters, form_token, is_in, somebody

from consentd.app import Parts
from consentd.db.tables.portal import portal_entries
from support.customers import Customers
from support.installation import Installation, Serving
from support.smtp import Sink

DOORS = ["/my", "/my/code", "/my/proof", "/my/leave", "/my/in/" + "A" * 43]
ELSEWHERE = [
    "//elsewhere.example",
    "https://elsewhere.example/my",
    "/\\elsewhere.example",
    "/my/../../elsewhere.example",
    "/my//elsewhere.example",
    "/my/%2f%2felsewhere.example",
    "/my/choices\r\nx-planted: yes",
    "/my/choices?next=//elsewhere.example",
    "javascript:alert(1)",
    "/v1/consents",
]


@pytest.fixture
def browser_at(service: Serving) -> Iterator[httpx.Client]:
    with somebody(service) as client:
        yield client


def test_a_form_of_another_site_is_refused(browser_at: httpx.Client, customers: Customers) -> None:
    enters(browser_at, customers, customers.new())
    form = {"csrf": form_token(browser_at), "contact": "x@exemple.fr", "code": "12345678"}
    for door in DOORS:
        for site in ("cross-site", "same-site"):
            answer = browser_at.post(door, data=form, headers={"sec-fetch-site": site})
            assert answer.status_code == 403, (door, site)
    assert is_in(browser_at)


def test_a_form_of_another_origin_is_refused_in_an_old_browser_too(
    browser_at: httpx.Client, customers: Customers
) -> None:
    enters(browser_at, customers, customers.new())
    form = {"csrf": form_token(browser_at)}
    del browser_at.headers["sec-fetch-site"]
    for origin in ("https://elsewhere.example", "http://127.0.0.1.elsewhere.example", "x"):
        answer = browser_at.post("/my/leave", data=form, headers={"origin": origin})
        assert answer.status_code == 403, origin
    assert is_in(browser_at)


def test_a_link_that_this_browser_was_never_shown_signs_nobody_in_in_an_old_browser_either(
    browser_at: httpx.Client, customers: Customers
) -> None:
    address = customers.new()
    asks(browser_at, address)
    link = customers.link(address)
    browser_at.cookies.clear()
    del browser_at.headers["sec-fetch-site"]
    hidden = {"origin": "null"}
    assert browser_at.post(link, headers=hidden).status_code == 403
    assert not is_in(browser_at)
    shown = browser_at.get(link)
    assert cookie(shown, "way")["samesite"] == "strict"
    assert browser_at.post(link, headers=hidden).status_code == 303
    assert is_in(browser_at)


def test_a_form_without_what_this_session_was_given_changes_nothing(
    browser_at: httpx.Client, service: Serving, customers: Customers
) -> None:
    enters(browser_at, customers, customers.new())
    with somebody(service) as other:
        enters(other, customers, customers.new())
        for_another = form_token(other)
    own = form_token(browser_at)
    for wrong in ({}, {"csrf": ""}, {"csrf": own[:-1]}, {"csrf": for_another}, {"csrf": own + "é"}):
        for door in ("/my/leave", "/my/proof"):
            assert browser_at.post(door, data=wrong).status_code == 403
        assert is_in(browser_at)
    assert browser_at.post("/my/leave", data={"csrf": own}).status_code == 303
    assert not is_in(browser_at)


def test_a_planted_cookie_is_never_adopted(service: Serving, customers: Customers) -> None:
    planted = "A" * 43
    with somebody(service) as victim, somebody(service) as planter:
        for client in (victim, planter):
            client.cookies.set("my", planted, domain="127.0.0.1")
        assert enters(victim, customers, customers.new()) == "/my/choices"
        assert victim.cookies["my"] != planted
        assert is_in(victim)
        assert not is_in(planter)


def test_who_proves_more_gets_another_session_and_the_first_is_over(
    service: Serving, customers: Customers
) -> None:
    address = customers.new()
    with somebody(service) as client, somebody(service) as copy, somebody(service) as later:
        enters(client, customers, address)
        copy.cookies.set("my", client.cookies["my"])
        assert is_in(copy)
        form = {"csrf": form_token(client)}
        offered = re.search(r'name="to" value="([^"]+)"', client.get("/my/proof").text)
        assert offered
        assert client.post("/my/proof", data=form | {"to": offered[1]}).headers["location"] == "/my/code"
        code = {"code": customers.code(address, 2), **form}
        assert client.post("/my/code", data=code).status_code == 303
        assert is_in(client)
        assert not is_in(copy)
        later.cookies.set("my", client.cookies["my"])
        client.post("/my/leave", data={"csrf": form_token(client)})
        assert not is_in(later)


def test_a_session_opens_in_no_other_browser(service: Serving, customers: Customers) -> None:
    with somebody(service) as client, somebody(service, "another browser") as thief:
        enters(client, customers, customers.new())
        thief.cookies.set("my", client.cookies["my"])
        assert not is_in(thief)


def test_promise_16_nothing_that_comes_in_leads_away(
    service: Serving, browser_at: httpx.Client, customers: Customers
) -> None:
    address = customers.new()
    for number, path in enumerate(ELSEWHERE):
        shown = browser_at.get("/my/code", params={"then": path})
        assert 'name="then"' not in shown.text, path
        if number < 4:
            with somebody(service) as client:
                assert enters(client, customers, address, number + 1, then=path) == "/my/choices"
    enters(browser_at, customers, address, 5)
    for path in ELSEWHERE:
        shown = browser_at.get("/my/proof", params={"then": path})
        assert 'name="then"' not in shown.text, path
        assert "x-planted" not in shown.headers
        # The other language is a link to this very page, and to no other host.
        (switch,) = re.findall(r'<a href="([^"]+)" lang', shown.text)
        assert switch.startswith("/my/proof?")


def test_a_path_that_looks_like_a_host_leads_nowhere(service: Serving, browser_at: httpx.Client) -> None:
    for path in ("//elsewhere.example/my", "/my//elsewhere.example", "/my/%0d%0ax-planted:%20yes"):
        answer = browser_at.get(service.address + path)
        assert answer.status_code in (400, 404), path
        assert "x-planted" not in answer.headers


@pytest.mark.parametrize("planted", ["fr\r\nx-planted: yes", "en\nset-cookie: my=" + "A" * 43])
def test_promise_16_no_line_that_was_sent_becomes_a_header(browser_at: httpx.Client, planted: str) -> None:
    for answer in (
        browser_at.get("/my", params={"lang": planted, "left": planted}),
        browser_at.post("/my", data={"contact": f"nadia@exemple.fr{planted}"}),
        browser_at.post("/my/code", data={"code": planted, "then": f"/my{planted}"}),
    ):
        assert answer.status_code in (200, 422)
        assert "x-planted" not in answer.headers
        assert not any(cookie.startswith("my=") for cookie in answer.headers.get_list("set-cookie"))


def test_no_page_is_stored_framed_sniffed_or_told_to_others(browser_at: httpx.Client) -> None:
    for door in ("/my", "/my/code", "/my/in/" + "A" * 43):
        told = browser_at.get(door).headers
        assert told["cache-control"] == "no-store", door
        assert told["referrer-policy"] == "no-referrer", door
        assert told["x-content-type-options"] == "nosniff", door
        policy = dict(part.strip().split(" ", 1) for part in told["content-security-policy"].split(";"))
        assert (policy["default-src"], policy["frame-ancestors"]) == ("'none'", "'none'"), door
        assert "script-src" not in policy, door
        assert (policy.get("form-action"), policy.get("base-uri")) == ("'self'", "'none'"), door


def test_a_code_and_a_link_that_are_over_open_nothing(
    service: Serving, browser_at: httpx.Client, customers: Customers
) -> None:
    address = customers.new()
    asks(browser_at, address)
    code, link = customers.code(address), customers.link(address)
    assert browser_at.get(link).status_code == 200

    async def grows_old(parts: Parts) -> None:
        column = portal_entries.c.expires_at
        await parts.database.housekeep(
            lambda unit: unit.connection.execute(
                sa.update(portal_entries).where(column > unit.now).values(expires_at=unit.now)
            )
        )

    service.installation.within(grows_old)
    assert browser_at.get(link).status_code == 404
    assert browser_at.post(link).status_code == 404
    assert browser_at.post("/my/code", data={"code": code}).status_code == 422
    assert not is_in(browser_at)


def test_a_code_counts_once_and_five_tries_end_it(service: Serving, customers: Customers) -> None:
    address = customers.new()
    with somebody(service) as client, somebody(service) as again:
        enters(client, customers, address)
        again.cookies.set("way", client.cookies["way"])
        assert again.post("/my/code", data={"code": customers.code(address)}).status_code == 422
        asks(again, address)
        for _ in range(5):
            assert again.post("/my/code", data={"code": "00000000"}).status_code == 422
        assert again.post("/my/code", data={"code": customers.code(address, 2)}).status_code == 422
        assert not is_in(again)


def test_promise_18_nothing_of_who_came_in_is_in_a_log_line_or_an_address(
    service: Serving, browser_at: httpx.Client, customers: Customers
) -> None:
    address = customers.new()
    since = service.log_size()
    assert address not in enters(browser_at, customers, address)
    link = customers.link(address).partition("?")[0]
    browser_at.get(link)
    last = browser_at.get("/my").headers["x-request-id"]
    written = service.log(since, last)
    secrets = (address, link.rpartition("/")[2], customers.code(address), browser_at.cookies["my"])
    assert not [one for one in secrets if one in written]


def test_where_the_service_has_https_its_cookies_are_bound_to_its_host_and_to_https(
    tmp_path_factory: pytest.TempPathFactory, mailbox: Sink
) -> None:
    mail = {
        "CONSENTD_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "CONSENTD_MAIL_FROM": "donnees@maison-lavande.example",
        "CONSENTD_PUBLIC_URL": "https://consent.example",
    }
    installation = Installation(tmp_path_factory.mktemp("https"), **mail).make()
    with installation.served() as serving, serving.client("consent:write") as desk:
        customers = Customers(serving, mailbox, desk)
        address = customers.new()
        with somebody(serving) as client:
            answer = client.post("/my", data={"contact": address})
            way = cookie(answer, "__Host-way")
            code = client.post(
                "/my/code",
                data={"code": customers.code(address)},
                headers={"cookie": f"__Host-way={way['value']}"},
            )
            session = cookie(code, "__Host-my")
    for one in (way, session):
        assert {"httponly", "secure"} <= one.keys()
        assert one["path"] == "/"
        assert not {"domain", "max-age", "expires"} & one.keys()
    assert (way["samesite"], session["samesite"]) == ("strict", "lax")
