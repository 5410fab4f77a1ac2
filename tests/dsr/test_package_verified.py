"""A copy that was changed in any way is found, offline, and what was changed is named."""

import hashlib
import io
import struct
import zipfile
from collections.abc import Callable

import msgspec
import pytest

from consentd.crypto.jws import sign_document
from consentd.dsr.package import manifest as m
from consentd.dsr.package.manifest import Manifest
from consentd.dsr.package.reading import Package
from consentd.dsr.package.verifying import Part, Verdict, needs_log_key, verify
from consentd.kernel.errors import Tampered
from support.builders import Company
from support.packages import ANA, REQUEST, Copy, a_copy, keys, log_key

ALL = dict.fromkeys(Part, True)


async def proven(company: Company) -> Copy:
    await company.gives(ANA)
    await company.objects(ANA, channels=("sms",))
    await company.verify_everything()
    return await a_copy(company)


def verdict(company: Company, content: bytes) -> Verdict:
    return verify(io.BytesIO(content), keys(company), log_key(company))


def packed(files: dict[str, bytes]) -> bytes:
    """As somebody packs it who wants to pass for us."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def taken_out(copy: Copy) -> dict[str, bytes]:
    return {name: copy.zip.read(name) for name in copy.names}


def signed_again(company: Company, files: dict[str, bytes], manifest: Manifest) -> dict[str, bytes]:
    """As if the service had signed it: with its own key."""
    content = m.spelled(manifest)
    return files | {
        m.MANIFEST: content,
        m.SIGNATURE: m.signed(company.keyring.signer("receipt"), content),
    }


async def test_promise_9_a_copy_holds_as_it_was_handed_out(company: Company) -> None:
    copy = await proven(company)
    assert needs_log_key(io.BytesIO(copy.bytes))
    found = verdict(company, copy.bytes)
    assert (found.parts, found.wrong, found.manifest) == (ALL, (), copy.made.manifest)
    # Packed again with nothing changed, it says the same.
    assert verdict(company, packed(taken_out(copy))).holds


async def test_promise_9_a_changed_missing_or_added_file_is_named(company: Company) -> None:
    copy = await proven(company)
    files = taken_out(copy)
    name = "data/webshop/commandes.json"
    for forged, wrong in (
        (files | {name: files[name].replace(b"Ana", b"Eve", 1)}, (name,)),
        ({one: content for one, content in files.items() if one != name}, (name,)),
        (files | {"data/webshop/more.html": b"x"}, ("data/webshop/more.html",)),
        (files | {name: files[name] + b" " * 100_000_000}, (name,)),
    ):
        found = verdict(company, packed(forged))
        assert (found.wrong, found.parts[Part.FILES], found.holds) == (wrong, False, False)


async def test_promise_9_a_manifest_is_only_what_the_service_signed_as_one(company: Company) -> None:
    copy = await proven(company)
    files = taken_out(copy)
    manifest = files[m.MANIFEST]
    receipt = sign_document(company.keyring.signer("receipt"), manifest, "consent-receipt+jws").encode()
    for forged in (
        files | {m.MANIFEST: manifest.replace(REQUEST.encode(), REQUEST[::-1].encode())},
        files | {m.SIGNATURE: b""},
        files | {m.SIGNATURE: receipt},
        {name: content for name, content in files.items() if name != m.SIGNATURE},
    ):
        found = verdict(company, packed(forged))
        assert (found.parts, found.manifest) == ({Part.SIGNATURE: False}, None)


async def test_promise_9_a_choice_that_the_log_does_not_hold_is_not_proven(company: Company) -> None:
    copy = await proven(company)
    files = taken_out(copy)
    proofs = files[m.PROOFS]
    (first, second) = proofs.removeprefix(b"[\n").removesuffix(b"\n]\n").split(b",\n")
    for forged in (b"[\n" + first + b"\n]\n", b"[\n" + second + b"\n]\n", b"[]\n", None):
        now = {name: content for name, content in files.items() if name != m.PROOFS or forged is not None}
        if forged is not None:
            now[m.PROOFS] = forged
        manifest = msgspec.structs.replace(
            copy.made.manifest,
            files=tuple(
                _told(file.name, now[file.name]) for file in copy.made.manifest.files if file.name in now
            ),
        )
        found = verdict(company, packed(signed_again(company, now, manifest)))
        assert (found.parts, found.wrong) == (ALL | {Part.INCLUSION: False}, ())


def _told(name: str, content: bytes) -> m.FileTold:
    return m.FileTold(name, len(content), hashlib.sha256(content).hexdigest())


async def test_promise_9_another_logs_checkpoint_proves_nothing(company: Company) -> None:
    copy = await proven(company)
    origin, key = log_key(company)
    for known in (None, ("other.example/log", key), (origin, company.keyring.public_keys("receipt")[0])):
        found = verify(io.BytesIO(copy.bytes), keys(company), known)
        assert found.parts == ALL | {Part.CHECKPOINT: False, Part.INCLUSION: False}


async def test_before_a_checkpoint_a_copy_holds_without_proofs(company: Company) -> None:
    await company.gives(ANA)
    copy = await a_copy(company)
    assert not needs_log_key(io.BytesIO(copy.bytes))
    found = verify(io.BytesIO(copy.bytes), keys(company), None)
    assert found.parts == {Part.SIGNATURE: True, Part.FILES: True}
    assert found.manifest is not None
    assert found.manifest.checkpoint is None


def _prefixed(content: bytes) -> bytes:
    return b"#!/bin/sh\n" + content


def _commented(content: bytes) -> bytes:
    return content[:-2] + struct.pack("<H", 4) + b"more"


def _hidden(content: bytes) -> bytes:
    """A member that the directory does not list: who reads from the beginning finds it."""
    hidden = packed({"hidden.html": b"<script>"})
    local = hidden[: hidden.index(b"PK\x01\x02")]
    end = content.rindex(b"PK\x05\x06")
    size, at = struct.unpack("<LL", content[end + 12 : end + 20])
    moved = content[end : end + 16] + struct.pack("<L", at + len(local)) + content[end + 20 :]
    return content[:at] + local + content[at : at + size] + moved


def _twice(content: bytes) -> bytes:
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("index.html", b"other")
    return target.getvalue()


def _named(name: str) -> Callable[[bytes], bytes]:
    def add(content: bytes) -> bytes:
        target = io.BytesIO(content)
        with zipfile.ZipFile(target, "a") as archive:
            archive.writestr(name, b"x")
        return target.getvalue()

    return add


@pytest.mark.parametrize(
    "changed",
    [
        _prefixed,
        _commented,
        _hidden,
        _twice,
        _named("../x.html"),
        _named("/etc/passwd"),
        _named("data\\x.html"),
        _named("a/b/c/d.html"),
        _named("con"),
        _named("data/"),
        lambda content: content[:1000],
        lambda content: b"",
        lambda content: b"PK\x05\x06" + bytes(18),
        lambda content: content + b"\0",
    ],
)
async def test_promise_16_an_archive_that_two_tools_read_differently_is_refused(
    company: Company, changed: Callable[[bytes], bytes]
) -> None:
    await company.gives(ANA)
    copy = await a_copy(company)
    forged = changed(copy.bytes)
    with pytest.raises(Tampered) as refused:
        verify(io.BytesIO(forged), keys(company), log_key(company))
    assert refused.value.code == "package_invalid"


async def test_every_byte_of_the_archive_counts(company: Company) -> None:
    """One changed byte anywhere is found, or was none that any reader looks at."""
    await company.gives(ANA)
    copy = await a_copy(company)
    content = bytearray(copy.bytes)
    names = Package(io.BytesIO(copy.bytes)).names
    for place in range(0, len(content), max(1, len(content) // 150)):
        content[place] ^= 0x41
        try:
            found = verify(io.BytesIO(bytes(content)), keys(company), None)
        except Tampered:
            pass
        else:
            assert not found.holds or _reads_the_same(bytes(content), copy, names), place
        content[place] ^= 0x41


def _reads_the_same(content: bytes, copy: Copy, names: list[str]) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist() == names and all(archive.read(one) == copy.zip.read(one) for one in names)
