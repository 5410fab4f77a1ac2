"""Writing a proposed mapping as a file of the policy, with what must be decided beside it (pure)."""

import json
import re
from collections.abc import Iterator

from consentd.kernel.silo_sql import Column, SqlSilo, Table
from consentd.systems.connectors.sql.proposing import Proposal

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TAKEN = {"true", "false", "null"}


def as_yaml(system: str, name: str, zone: str, languages: tuple[str, ...], proposal: Proposal) -> str:
    """A whole file: policies/systems/<system>.yaml."""
    categories = dict.fromkeys(table.category for table in proposal.silo.tables.values())
    words = ", ".join(f"{language}: {_text(name)}" for language in languages)
    lines = [
        "# Proposed from the schema of the database. What is marked “decide” is for whoever knows the silo;",
        "# “looks like” says what a column was taken for, by its name or its content.",
        f"id: {_text(system)}",
        f"name: {_text(name)}",
        f"zone: {zone}",
        f"description: {{ {words} }}",
        f"identifiers: {_list(proposal.schemes)}",
        f"categories: {_list(tuple(categories))}  # decide: by what names people are told of them",
        "purposes: []  # decide: what the silo is used for",
        "",
        "connection:",
        "  by: sql",
        '  owner: { name: "?", email: "owner@company.example" }  # decide: who answers for this silo',
        "  verbs: [locate, export, erase, confirm]",
        f"  adds: {_list(_told(proposal.silo))}",
        "  sql:",
        "    tables:",
    ]
    for word, table in proposal.silo.tables.items():
        lines += [f"      {line}" if line else "" for line in _table(word, table, proposal)]
    if proposal.left_out:
        lines += ["", "# Left out:"]
        lines += [f"#   {one}: {why}" for one, why in sorted(proposal.left_out.items())]
    return "\n".join(lines) + "\n"


def _told(silo: SqlSilo) -> tuple[str, ...]:
    found = [one.scheme for table in silo.tables.values() for one in table.found_by if not one.shared]
    return tuple(dict.fromkeys(found))


def _table(word: str, table: Table, proposal: Proposal) -> Iterator[str]:
    for remark in proposal.remarks.get(word, ()):
        yield f"# decide: {remark}"
    yield f"{word}:"
    if table.name is not None:
        yield f"  name: {_text(table.name)}"
    yield f"  category: {_text(table.category)}"
    yield f"  key: {_list(table.key)}"
    if table.found_by:
        yield "  found_by:"
        for one in table.found_by:
            more = f", country: {one.country}" if one.country else ""
            more += ", shared: true" if one.shared else ""
            yield f"    - {{ scheme: {one.scheme}, column: {_text(one.column)}{more} }}"
    if table.reached_by:
        yield "  reached_by:"
        for path in table.reached_by:
            columns = ", ".join(f"{_text(here)}: {_text(there)}" for here, there in path.columns.items())
            yield f"    - {{ table: {path.table}, columns: {{ {columns} }} }}"
    yield f"  erase: {table.erase}"
    if table.keep is not None:
        keep = table.keep
        until = f"months: {keep.months}, after: {_text(keep.after)}, year_end: true"
        yield f"  keep: {{ {until}, because: {_text(keep.because)} }}"
    yield "  columns:" if table.columns else "  columns: {}"
    for name, column in table.columns.items():
        mark = proposal.marks.get((word, name))
        looks = f"  # looks like: {mark}" if mark else ""
        yield f"    {_text(name)}: {_column(column)}{looks}"


def _column(column: Column) -> str:
    parts = [f"erase: {column.erase}"] if column.erase is not None else []
    parts += ["kept: true"] if column.kept else []
    parts += ["third_party: true"] if column.third_party else []
    parts += [f"free_text: {str(column.free_text).lower()}"] if column.free_text is not None else []
    parts += ["copy: false"] if not column.copy else []
    return f"{{ {', '.join(parts)} }}" if parts else "{}"


def _list(names: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_text, names))}]"


def _text(text: str) -> str:
    """Plain where YAML cannot take it for anything else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _TAKEN
    return text if plain else json.dumps(text, ensure_ascii=False)
