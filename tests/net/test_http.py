"""The one HTTP client: where it goes, how long it waits, how much it takes. Against real servers."""

import asyncio
import contextlib
import datetime as dt
import gzip
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from consentd.base.reaching import Host
from consentd.net.connecting import Allowed, Resolve, resolve
from consentd.net.errors import NetError, NotAllowed, TookTooLong, TooMuch, Unreachable
from consentd.net.http import Answered, Http
from support.http_server import Request, Write, always, answer, http_server
from support.own_ca import Authority

OK = always(answer("200 OK", b"fine"))
SECRET = "hunter2"


async def post(http: Http, url: str, **bounds: Any) -> Answered:
    return await http.post(url, b"{}", {"x-test": "1"}, **({"seconds": 5, "most_bytes": 1000} | bounds))


def resolving(*answers: Sequence[str]) -> Resolve:
    """A name server that answers differently each time, as an attacker's does; the last answer stands."""
    left = list(answers)

    async def answering(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return answering


# --- where it goes


async def test_a_server_that_settings_name_is_called_though_it_is_private() -> None:
    async with http_server(OK) as server:
        http = Http(Allowed([Host("127.0.0.1", server.port)]))
        told = await post(http, server.url("/tasks?x=1"))
        await http.close()
    assert (told.status, told.body) == (200, b"fine")
    assert server.requests[0].line == "POST /tasks?x=1 HTTP/1.1"
    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "[::ffff:7f00:1]"],
)
async def test_promise_15_no_spelling_of_a_private_address_is_called(host: str, authority: Authority) -> None:
    async with http_server(OK, tls=authority.server("localhost")) as server:
        http = Http(Allowed(None), tls=authority.client())
        with pytest.raises(NetError) as caught:
            await post(http, server.url(host=host))
        await http.close()
    # What is no name at all has no address; nothing got as far as connecting.
    assert caught.value.code in ("address_not_allowed", "no_such_host", "bad_address")
    assert not server.connections


async def test_promise_15_another_port_of_a_named_server_is_not_called() -> None:
    async with http_server(OK) as server:
        http = Http(Allowed([Host("127.0.0.1", server.port + 1), Host("127.0.0.1", None)]))
        with pytest.raises(NotAllowed, match="without TLS"):
            await post(http, server.url())
        await http.close()
    assert not server.connections


async def test_promise_15_one_private_address_among_public_ones_is_enough_to_refuse(
    authority: Authority,
) -> None:
    for addresses in (["93.184.215.14", "127.0.0.1"], ["127.0.0.1", "93.184.215.14"], ["::ffff:10.0.0.1"]):
        http = Http(Allowed(None), tls=authority.client(), resolver=resolving(addresses))
        with pytest.raises(NotAllowed, match="CONSENTD_ALLOWED_HOSTS"):
            await post(http, "https://silo.example/")
        await http.close()


async def test_promise_15_a_name_that_changes_its_address_after_the_check_gains_nothing(
    authority: Authority,
) -> None:
    """The name is asked once for each connection: where one was checked, that address is connected to."""
    async with http_server(OK, tls=authority.server("silo.example")) as server:
        asked = 0

        async def changing(_host: str, _port: int) -> Sequence[str]:
            nonlocal asked
            asked += 1
            # Nobody can be connected to there: had the second answer been used, it would show.
            return ["240.0.0.1"] if asked > 1 else ["127.0.0.1"]

        http = Http(Allowed([Host("silo.example", server.port)]), tls=authority.client(), resolver=changing)
        assert (await post(http, server.url(host="silo.example"))).status == 200
        assert (asked, len(server.connections)) == (1, 1)
        await http.close()


async def test_the_certificate_is_that_of_the_name_and_not_of_the_address(authority: Authority) -> None:
    async with http_server(OK, tls=authority.server("silo.example")) as server:
        allowed = Allowed([Host("silo.example", server.port), Host("127.0.0.1", server.port)])
        http = Http(allowed, tls=authority.client(), resolver=resolving(["127.0.0.1"]))
        told = await post(http, server.url(host="silo.example"))
        assert told.status == 200
        assert server.requests[0].headers["host"] == f"silo.example:{server.port}"
        with pytest.raises(Unreachable) as caught:
            await post(http, server.url())
        assert caught.value.code == "bad_certificate"
        await http.close()


async def test_a_certificate_that_is_over_or_of_nobody_we_trust_is_refused(authority: Authority) -> None:
    over = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    async with http_server(OK, tls=authority.server("127.0.0.1", until=over)) as server:
        http = Http(Allowed([Host("127.0.0.1", server.port)]), tls=authority.client())
        with pytest.raises(Unreachable, match="no certificate that is valid"):
            await post(http, server.url())
        await http.close()
    async with http_server(OK, tls=authority.server("127.0.0.1")) as server:
        http = Http(Allowed([Host("127.0.0.1", server.port)]))  # the machine's own list
        with pytest.raises(Unreachable) as caught:
            await post(http, server.url())
        assert caught.value.code == "bad_certificate"
        await http.close()
    assert not server.requests


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "//example.com/",
        f"https://u:{SECRET}@example.com/",
        "https://example.com/#x",
        "https://example.com:99999/",
        "https://[::1/",
        "",
    ],
)
async def test_promise_15_only_https_addresses_without_a_user_are_called(http: Http, url: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        await post(http, url)
    assert SECRET not in str(caught.value)


async def test_the_next_address_is_tried_where_one_takes_no_connection(authority: Authority) -> None:
    async with http_server(OK, tls=authority.server("silo.example")) as server:
        http = Http(
            Allowed([Host("silo.example", server.port)]),
            tls=authority.client(),
            resolver=resolving(["127.0.0.2", "127.0.0.1"]),
        )
        assert (await post(http, server.url(host="silo.example"))).status == 200
        await http.close()


async def test_a_name_without_an_address_and_a_port_without_a_server_are_told() -> None:
    http = Http(Allowed([Host("127.0.0.1", 9)]))
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 takes no connection"):
        await post(http, f"http://127.0.0.1:9/?key={SECRET}")
    with pytest.raises(Unreachable) as caught:
        await post(http, "https://nowhere.invalid/")
    assert caught.value.code == "no_such_host"
    await http.close()


# --- what it does not do


async def test_promise_15_a_redirect_is_told_and_not_followed(http: Http) -> None:
    async with http_server(OK) as other:
        to = answer("307 Temporary Redirect", headers={"location": other.url()})
        async with http_server(always(to)) as server:
            told = await post(http, server.url())
    assert (told.status, told.headers["location"]) == (307, other.url())
    assert not other.connections


@pytest.mark.parametrize("to", ["https://[::1", "//", "https://exa mple/", "\x7f", "https://x:99999/", "é"])
async def test_a_redirect_that_leads_nowhere_is_an_answer_or_none(http: Http, to: str) -> None:
    async with http_server(always(answer("302 Found", headers={"location": to}))) as server:
        with contextlib.suppress(Unreachable):
            assert (await post(http, server.url())).status == 302


async def test_names_are_resolved_though_every_other_thread_is_taken() -> None:
    """A name server that hangs holds up those who ask it, and they nobody else."""
    loop, done = asyncio.get_running_loop(), threading.Event()
    taken = [loop.run_in_executor(None, done.wait) for _ in range(64)]
    try:
        async with asyncio.timeout(5):
            assert "127.0.0.1" in await resolve("localhost", 80)
    finally:
        done.set()
        await asyncio.gather(*taken)


async def test_no_proxy_and_no_password_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, authority: Authority
) -> None:
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login u password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with http_server(OK) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        async with http_server(OK) as server:
            http = Http(Allowed([Host("127.0.0.1", server.port)]), tls=authority.client())
            assert (await post(http, server.url())).status == 200
            await http.close()
    assert not proxy.connections
    assert "authorization" not in server.requests[0].headers


async def test_cookies_are_not_kept(http: Http) -> None:
    told = answer("200 OK", headers={"set-cookie": "a=1; Path=/"})
    async with http_server(always(told)) as server:
        await post(http, server.url())
        await post(http, server.url())
    assert all("cookie" not in request.headers for request in server.requests)


async def test_an_answer_is_not_unpacked(http: Http) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    told = answer("200 OK", bomb, {"content-encoding": "gzip"})
    async with http_server(always(told)) as server:
        with pytest.raises(TooMuch) as caught:
            await post(http, server.url(), most_bytes=100_000)
    assert caught.value.code == "bad_encoding"
    assert server.requests[0].headers["accept-encoding"] == "identity"


# --- how long, how much


async def drip(_request: Request, write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    for _ in range(1000):
        await write(b".")
        await asyncio.sleep(0.05)


async def silent(_request: Request, _write: Write) -> None:
    await asyncio.sleep(30)


async def endless_headers(_request: Request, write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\n")
    while True:
        await write(b"x-more: " + b"a" * 1000 + b"\r\n")


@pytest.mark.parametrize("handler", [drip, silent])
async def test_promise_15_a_call_has_one_time_for_all_of_it(http: Http, handler: Any) -> None:
    async with http_server(handler) as server:
        began = time.monotonic()
        with pytest.raises(TookTooLong, match=r"0\.3 seconds"):
            await post(http, server.url(f"/?key={SECRET}"), seconds=0.3, most_bytes=10**6)
        assert time.monotonic() - began < 2


async def test_the_time_counts_while_an_answer_is_read_piece_by_piece(http: Http) -> None:
    async with http_server(drip) as server:

        async def read() -> None:
            async with http.stream(server.url(), b"", {}, seconds=0.3, most_bytes=10**6) as told:
                async for _piece in told.pieces():
                    await asyncio.sleep(0.05)

        with pytest.raises(TookTooLong):
            await read()


async def test_a_timeout_of_the_readers_own_stays_its_own(http: Http) -> None:
    async with http_server(OK) as server:
        with pytest.raises(TimeoutError):
            async with http.stream(server.url(), b"", {}, seconds=5, most_bytes=10**6):
                raise TimeoutError


async def test_promise_15_an_answer_has_a_most_whatever_its_header_says(http: Http) -> None:
    async def more(_request: Request, write: Write) -> None:
        await write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            await write(b"3e8\r\n" + b"a" * 1000 + b"\r\n")

    async with http_server(more) as server:
        with pytest.raises(TooMuch, match="more than 1000 bytes"):
            await post(http, server.url(), seconds=10)
    async with http_server(always(answer("200 OK", b"a" * 1000))) as server:
        assert len((await post(http, server.url())).body) == 1000
    async with http_server(always(answer("200 OK", b"a" * 1001))) as server:
        with pytest.raises(TooMuch):
            await post(http, server.url())


async def test_headers_have_a_most_too(http: Http) -> None:
    async with http_server(endless_headers) as server:
        with pytest.raises(Unreachable):
            await post(http, server.url(), seconds=10)


async def test_an_answer_that_is_cut_off_is_none(http: Http) -> None:
    async with http_server(always(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")) as server:
        with pytest.raises(Unreachable, match="without a whole answer"):
            await post(http, server.url())
    async with http_server(always(b"SSH-2.0-OpenSSH\r\n\r\n")) as server:
        with pytest.raises(Unreachable):
            await post(http, server.url())


# --- what is told


async def test_promise_18_neither_errors_nor_logs_hold_the_address_that_was_called(
    http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with http_server(OK) as server:
        await post(http, server.url(f"/{SECRET}?key={SECRET}"))
    async with http_server(always(b"")) as server:
        with pytest.raises(NetError) as caught:
            await post(http, server.url(f"/{SECRET}?key={SECRET}"))
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert SECRET not in caplog.text
