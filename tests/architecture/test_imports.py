"""The house rules, read from the code itself: who may know whom, and what is done in one place only.

Each test is one rule with its reason. A fault is named by file and line.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from consentd.db.tables import KEPT

SOURCE = Path(__file__).parent.parent.parent / "src" / "consentd"

# From the ground up: a room stands on those before it.
ROOMS = (
    "kernel",
    "base",
    "db",
    "crypto",
    "net",
    "evidence",
    "callers",
    "web",
    "policy",
    "subjects",
    "consent",
    "check",
    "imports",
    "systems",
    "dsr",
    "feed",
    "portal",
    "console",
    "reports",
)
# They may know everyone, and nobody knows them.
ROOFS = ("app", "upkeep", "batches", "listing", "worker", "cli", "__main__")
# They stand on the kernel alone, and nothing of the server stands on them.
APART = ("client", "gate")


class Module(NamedTuple):
    path: Path
    name: str
    """Below src/consentd, as in "check/store.py"."""
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.name.split("/")[0].removesuffix(".py")

    @property
    def is_store(self) -> bool:
        return self.path.name == "store.py" or self.path.name.endswith("_store.py")

    @property
    def is_api(self) -> bool:
        return self.path.name == "api.py" or self.path.name.endswith("_api.py")


class Import(NamedTuple):
    parts: list[str]
    line: int


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Module(path, path.relative_to(SOURCE).as_posix(), text, ast.parse(text)))
    return tuple(found)


@cache
def nodes() -> Mapping[str, tuple[ast.AST, ...]]:
    """Of each module by its name: a tree is gone through once, and by a dozen rules."""
    return {module.name: tuple(ast.walk(module.tree)) for module in modules()}


@cache
def all_imports() -> Mapping[str, tuple[Import, ...]]:
    return {module.name: tuple(find_imports(module)) for module in modules()}


def imports_of(module: Module) -> tuple[Import, ...]:
    return all_imports()[module.name]


def find_imports(module: Module) -> Iterator[Import]:
    """`from consentd.db import tables` may name a module, so names are parts too."""
    for node in nodes()[module.name]:
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(name.name.split("."), node.lineno)
        elif isinstance(node, ast.ImportFrom):
            above = ["."] * node.level + (node.module or "").split(".")
            for name in node.names:
                yield Import([*above, name.name], node.lineno)


def own_imports(module: Module) -> Iterator[Import]:
    for parts, line in imports_of(module):
        if parts[0] == "consentd" and len(parts) > 1:
            yield Import(parts[1:], line)


def no_faults(faults: Iterable[str]) -> None:
    found = list(faults)
    assert not found, "\n" + "\n".join(found)


def only_where(library: str, allowed: Callable[[Module], bool]) -> None:
    """`library` is imported by allowed modules alone."""
    no_faults(
        f"{module.name}:{line} imports {library}"
        for module in modules()
        if not allowed(module)
        for parts, line in imports_of(module)
        if parts[0] == library
    )


def test_every_room_has_its_place() -> None:
    """A new folder is put into the order first, so that nobody has to guess what it may know."""
    assert {module.room for module in modules()} - {"__init__"} <= {*ROOMS, *ROOFS, *APART}


def test_imports_are_written_in_full() -> None:
    """Whoever looks for what uses a module finds it by its name."""
    no_faults(
        f"{module.name}:{line}"
        for module in modules()
        for parts, line in imports_of(module)
        if parts[0] == "."
    )


def test_rooms_stand_on_those_below() -> None:
    """The data comes in above and goes down; nobody reaches back up, or cycles grow."""

    def may_know(room: str) -> set[str]:
        return {"kernel", room} if room in APART else {*ROOMS[: ROOMS.index(room) + 1]}

    no_faults(
        f"{module.name}:{line}: {module.room} may not know {parts[0]}"
        for module in modules()
        if module.room in ROOMS or module.room in APART
        for parts, line in own_imports(module)
        if parts[0] not in may_know(module.room) and parts != ["__version__"]
    )


def test_the_kernel_knows_only_the_standard_library_and_msgspec() -> None:
    """It decides in the server, in the client's replica and in the mail gate alike: it must run anywhere."""
    known = {*sys.stdlib_module_names, "msgspec", "consentd"}
    no_faults(
        f"{module.name}:{line} imports {parts[0]}"
        for module in modules()
        if module.room == "kernel"
        for parts, line in imports_of(module)
        if parts[0] not in known
    )


def test_the_client_knows_the_bare_distribution_alone() -> None:
    """A till or a mailing tool imports it: what the server needs would come with it. Signing is an extra, and
    so is a replica; what they need is imported when it is used.
    """
    known = {*sys.stdlib_module_names, "msgspec", "httpx", "consentd"}
    extras = {("client/signing.py", "jwt"), ("client/replica/sealing.py", "cryptography")}
    no_faults(
        f"{module.name}:{line} imports {parts[0]}"
        for module in modules()
        if module.room == "client"
        for parts, line in imports_of(module)
        if parts[0] not in known and (module.name, parts[0]) not in extras
    )


def test_a_slice_uses_another_slices_service_never_its_store() -> None:
    """What a slice keeps and how is its own affair; others ask it."""
    no_faults(
        f"{module.name}:{line} imports {'.'.join(parts)}"
        for module in modules()
        if module.room not in ROOFS
        for parts, line in own_imports(module)
        if parts[0] != module.room and any(part == "store" or part.endswith("_store") for part in parts)
    )


def test_sql_lives_in_db_and_stores() -> None:
    """A rule that could reach the database would one day do so. One folder speaks SQL to the databases of
    others: making it is all that it is for, and our own tables it may not know.
    """
    of_silos = "systems/connectors/sql/"
    only_where(
        "sqlalchemy",
        lambda module: module.room == "db" or module.is_store or module.name.startswith(of_silos),
    )
    no_faults(
        f"{module.name}:{line} knows our own database"
        for module in modules()
        if module.name.startswith(of_silos)
        for parts, line in own_imports(module)
        if parts[0] == "db" or any(part == "store" or part.endswith("_store") for part in parts)
    )


def test_raw_drivers_serve_db_and_the_hot_path_of_a_check() -> None:
    """Past SQLAlchemy nothing is guarded: one place may, for its speed, and it only reads. The replica's
    file is the client's own, and knows no SQLAlchemy.
    """
    for driver in ("sqlite3", "asyncpg"):
        only_where(
            driver,
            lambda module: module.room == "db" or module.name in ("check/store.py", "client/replica/file.py"),
        )


def test_alembic_lives_in_migrations() -> None:
    """Tables change at one time and in one place: not while serving."""
    only_where(
        "alembic",
        lambda module: module.name == "db/migrate.py",
    )


def test_http_lives_at_the_edge() -> None:
    """Services are used by the command line too, and are tested without a server."""
    edge = {"web", "app", "portal", "console"}
    only_where("litestar", lambda module: module.room in edge or module.is_api)


def test_cryptography_lives_in_crypto() -> None:
    """One room to read for whoever audits the keys, and one file of the client, which may not know it."""
    only_where(
        "cryptography",
        lambda module: module.room == "crypto" or module.name == "client/replica/sealing.py",
    )
    # The client signs for its own tokens, with an extra of its own.
    only_where("jwt", lambda module: module.name in ("crypto/jws.py", "client/signing.py"))


def test_what_leaves_goes_through_net() -> None:
    """One room checks whom is called, for how long and how much (promise 15): a second client would not."""
    for library in ("httpx", "httpcore"):
        only_where(library, lambda module: module.room in ("net", "client"))
    for library in ("aiosmtplib", "smtplib", "requests", "urllib3", "aiohttp"):
        only_where(library, lambda module: module.room == "net")
    no_faults(
        f"{module.name}:{line} imports {'.'.join(parts[:2])}"
        for module in modules()
        for parts, line in imports_of(module)
        if parts[:2] in (["urllib", "request"], ["http", "client"])
    )


def test_yaml_is_read_in_one_place() -> None:
    """Tags that make objects are refused there, and nowhere else has to remember to (promise 16)."""
    only_where("yaml", lambda module: module.name == "policy/files.py")


def test_what_operators_are_told_is_made_in_one_place() -> None:
    """Labels and attributes are where personal data would leak: one module each to read (promise 18)."""
    only_where("prometheus_client", lambda module: module.name == "web/metrics.py")
    only_where("opentelemetry", lambda module: module.name == "web/tracing.py")


def test_the_wall_clock_is_read_in_one_place() -> None:
    """A decision is a function of the instant it is given, or it could not be replayed."""
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}

    def reads_clock(node: ast.AST) -> bool:
        if isinstance(node, ast.ImportFrom):
            return any(f"{node.module}.{name.name}" in clocks for name in node.names)
        return isinstance(node, ast.Attribute) and ".".join(ast.unparse(node).split(".")[-2:]) in clocks

    no_faults(
        f"{module.name}:{getattr(node, 'lineno', 0)} reads the clock: be given the instant"
        for module in modules()
        # The client stands apart, and so has a clock of its own.
        if module.name not in ("base/clock.py", "client/clock.py")
        for node in nodes()[module.name]
        if reads_clock(node)
    )


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call, with the last part of the name that is called."""
    for node in nodes()[module.name]:
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id, node


def test_only_db_commits() -> None:
    """One unit, one transaction, ended at the boundary: what raises in between leaves nothing (promise 3)."""
    no_faults(
        f"{module.name}:{node.lineno} calls {name}()"
        for module in modules()
        if module.room != "db"
        for name, node in calls(module)
        if name in {"commit", "rollback", "begin_nested"}
    )


def test_what_the_log_answers_for_is_written_by_the_recorder_alone() -> None:
    """A row that is written past it would look like one that somebody changed in the database (promise 9)."""
    kept = {table.name for table in KEPT}
    # What is derived from other rows is no part of what is listed.
    derived = {"set_group"}

    def tables(call: ast.Call) -> set[str]:
        subject = call.func.value if isinstance(call.func, ast.Attribute) else call.func
        named = {ast.unparse(part).rpartition(".")[2] for part in (subject, *call.args)}
        return named & kept

    no_faults(
        f"{module.name}:{call.lineno} writes {', '.join(tables(call))}"
        for module in modules()
        if module.room not in {"db", "evidence"}
        for function in nodes()[module.name]
        if isinstance(function, ast.FunctionDef) and function.name not in derived
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).rpartition(".")[2] in {"insert", "upsert", "update", "delete"}
        and not ast.unparse(call.func).startswith("entry.")
        and tables(call)
    )


def test_no_sql_is_put_together_from_pieces() -> None:
    """A value that becomes part of a statement is how data becomes code (promise 16): bind it."""
    no_faults(
        f"{module.name}:{node.lineno} puts SQL together in {name}()"
        for module in modules()
        for name, node in calls(module)
        if name in {"text", "exec_driver_sql"}
        and any(isinstance(argument, (ast.JoinedStr, ast.BinOp)) for argument in node.args)
    )


def test_every_module_says_what_it_is_for() -> None:
    """Whoever opens a file learns from its first line whether it is the right one."""
    no_faults(module.name for module in modules() if not ast.get_docstring(module.tree))


def test_no_module_grows_beyond_400_lines() -> None:
    """Files of thousands of lines grow from one that nobody split at four hundred."""
    no_faults(
        f"{module.name} has {len(module.text.splitlines())} lines"
        for module in modules()
        # A migration is one long list, written once.
        if len(module.text.splitlines()) > 400 and "/versions/" not in module.name
    )


def test_no_complaint_of_the_type_checker_is_silenced() -> None:
    """An ignored complaint hides the next one too."""
    no_faults(
        f"{module.name}:{number}"
        for module in modules()
        for number, line in enumerate(module.text.splitlines(), start=1)
        if re.search(r"#\s*type:\s*ignore", line)
    )
