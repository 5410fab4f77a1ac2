"""A company's logo is a picture and nothing else: what could run, load or link is refused, and why."""

import struct
import zlib
from pathlib import Path

import pytest
from spoiling import DEMO, Edit, Faults

from consentd.policy.loader import load, load_whole
from consentd.policy.logo import MOST_BYTES, NoPicture, read_logo

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 20"'
)


def svg(inside: str, more: str = "") -> bytes:
    return f"{HEAD} {more}>{inside}</svg>".encode()


def png(width: int, height: int) -> bytes:
    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(b"".join(b"\0" + b"\0" * width for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def test_the_demo_companys_logo_is_taken_as_it_is() -> None:
    policy, files = load_whole(DEMO)
    content = (DEMO / "logo.svg").read_bytes()
    assert len(content) < 3000
    assert policy.logo is not None
    assert (policy.logo.media, policy.logo.width, policy.logo.height) == ("image/svg+xml", 96, 96)
    assert files[policy.logo.digest].content == content


def test_a_policy_comes_with_every_text_that_it_names() -> None:
    policy, files = load_whole(DEMO)
    texts = {
        digest for versions in policy.notices.values() for one in versions for digest in one.texts.values()
    }
    assert policy.logo is not None
    assert set(files) == {*texts, policy.logo.digest}


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ("<g><script/></g>", "<script>"),
        ("<foreignObject/>", "<foreignObject>"),
        ("<image href='x.png'/>", "<image>"),
        ("<a href='#x'/>", "<a>"),
        ("<animate attributeName='href' to='x'/>", "<animate>"),
        ("<set attributeName='onload' to='x'/>", "<set>"),
        ("<use href='https://elsewhere.example/x.svg#a'/>", "href in <use>"),
        ("<use xlink:href='other.svg#a'/>", "href in <use>"),
        ("<use href='data:image/svg+xml,x'/>", "href in <use>"),
        ("<path onclick='x()'/>", "event handler onclick"),
        ("<path ONLOAD='x()'/>", "event handler ONLOAD"),
        ("<path fill='url(https://elsewhere.example)'/>", "fill in <path>"),
        ("<path style='background:url(//elsewhere.example)'/>", "style in <path>"),
        ("<style>@import 'x.css';</style>", "<style>"),
        ("<style>path{fill:url(x.svg)}</style>", "<style>"),
        ("<style>path{fill:u\\72l(x.svg)}</style>", "<style>"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "<html>"),
        ("<h:script xmlns:h='http://www.w3.org/1999/xhtml'/>", "<script>"),
        ("<?xml-stylesheet href='x.css'?>", "<?xml-stylesheet?>"),
        ("<g>", "is not an SVG"),
    ],
)
def test_promise_16_a_picture_that_could_do_something_is_refused(inside: str, told: str) -> None:
    with pytest.raises(NoPicture) as error:
        read_logo("logo.svg", svg(inside))
    assert told in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + svg("&a;"),
        b"<!DOCTYPE svg SYSTEM 'http://elsewhere.example/x.dtd'>" + svg(""),
        b"<svg viewBox='0 0 9 9'/>",
        b"<html/>",
        b"hello",
        b"",
        b"\xff\xfe",
        svg("", 'onload="x()"'),
    ],
)
def test_promise_16_what_is_no_svg_is_refused(content: bytes) -> None:
    with pytest.raises(NoPicture):
        read_logo("logo.svg", content)


@pytest.mark.parametrize(
    "inside",
    [
        "<style>path{fill:url(#a)}</style><path class='x'/>",
        "<defs><linearGradient id='a'><stop offset='1'/></linearGradient></defs><path fill='url(#a)'/>",
        "<use href='#a'/><use xlink:href='#a'/>",
        "<metadata><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></metadata>",
    ],
)
def test_what_drawing_programs_write_is_taken(inside: str) -> None:
    logo = read_logo("logo.svg", svg(inside))
    assert (logo.width, logo.height) == (40, 20)


@pytest.mark.parametrize(
    "size",
    [
        "",
        'width="0" height="0"',
        'width="99999" height="9"',
        'width="100%" height="9"',
        'viewBox="0 0 400 9"',
    ],
)
def test_a_picture_without_a_sane_size_is_refused(size: str) -> None:
    with pytest.raises(NoPicture):
        read_logo("logo.svg", f'<svg xmlns="http://www.w3.org/2000/svg" {size}/>'.encode())


def test_a_picture_made_of_points_is_taken() -> None:
    logo = read_logo("logo.png", png(200, 50))
    assert (logo.media, logo.width, logo.height) == ("image/png", 200, 50)


@pytest.mark.parametrize(
    "content",
    [
        svg(""),
        png(40, 40)[:-1],
        png(40, 40) + b"<script>",
        png(40, 40).replace(b"IHDR", b"IHDX"),
        png(5000, 5),
        png(4, 4),
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
    ],
)
def test_a_damaged_or_monstrous_one_is_refused(content: bytes) -> None:
    with pytest.raises(NoPicture):
        read_logo("logo.png", content)


def test_a_large_one_is_refused() -> None:
    with pytest.raises(NoPicture, match=str(MOST_BYTES)):
        read_logo("logo.svg", svg("<g/>" * MOST_BYTES))


def test_another_logo_is_another_policy(rules: Path) -> None:
    content = (rules / "logo.svg").read_text()
    (rules / "logo.svg").write_text(content.replace("#7b52b5", "#7b52b6"))
    assert load(rules).hash != load(DEMO).hash


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("absent.svg", "is not a file"),
        ("../logo.svg", "beside controller.yaml"),
        ("notices/logo.svg", "beside controller.yaml"),
        ("logo.gif", "beside controller.yaml"),
    ],
)
def test_a_logo_that_cannot_be_used_is_told_with_its_file_and_line(
    rules: Path, edit: Edit, faults: Faults, name: str, told: str
) -> None:
    edit("controller.yaml", "logo: logo.svg", f"logo: {name}")
    (found,) = faults()
    line = (rules / "controller.yaml").read_text().splitlines().index(f"logo: {name}") + 1
    assert found[:2] == ("controller.yaml", line)
    assert told in found[2]


def test_one_that_runs_is_told_by_its_name(rules: Path, faults: Faults) -> None:
    (rules / "logo.svg").write_bytes(svg("<script/>"))
    ((_, _, reason),) = faults()
    assert reason.startswith("logo: logo.svg has <script>")


def test_a_company_needs_no_logo(edit: Edit, rules: Path) -> None:
    edit("controller.yaml", "logo: logo.svg", "")
    assert load(rules).logo is None
