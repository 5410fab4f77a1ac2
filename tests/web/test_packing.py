"""Who reads packed answers, and which pages are left as they are."""

import gzip
from importlib import resources

import httpx
import pytest
from serving import Nobody, served

from consentd.base.settings import from_environment
from consentd.web import pages
from consentd.web.application import build
from consentd.web.health import Readiness


async def nothing() -> None:
    raise AssertionError("the log is not asked for")


@pytest.mark.parametrize(
    ("reads", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip, deflate, br, zstd", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0, br", False),
        ("gzip; q=0.000", False),
        ("x-gzip", False),
    ],
)
async def test_a_file_of_all_pages_comes_packed_to_whoever_reads_it(reads: str, packed: bool) -> None:
    settings = from_environment({})
    app = build(pages.routes(Readiness(), nothing), settings=settings, tokens=Nobody())
    async with (
        served(app, settings) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
        http.stream("GET", "/static/consentd.css", headers={"accept-encoding": reads}) as answer,
    ):
        raw = b"".join([part async for part in answer.aiter_raw()])
    whole = (resources.files("consentd.web.pages") / "static" / "consentd.css").read_bytes()
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert (gzip.decompress(raw) if packed else raw) == whole
    assert answer.headers["content-length"] == str(len(raw))
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-type"].startswith("text/css")
    if packed:
        assert len(raw) < len(whole) / 2
