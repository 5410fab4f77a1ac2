"""What a page hides is told by no length: nothing is packed beside what somebody else can choose."""

import gzip

import pytest

from consentd.portal.reach import Reach
from support.at_home import AtHome
from support.builders import Company
from support.forms import fields, look
from support.rights import Rights

ANA = "email:ana@exemple.fr"


@pytest.fixture
async def home(company: Company) -> AtHome:
    await company.gives(ANA)
    return AtHome(company, await Rights.of(company, {}))


async def test_a_page_of_a_fixed_address_comes_as_a_fraction_of_its_bytes(home: AtHome) -> None:
    async with home.browser(ANA) as client:
        for path in ("/my/choices", "/my/history", "/my/details"):
            plain = await client.get(path, headers={"accept-encoding": "identity"})
            assert "content-encoding" not in plain.headers
            async with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
                raw = b"".join([part async for part in answer.aiter_raw()])
            assert answer.headers["content-encoding"] == "gzip"
            assert gzip.decompress(raw) == plain.content
            assert len(raw) < len(plain.content) / 2
            for header in ("content-type", "content-security-policy", "cache-control", "vary"):
                assert answer.headers[header] == plain.headers[header]
            assert "accept-encoding" in answer.headers["vary"]


async def test_promise_16_nothing_is_packed_beside_what_somebody_else_can_choose(home: AtHome) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        for path, status in (
            ("/my/proof?then=/my/history", 200),
            ("/my/choices?each=1", 200),
            ("/my/choices?x=csrf", 200),
            ("/my/choices?", 200),
            ("/my/rights/restriction", 200),
            ("/my/in/" + "A" * 43, 404),
            ("/my/none-of-ours", 404),
        ):
            answer = await client.get(path, headers={"accept-encoding": "gzip"})
            assert answer.status_code == status
            # "?" with nothing behind it is no choice of anybody's.
            assert ("content-encoding" in answer.headers) is (path == "/my/choices?")
        said = fields(await look(client, "/my/choices"), "/my/choices") | {"do": "typed"}
        answered = await client.post("/my/choices", data=said, headers={"accept-encoding": "gzip"})
        assert answered.status_code != 303
        assert "content-encoding" not in answered.headers
