"""From a directory to a policy: read, check the shape, put together, check the sense.

Everything wrong is told at once, with file and line. Nothing is kept from a directory with a fault in it.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from consentd.kernel.errors import PolicyError
from consentd.kernel.law import Pack
from consentd.kernel.policy import (
    Channel,
    Controller,
    Logo,
    NoticeVersion,
    Policy,
    Purpose,
    Scheme,
    System,
    sealed,
)
from consentd.kernel.request_rules import RequestRules
from consentd.policy import rules
from consentd.policy.files import Document, Fault, PolicyFile, Unreadable, parse, read_bytes, read_text
from consentd.policy.logo import NoPicture, read_logo
from consentd.policy.notices import NoticeFile, assemble, read_notice
from consentd.policy.shape import shaped

S = TypeVar("S", Purpose, System, Pack)
M = TypeVar("M", bound=msgspec.Struct)

_LOGO = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}\.(svg|png)")
_NOTICE = re.compile(r"(?P<version>[1-9][0-9]{0,5})\.(?P<language>[a-z]{2})\.md")


class ChannelsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shape of channels.yaml."""

    identifiers: dict[str, Scheme]
    channels: dict[str, Channel]


class Loaded(NamedTuple):
    """A policy, and the bytes of every file that it names, by their SHA-256 in hexadecimal."""

    policy: Policy
    files: dict[str, PolicyFile]


def load(directory: Path) -> Policy:
    """The policy that a directory describes. Raises PolicyError with every fault found."""
    return load_whole(directory).policy


def load_whole(directory: Path) -> Loaded:
    """What `activate` takes. Raises PolicyError with every fault found."""
    reader = _Reader(directory)
    policy = reader.policy()
    if policy is not None:
        rules.check(policy, reader.documents, reader.faults)
    if reader.faults or policy is None:
        raise PolicyError(sorted(dict.fromkeys(reader.faults)))
    return Loaded(sealed(policy), reader.files)


class _Reader:
    def __init__(self, directory: Path) -> None:
        self._root = directory
        self.faults: list[Fault] = []
        self.documents: dict[str, Document] = {}
        self.files: dict[str, PolicyFile] = {}

    def policy(self) -> Policy | None:
        if not self._root.is_dir():
            reason = "is not a folder: name that of the policy files by CONSENTD_POLICIES or --policies"
            self.faults.append((str(self._root), 0, reason))
            return None
        self._strangers()
        controller = self._one("controller.yaml", Controller)
        channels = self._one("channels.yaml", ChannelsFile)
        purposes = self._many("purposes", Purpose)
        systems = self._many("systems", System)
        packs = self._many("law", Pack)
        requests = RequestRules()
        if (self._root / "requests.yaml").exists():
            requests = self._one("requests.yaml", RequestRules) or requests
        notices = self._notices()
        if controller is None or channels is None:
            return None
        return Policy(
            controller=controller,
            identifiers=channels.identifiers,
            channels=channels.channels,
            purposes=purposes,
            notices=notices,
            packs=packs,
            systems=systems,
            requests=requests,
            logo=self._logo(controller),
        )

    def _logo(self, controller: Controller) -> Logo | None:
        name = controller.logo
        if name is None:
            return None
        try:
            content = self._beside(name)
            logo = read_logo(name, content)
        except (Unreadable, NoPicture) as error:
            reason = error.reason if isinstance(error, Unreadable) else str(error)
            line = self.documents["controller.yaml"].line(("logo",))
            self.faults.append(("controller.yaml", line, f"logo: {name} {reason}"))
            return None
        self.files[logo.digest] = PolicyFile(logo.media, content)
        return logo

    def _beside(self, name: str) -> bytes:
        if _LOGO.fullmatch(name) is None:
            raise Unreadable(0, "must be the name of a .svg or .png file that lies beside controller.yaml")
        return read_bytes(self._root, self._root / name)

    def _strangers(self) -> None:
        """A file in the wrong place has no effect; say so rather than pass over it."""
        known = {"controller.yaml", "channels.yaml", "requests.yaml"}
        known |= {"purposes", "systems", "law", "notices", "tests"}
        for path in sorted(self._root.iterdir()):
            if (
                path.name not in known
                and path.suffix in (".yaml", ".yml", ".md")
                and path.name != "README.md"
            ):
                self.faults.append((path.name, 0, "is not a file that a policy is made of"))

    def _document(self, path: Path) -> Document | None:
        name = path.relative_to(self._root).as_posix()
        try:
            text = read_text(read_bytes(self._root, path))
        except Unreadable as error:
            self.faults.append((name, error.line, error.reason))
            return None
        before = len(self.faults)
        document = parse(name, text, self.faults)
        self.documents[name] = document
        return document if len(self.faults) == before else None

    def _one(self, name: str, model: type[M]) -> M | None:
        path = self._root / name
        if not path.exists():
            self.faults.append((name, 0, "is missing"))
            return None
        document = self._document(path)
        return None if document is None else shaped(document, model, self.faults)

    def _many(self, folder: str, model: type[S]) -> dict[str, S]:
        found: dict[str, S] = {}
        for path in self._listed(folder):
            name = path.relative_to(self._root).as_posix()
            if path.suffix != ".yaml":
                self.faults.append((name, 0, "is not a .yaml file"))
                continue
            document = self._document(path)
            value = None if document is None else shaped(document, model, self.faults)
            if value is None:
                continue
            if value.id != path.stem and document is not None:
                line = document.line(("id",))
                self.faults.append(
                    (name, line, f"the id {value.id!r} must be the file's name, {path.stem!r}")
                )
            found[path.stem] = value
        return found

    def _listed(self, folder: str) -> Iterator[Path]:
        path = self._root / folder
        if path.is_dir() and path.resolve().is_relative_to(self._root.resolve()):
            yield from sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
        elif path.exists():
            self.faults.append((folder, 0, "is not a folder of this directory"))

    def _notices(self) -> dict[str, tuple[NoticeVersion, ...]]:
        return assemble(list(self._notice_files()), self.faults)

    def _notice_files(self) -> Iterator[NoticeFile]:
        for folder in self._listed("notices"):
            for path in self._listed(f"notices/{folder.name}"):
                name = path.relative_to(self._root).as_posix()
                match = _NOTICE.fullmatch(path.name)
                if match is None:
                    self.faults.append((name, 0, "must be named <version>.<language>.md, such as 3.fr.md"))
                    continue
                try:
                    content = read_bytes(self._root, path)
                    text = read_text(content)
                except Unreadable as error:
                    self.faults.append((name, error.line, error.reason))
                    continue
                head, document = read_notice(name, text, self.faults)
                self.documents[name] = document
                if head is not None:
                    digest = hashlib.sha256(content).hexdigest()
                    self.files[digest] = PolicyFile("text/markdown", content)
                    yield NoticeFile(name, folder.name, match["version"], match["language"], digest, head)
