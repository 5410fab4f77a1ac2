"""What the image does, without an engine for containers: the same packages, the wheel, a user without rights.

The packages are not fetched: those of requirements/server.txt are taken from this environment, and nothing
else, so that whatever the service needs beyond them is missed here and not in production.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from consentd.base.settings import from_environment
from support.environment import Asked
from support.installation import ROOT, free_port
from support.installed import make_environment

NOBODY = 65534
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def settings() -> set[str]:
    asked = Asked()
    from_environment(asked)
    return asked.names


def instructions(name: str) -> list[str]:
    text = DOCKERFILE.replace("\\\n", " ")
    return [line.partition(" ")[2].strip() for line in text.splitlines() if line.startswith(f"{name} ")]


def copied() -> list[str]:
    return [path for line in instructions("COPY") if "--from" not in line for path in line.split()[:-1]]


def test_every_path_that_is_copied_exists_and_is_sent_to_the_builder() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for path in copied():
        assert (ROOT / path).exists(), path
        assert path.split("/")[0] in kept, path
    assert {path.split("/")[0] for path in copied()} == kept


def test_everything_is_installed_by_hash_and_what_builds_stays_behind() -> None:
    installs = re.findall(r"pip (?:--python \S+ )?install [^&]*", DOCKERFILE.replace("\\\n", " "))
    assert len(installs) == 3
    for install in installs:
        assert "--require-hashes" in install or "--no-deps --no-index" in install, install
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "pip install" not in final
    assert "COPY --from=build /opt/consentd /opt/consentd" in final
    assert "--without-pip /opt/consentd" in DOCKERFILE


def test_the_image_runs_as_nobody_in_particular_and_hears_signals_itself() -> None:
    assert instructions("USER") == ["10001:10001"]
    # The exec form: a shell between would not pass SIGTERM on.
    assert instructions("ENTRYPOINT") == ['["consentd"]']
    assert instructions("CMD") == ['["serve"]']
    assert instructions("VOLUME") == ["/data"]


def test_the_settings_that_the_image_and_compose_name_exist(settings: set[str]) -> None:
    named = set(re.findall(r"\b(CONSENTD_[A-Z_]+)=", DOCKERFILE))
    assert named <= settings
    for name in ("init", "consentd"):
        environment: dict[str, str] = COMPOSE["services"][name]["environment"]
        assert set(environment) <= settings
        filled = {key: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value) for key, value in environment.items()}
        read = from_environment(filled | {"CONSENTD_PORT": "8080"})
        assert read.database_url.startswith("postgresql+asyncpg://")
        assert read.root_key_file == Path("/run/secrets/root_key")
    assert COMPOSE["services"]["consentd"]["environment"]["CONSENTD_WORKERS"] == "4"


def test_compose_migrates_before_it_serves_and_gives_no_more_rights_than_are_needed() -> None:
    services = COMPOSE["services"]
    assert services["init"]["command"] == ["init"]
    assert services["init"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["consentd"]["depends_on"] == {"init": {"condition": "service_completed_successfully"}}
    for name in ("init", "consentd"):
        one = services[name]
        assert (one["read_only"], one["cap_drop"], one["init"]) == (True, ["ALL"], True)
        assert one["secrets"] == ["root_key"]
    assert set(COMPOSE["secrets"]) == {"root_key", "database_password"}
    assert all(port.startswith("127.0.0.1:") for port in services["consentd"]["ports"])
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "secrets/" in ignored


# --- what is in it


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """An environment of the packages of requirements/server.txt and the wheel; a data folder beside it."""
    # Not below pytest's own folders: nobody else may look into those.
    folder = Path(tempfile.mkdtemp(prefix="consentd-image-"))
    folder.chmod(0o755)
    try:
        make_environment(folder, "requirements/server.txt")
        data = folder / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(data, NOBODY, NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder)


def without_rights() -> list[str]:
    """As who may read what there is, and write what is their own: the interpreter may lie in root's home."""
    if os.geteuid() != 0:
        return []
    return [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        "--no-new-privs",
        "--inh-caps=+dac_read_search",
        "--ambient-caps=+dac_read_search",
        "--bounding-set=-all,+dac_read_search",
    ]


def test_the_wheel_serves_from_what_it_cannot_write_with_only_the_servers_packages(image: Path) -> None:
    port, metrics = free_port(), free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONSENTD_DATA_DIR": str(image / "data"),
        "CONSENTD_POLICIES": str(ROOT / "policies"),
        "CONSENTD_PORT": str(port),
        "CONSENTD_METRICS_PORT": str(metrics),
    }
    command = [*without_rights(), str(image / "env" / "bin" / "consentd")]
    before = sorted(path for path in (image / "env").rglob("*"))
    made = subprocess.run([*command, "init"], cwd="/", env=environment, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    running = subprocess.Popen(
        [*command, "serve", "--workers", "2"], cwd="/", env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        check = re.search(r'CMD \["python", "-c", "(.*)"\]', DOCKERFILE)
        assert check is not None
        python = str(image / "env" / "bin" / "python")
        asked = [*without_rights(), python, "-c", check[1]]
        deadline = time.monotonic() + 60
        while subprocess.run(asked, env=environment, capture_output=True).returncode != 0:
            assert running.poll() is None
            assert time.monotonic() < deadline
        assert "consentd_database_up 1.0" in httpx.get(f"http://127.0.0.1:{metrics}/metrics").text
        assert (httpx.get(f"http://127.0.0.1:{port}/")).status_code == 200
        status = Path(f"/proc/{running.pid}/status").read_text()
        assert "\nUid:\t0\t" not in status
    finally:
        running.terminate()
        _, err = running.communicate(timeout=15)
    assert running.returncode == 0, err
    assert sorted(path for path in (image / "env").rglob("*")) == before
    unhealthy = subprocess.run(asked, env=environment, capture_output=True)
    assert unhealthy.returncode != 0
