"""The documents' shell lines are run, in their order, against the demo, and answers that they show compared.
A block of Python is the file that it names, for the lines to run.

Blocks of consentd's own commands alone are run in this process, after the others: a process of its own costs
each a second. In an answer "…" stands for anything, a text with … for any text there, and a member named "…"
for more members.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from documents import DOCUMENTS, ROOT, Block, blocks, name_of, prose
from served_demo import Demo

from consentd.cli import main

ANY = "…"
NOT_RUN = "not-run"
_SHOWN_ADDRESS = "http://127.0.0.1:8080"
_SHOWN_CLIENT = "<id>:<secret>"
_MARK = "@@@ block "


def runnable(document: Path) -> list[Block]:
    return [block for block in blocks(document) if block.language == "sh" and block.about != NOT_RUN]


def is_commands(block: Block) -> bool:
    return all(line.startswith("consentd ") for line in block.text.splitlines())


def script_of(found: list[Block], demo: Demo) -> str:
    lines = ["set -eu", f"CONSENTD={demo.address}", f"CLIENT={demo.client}", f"TOKEN={demo.token}"]
    for number, block in enumerate(found):
        text = block.text.replace(_SHOWN_ADDRESS, demo.address).replace(_SHOWN_CLIENT, demo.client)
        lines += [f"echo; echo '{_MARK}{number}'", text]
    return "\n".join(lines)


def differences(shown: Any, told: Any, where: str = "") -> list[str]:
    """Where an answer is not what the document shows of it."""
    match shown:
        case dict() if isinstance(told, dict):
            names = set(shown) - {ANY}
            found = [f"{where}/{name} is not in the answer" for name in sorted(names - set(told))]
            if ANY not in shown:
                found += [f"{where}/{name} is not shown" for name in sorted(set(told) - names)]
            for name in sorted(names & set(told)):
                found += differences(shown[name], told[name], f"{where}/{name}")
            return found
        case list() if isinstance(told, list) and len(shown) == len(told):
            pairs = enumerate(zip(shown, told, strict=True))
            return [one for n, (a, b) in pairs for one in differences(a, b, f"{where}/{n}")]
        case str() if ANY in shown:
            pattern = ".*".join(map(re.escape, shown.split(ANY)))
            fits = shown == ANY or (isinstance(told, str) and re.fullmatch(pattern, told, re.DOTALL))
            return [] if fits else [f"{where}: shown {shown!r}, told {told!r}"]
    return [] if shown == told else [f"{where}: shown {shown!r}, told {told!r}"]


def documents_with(*, commands: bool) -> list[Path]:
    return [d for d in DOCUMENTS if any(is_commands(block) is commands for block in runnable(d))]


@pytest.mark.parametrize("document", documents_with(commands=True), ids=name_of)
def test_commands_do_not_fail(document: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in demo.installation.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    for block in filter(is_commands, runnable(document)):
        for line in block.text.splitlines():
            done = CliRunner().invoke(main, line.split()[1:])
            assert done.exit_code == 0, f"{name_of(document)}:{block.line} {line}: {done.output}"


@pytest.mark.parametrize("document", documents_with(commands=False), ids=name_of)
def test_shell_lines_do_what_the_document_says(document: Path, demo: Demo, tmp_path: Path) -> None:
    found = [block for block in runnable(document) if not is_commands(block)]
    for block in blocks(document):
        if block.language == "python":
            (tmp_path / block.about).write_text(block.text)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh"],
        input=script_of(found, demo),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=demo.installation.environment | {"PATH": path},
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    outputs = re.split(rf"^{_MARK}\d+$", done.stdout, flags=re.MULTILINE)[1:]
    faults = []
    for block, output in zip(found, outputs, strict=True):
        place = f"{name_of(document)}:{block.line}"
        if block.answer is not None:
            shown, told = block.answer.strip(), output.strip()
            if block.is_json:
                shown, told = json.loads(shown), json.loads(told)
            faults += [f"{place} {one}" for one in differences(shown, told)]
        elif '"/problems/' in output:
            faults.append(f"{place} was refused: {output.strip()}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_json_block_is_json_and_every_yaml_block_stands_in_its_file(document: Path) -> None:
    for block in blocks(document):
        if block.language == "json":
            json.loads(block.text)
        if block.language == "yaml":
            assert block.text in (ROOT / block.about).read_text(), f"{name_of(document)}:{block.line}"


def commands(group: click.Command, *names: str) -> dict[str, click.Command]:
    """Every command under its full name."""
    if not isinstance(group, click.Group):
        return {" ".join(names): group}
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        found |= commands(command, *names, name)
    return found


def lines_of(document: Path) -> list[str]:
    shell = [line for block in blocks(document) if block.language == "sh" for line in block.text.splitlines()]
    return [*shell, *re.findall(r"`([^`\n]+)`", prose(document))]


def test_every_command_and_option_that_a_document_names_exists() -> None:
    known = commands(main)
    faults = []
    for document in DOCUMENTS:
        for line in lines_of(document):
            named = re.match(r"(?:\S*python -m )?consentd ((?:[a-z]+(?:-[a-z]+)* ?)+)(.*)", line)
            if named is None:
                continue
            words = named[1].split()
            command = next(filter(None, (known.get(" ".join(words[:n])) for n in (3, 2, 1))), None)
            if command is None:
                faults.append(f"{name_of(document)}: {line}")
                continue
            options = {option for parameter in command.params for option in parameter.opts}
            options |= {option for parameter in command.params for option in parameter.secondary_opts}
            faults += [
                f"{name_of(document)}: {line}: no {option}"
                for option in re.findall(r"(?<!\S)--[a-z-]+", named[2])
                if option not in options
            ]
    assert not faults, "\n".join(faults)


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        match[1]
        for document in DOCUMENTS
        for line in lines_of(document)
        if (match := re.match(r"make ([a-z-]+)", line))
    }
    assert {"run", "test"} <= named <= targets
