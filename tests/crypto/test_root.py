"""The root key is read strictly, from where it is safe, and never printed."""

import base64
from pathlib import Path

import pytest

from consentd.base.settings import Settings, from_environment
from consentd.crypto.root import create_root_key_file, read_root_key, root_key
from consentd.kernel.errors import OperatorError

TEXT = base64.b64encode(bytes(range(32))).decode()


def settings(tmp_path: Path, **env: str) -> Settings:
    return from_environment({"CONSENTD_DATA_DIR": str(tmp_path), **env})


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    create_root_key_file(tmp_path / "root.key")
    assert read_root_key(settings(tmp_path, CONSENTD_ROOT_KEY=TEXT)).name == root_key(bytes(range(32))).name


def test_a_created_file_is_its_owners_alone_and_reads_back(tmp_path: Path) -> None:
    made = create_root_key_file(tmp_path / "root.key")
    assert (tmp_path / "root.key").stat().st_mode & 0o777 == 0o600
    assert read_root_key(settings(tmp_path)) == made


def test_a_root_key_is_never_overwritten(tmp_path: Path) -> None:
    made = create_root_key_file(tmp_path / "root.key")
    with pytest.raises(OperatorError, match="left alone"):
        create_root_key_file(tmp_path / "root.key")
    assert read_root_key(settings(tmp_path)) == made


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_promise_18_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    create_root_key_file(tmp_path / "root.key")
    (tmp_path / "root.key").chmod(mode)
    with pytest.raises(OperatorError, match="chmod 600"):
        read_root_key(settings(tmp_path))


@pytest.mark.parametrize(
    "content",
    ["", "\n", TEXT, f"{TEXT}\n\n", f" {TEXT}\n", f"{TEXT[:-4]}\n", f"{TEXT[:-2]}9=\n", f"{TEXT}\r\n", "é\n"],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "root.key"
    file.write_bytes(content.encode())
    file.chmod(0o600)
    with pytest.raises(OperatorError, match="32 bytes in base64"):
        read_root_key(settings(tmp_path))


def test_without_a_root_key_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="consentd init"):
        read_root_key(settings(tmp_path))


def test_promise_18_a_malformed_root_key_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as caught:
        read_root_key(settings(tmp_path, CONSENTD_ROOT_KEY=TEXT + "x"))
    assert TEXT not in str(caught.value)


def test_promise_18_the_name_of_a_root_key_is_all_that_shows() -> None:
    key = root_key(bytes(range(32)))
    assert len(key.name) == 16
    assert TEXT not in repr(key)
    assert bytes(range(32)).hex() not in repr(key)
