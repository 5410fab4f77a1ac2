"""The bare distribution: `pip install consentd` without the server's packages."""

import os
import subprocess
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from both import EVERYTHING

from support.installation import ROOT, Serving
from support.installed import make_environment


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with env/, of requirements/client.txt and the wheel, and dist/."""
    folder = tmp_path_factory.mktemp("bare")
    make_environment(folder, "requirements/client.txt")
    return folder


def run(bare: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = [str(bare / "env" / "bin" / command[0]), *command[1:]]
    clean = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(program, cwd=bare, env=clean, capture_output=True, text=True, timeout=60)


def test_the_bare_distribution_asks_the_service_and_imports_nothing_of_the_server(
    bare: Path, service: Serving
) -> None:
    code = """if True:
        import os, sys
        from consentd.client import Client
        with Client(os.environ["URL"], os.environ["ID"], os.environ["SECRET"]) as client:
            print(client.check("email:nobody@exemple.fr", "newsletter", "email").reason)
        print(*sorted({name.split(".")[1] for name in sys.modules if name.startswith("consentd.")}))
        print(sys.modules["consentd"].__file__)
    """
    found = service.installation.connect(*EVERYTHING)
    done = run(bare, "python", "-c", code, URL=service.address, ID=found.id, SECRET=found.secret)
    assert done.returncode == 0, done.stderr
    reason, rooms, place = done.stdout.splitlines()
    assert reason == "unknown_person"
    assert set(rooms.split()) <= {"client", "kernel"}
    assert place.startswith(str(bare))


def test_the_command_without_the_server_says_in_a_sentence_what_to_install(bare: Path) -> None:
    for command in (["consentd", "serve"], ["python", "-m", "consentd"]):
        done = run(bare, *command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("consentd: this is the client alone")
        assert "pip install 'consentd[server]'" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_signing_without_its_extra_says_what_to_install(bare: Path) -> None:
    code = "from consentd.client import Client; Client('https://x.example', 'id', private_key={'kid': 'k'})"
    done = run(bare, "python", "-c", code)
    assert "pip install 'consentd[key]'" in done.stderr


def test_a_replica_without_its_extra_says_what_to_install_and_why_and_leaves_nothing(bare: Path) -> None:
    code = """if True:
        from consentd.client import Client, Replica, ReplicaError
        with Client("https://x.example", "id", "secret") as client:
            try:
                Replica.open("till.replica", client)
            except ReplicaError as error:
                print(error)
    """
    done = run(bare, "python", "-c", code)
    assert "cryptography, is not installed" in done.stdout, done.stderr
    assert "pip install 'consentd[replica]'" in done.stdout
    assert not list(bare.glob("till.replica*"))


def test_what_the_client_stands_on_is_small(bare: Path) -> None:
    """docs/client.md gives the figures; the server's packages are fifty times as much."""
    (site,) = (bare / "env").glob("lib/python*/site-packages")
    files = [path for path in site.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    beside = sum(path.stat().st_size for path in files if path.relative_to(site).parts[0] != "consentd")
    assert beside < 5_000_000
    own = [path for room in ("client", "kernel") for path in (site / "consentd" / room).rglob("*.py")]
    assert sum(path.stat().st_size for path in own) < 500_000


def test_the_wheel_needs_msgspec_and_httpx_alone_and_brings_its_types(bare: Path) -> None:
    (wheel,) = (bare / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (told,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        needed = Parser().parsestr(archive.read(told).decode()).get_all("Requires-Dist") or []
    always = {
        one.split(">")[0].strip() for one in needed if "extra ==" not in one and "sys_platform" not in one
    }
    assert always == {"httpx", "msgspec"}
    assert "consentd/py.typed" in names
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {"server", "key", "replica"} <= set(extras)
