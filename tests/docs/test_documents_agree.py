"""Tables of the documents against the code that they speak of: what one says, the other has, both ways."""

import ast
import asyncio
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from documents import ROOT, blocks, prose, section, table, words_of
from prometheus_client.parser import text_string_to_metric_families
from test_documents_run import commands

from consentd.base.counts import Board
from consentd.base.settings import LOG_LEVELS, Settings, from_environment
from consentd.callers.model import Scope
from consentd.check.attempts import AttemptReported
from consentd.cli import main
from consentd.consent import admission
from consentd.consent.requests import (
    ConsentEvent,
    NoticeShown,
    Parental,
    RecordConsents,
    RecordObjection,
    Slot,
)
from consentd.db.tables import metadata
from consentd.kernel.errors import OperatorError
from consentd.kernel.instants import Instant
from consentd.kernel.layout import ChoiceRule, Layout, ProofSource
from consentd.kernel.policy import Controller, Purpose
from consentd.kernel.reasons import REASONS
from consentd.kernel.silo_sql import Column, Table
from consentd.policy.law_rules import RULES
from consentd.subjects import candidates, facts
from consentd.subjects.requests import SubjectNamed
from consentd.web.catalogue import problems
from consentd.web.metrics import Metrics, Observed
from support.environment import Asked


def fields(kind: type[msgspec.Struct], before: str = "") -> list[str]:
    return [before + field.encode_name for field in msgspec.structs.fields(kind)]


def named_in(heading: str, document: str = "docs/recording.md") -> list[str]:
    """What the first column of the table under a heading names."""
    lines = [line for line in section(document, heading).splitlines() if line.startswith("|")]
    return [word for line in lines for word in words_of(line.split("|")[1])[:1]]


# --- settings


ATTRIBUTES = {
    "CONSENTD_DATA_DIR": "data_dir",
    "CONSENTD_DATABASE_URL": "database_url",
    "CONSENTD_POLICIES": "policies_dir",
    "CONSENTD_ROOT_KEY_FILE": "root_key_file",
    "CONSENTD_ROOT_KEY": "root_key",
    "CONSENTD_HOST": "host",
    "CONSENTD_PORT": "port",
    "CONSENTD_PUBLIC_URL": "public_url",
    "CONSENTD_TOKEN_SECONDS": "token_seconds",
    "CONSENTD_MAX_BODY_BYTES": "max_body_bytes",
    "CONSENTD_LOG_LEVEL": "log_level",
    "CONSENTD_WORKERS": "workers",
    "CONSENTD_METRICS_HOST": "metrics_host",
    "CONSENTD_METRICS_PORT": "metrics_port",
    "CONSENTD_OTEL": "otel",
    "CONSENTD_ALLOWED_HOSTS": "allowed_hosts",
    "CONSENTD_TRUSTED_PROXIES": "trusted_proxies",
    "CONSENTD_SMTP_URL": "smtp",
    "CONSENTD_MAIL_FROM": "mail_from",
    "CONSENTD_SMS_SECRET": "sms_secret",
    "CONSENTD_SMS_URL": "sms_url",
    "CONSENTD_DEVELOPMENT": "development",
}


def test_the_settings_table_is_what_the_service_reads() -> None:
    asked = Asked()
    defaults = from_environment(asked)
    told = {words_of(row[0])[0]: row[1] for row in table("docs/running.md", "Variable", "Default")}
    assert set(told) == asked.names == set(ATTRIBUTES)
    assert {field.name for field in msgspec.structs.fields(Settings)} == set(ATTRIBUTES.values())
    for name, cell in told.items():
        value = getattr(defaults, ATTRIBUTES[name])
        assert cell.strip("`") == ("none" if value is None else str(value)), name


def test_the_ranges_of_settings_are_those_that_the_service_takes() -> None:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    rows = {words_of(row[0])[0]: row[2] for row in table("docs/running.md", "Variable", "Default")}
    ranges = {name: found for name, cell in rows.items() if (found := re.match(r"(\d+) to (\d+)", cell))}
    assert set(ranges) == {name for name, at in ATTRIBUTES.items() if kinds[at] in (int, int | None)}
    for name, found in ranges.items():
        least, most = int(found[1]), int(found[2])
        for value in (least, most):
            assert getattr(from_environment({name: str(value)}), ATTRIBUTES[name]) == value
        for value in (least - 1, most + 1):
            with pytest.raises(OperatorError, match=rf"{name}.* {least} to {most}"):
                from_environment({name: str(value)})


def test_the_levels_of_the_log_are_all_told() -> None:
    rows = {words_of(row[0])[0]: row[2] for row in table("docs/running.md", "Variable", "Default")}
    assert words_of(rows["CONSENTD_LOG_LEVEL"].partition(";")[0]) == list(LOG_LEVELS)
    for level in LOG_LEVELS:
        assert from_environment({"CONSENTD_LOG_LEVEL": level.upper()}).log_level == level
    with pytest.raises(OperatorError, match="CONSENTD_LOG_LEVEL"):
        from_environment({"CONSENTD_LOG_LEVEL": "loud"})


def test_the_series_of_metrics_are_all_told() -> None:
    told = {words_of(row[0])[0] for row in table("docs/running.md", "Series")}
    board = Board(1)
    board.slots[0].answered("GET", "/", 200, 0.1)

    async def observe() -> Observed:
        return Observed(1, 1, Instant(1), Instant(1))

    text = asyncio.run(Metrics(board, observe, {"version": "1", "database": "sqlite"}).text()).decode()
    shown = set()
    for family in text_string_to_metric_families(text):
        shown.add(f"{family.name}_total" if family.type == "counter" else family.name)
    assert told == shown


# --- reasons and refusals


def test_the_reasons_table_is_the_catalogue() -> None:
    told = {
        words_of(row[0])[0]: (words_of(row[1])[0], row[2])
        for row in table("docs/deciding.md", "Code", "Coarse")
    }
    assert told == {code: (entry.coarse, entry.en) for code, entry in REASONS.items()}


def test_every_reason_that_an_answer_shows_exists() -> None:
    known = {*REASONS, *(entry.coarse for entry in REASONS.values())}
    for document in ("README.md", "docs/api.md", "docs/tutorial.md"):
        for block in blocks(ROOT / document):
            if block.language == "json":
                assert _codes(msgspec.json.decode(block.text.encode())) <= known, f"{document}:{block.line}"


def _codes(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {reason["code"] for reason in value.get("reasons", ())}
        return own.union(*map(_codes, value.values()))
    return set().union(*map(_codes, value)) if isinstance(value, list) else set()


def faults_of_admission() -> set[str]:
    """The codes with which an event is refused, read from the source."""
    tree = ast.parse((ROOT / "src/consentd/consent/admission.py").read_text())
    codes = set(admission._NO_CONSENT)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and node.func.id == "Fault":
            codes.add(str(first.value))
        elif isinstance(first, ast.Constant) and node.func.id == "_unknown":
            codes.add(f"unknown_{first.value}")
    return codes


def test_the_refusal_codes_are_those_of_the_source(literals: frozenset[str]) -> None:
    told = {words_of(row[0])[0] for row in table("docs/recording.md", "Code")}
    found = faults_of_admission()
    assert len(found) > 15
    assert not found - told, "not in docs/recording.md"
    assert not told - found - literals, "not in the source"


def test_every_error_code_of_the_api_page_stands_in_the_source(literals: frozenset[str]) -> None:
    told = {code for row in table("docs/api.md", "Status", "Codes") for code in words_of(row[1])}
    told -= {"instance", "Retry-After"}
    assert told <= literals, sorted(told - literals)


def test_every_refusal_that_a_caller_can_meet_is_told_once_with_its_status() -> None:
    rows = table("docs/api.md", "Status", "Codes")
    statuses = [row[0] for row in rows]
    assert len(statuses) == len(set(statuses))
    of_recording = words_of(prose(ROOT / "docs/recording.md"))
    refusals = {code: entry.status for code, entry in problems().items() if (entry.status or 500) < 500}
    # Of commands alone.
    del refusals["unknown_list"], refusals["not_on_list"]
    told: dict[str, set[str]] = {}
    for status, codes in rows:
        for code in words_of(codes):
            told.setdefault(code, set()).add(status)
    assert not refusals.keys() - told.keys() - set(of_recording)
    assert not {code for code, status in refusals.items() if str(status) not in told.get(code, {str(status)})}


# --- what calls take


@pytest.mark.parametrize(
    ("heading", "kinds"),
    [
        ("The call", [(RecordConsents, "")]),
        ("The subject", [(SubjectNamed, "")]),
        ("An event", [(ConsentEvent, "")]),
        ("A notice, a parent, hours", [(NoticeShown, "notice."), (Parental, "parental."), (Slot, "hours.")]),
        ("POST /v1/objections", [(RecordObjection, "")]),
        ("POST /v1/attempts", [(AttemptReported, "")]),
    ],
)
def test_the_fields_of_a_call_are_all_told(
    heading: str, kinds: list[tuple[type[msgspec.Struct], str]]
) -> None:
    assert set(named_in(heading)) == {name for kind, before in kinds for name in fields(kind, before)}


def test_the_kinds_of_facts_and_their_fields_are_all_told() -> None:
    told = {words_of(row[0])[0]: row[1] for row in table("docs/recording.md", "`kind`")}
    kinds = (
        facts.SaleFact,
        facts.ContractFact,
        facts.BirthFact,
        facts.ProfessionalFact,
        facts.LastContactFact,
        facts.UnreachableFact,
    )
    assert set(told) == {kind.__struct_config__.tag for kind in kinds}
    for kind in kinds:
        wanted = set(fields(kind)) - {"source_event_id"}
        assert set(words_of(told[str(kind.__struct_config__.tag)])) == wanted


def test_the_calls_are_those_that_the_service_describes(description: Mapping[str, Any]) -> None:
    told = {words_of(row[0])[0] for row in table("docs/api.md", "Call", "Scope")}
    described = {
        f"{method.upper()} {path}"
        for path, item in description["paths"].items()
        for method in item
        if method in {"get", "post", "put", "patch", "delete"}
    }
    assert told == described


def test_the_scopes_are_all_told() -> None:
    told = {words_of(row[0])[0] for row in table("docs/api.md", "Scope", "Allows")}
    assert told == {scope.value for scope in Scope}


def test_the_reasons_of_candidates_are_all_told_the_strongest_first() -> None:
    assert [words_of(row[0])[0] for row in table("docs/data.md", "Reason", "When")] == list(
        candidates.REASONS
    )


# --- policies, tables, commands


def test_the_keys_of_a_purpose_and_of_the_company_are_all_told() -> None:
    assert set(named_in("A purpose", "docs/policies.md")) == set(fields(Purpose))
    told = next(row for row in table("docs/policies.md", "File") if row[0] == "`controller.yaml`")
    assert set(words_of(told[1])) == set(fields(Controller))


def test_the_lists_of_a_law_pack_are_all_told() -> None:
    assert {words_of(row[0])[0] for row in table("docs/law.md", "List")} == set(RULES)


def test_every_table_of_the_database_is_told_with_what_may_change_in_it() -> None:
    marks = {name: row[1] for row in table("docs/data.md", "Table") for name in words_of(row[0])}
    assert set(marks) == set(metadata.tables)
    for name, found in metadata.tables.items():
        wanted = {"append_only": "A", "kept": "K", "housekeeping": "H"}
        mark = "".join(letter for info, letter in wanted.items() if found.info.get(info))
        assert marks[name].replace("S", "").strip() == mark, name


def test_every_command_is_told() -> None:
    told = {words_of(row[0])[0] for row in table("docs/running.md", "Command")}
    assert told == {f"consentd {name}" for name in commands(main)}


def test_the_rooms_are_told_in_the_order_that_is_enforced() -> None:
    rooms = [row[0].strip("`") for row in table("docs/architecture.md", "Room") if "," not in row[0]]
    tree = ast.parse((ROOT / "tests/architecture/test_imports.py").read_text())
    order = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ROOMS"
    )
    built = [room for room in order if any((ROOT / "src/consentd" / room).glob("*.py"))]
    assert rooms == built


def test_importing_names_every_key_of_a_layout() -> None:
    when = {"when", "filled", "empty", "above"}
    assert named_in("A layout", "docs/importing.md") == fields(Layout)
    assert named_in("A proof", "docs/importing.md") == fields(ProofSource)
    assert named_in("A choice", "docs/importing.md") == [
        name for name in fields(ChoiceRule) if name not in when
    ]


def test_systems_names_every_key_of_a_mapping() -> None:
    assert named_in("A table", "docs/systems.md") == fields(Table)
    assert named_in("A column", "docs/systems.md") == fields(Column)
