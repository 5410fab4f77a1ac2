"""Do the layouts of imports make sense? Every word they use must be one that the policy or the layout has."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from consentd.kernel.layout import (
    EXPORT,
    AttemptRule,
    ChoiceRule,
    FactRule,
    Layout,
    ObjectionRule,
    ProofSource,
    columns_of,
)
from consentd.kernel.policy import Policy, System
from consentd.policy.files import Where
from consentd.policy.shape import did_you_mean

if TYPE_CHECKING:
    from consentd.policy.rules import Checker

ENCODINGS = ("utf-8", "utf-16", "cp1252", "iso-8859-15")
"""What files come in. Latin-1 is read as cp1252, as browsers do: the difference is control characters."""
DELIMITERS = (",", ";", "\t", "|")

_DIRECTIVES = frozenset("YymdHIMSfpz")
_ISO = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


def check(policy: Policy, checker: "Checker") -> None:
    for system in policy.systems.values():
        for name, layout in system.imports.items():
            _Layout(policy, system, name, layout, checker).check()


class _Layout:
    def __init__(self, policy: Policy, system: System, name: str, layout: Layout, checker: "Checker") -> None:
        self._policy = policy
        self._layout = layout
        self._checker = checker
        self._file = f"systems/{system.id}.yaml"
        self._where: Where = ("imports", name)

    def check(self) -> None:
        layout = self._layout
        self._checker.name(self._file, self._where, str(self._where[-1]))
        self._one_of("encoding", ("encodings",), layout.encodings, ENCODINGS)
        if layout.delimiter not in DELIMITERS:
            self._fault(("delimiter",), "must be a comma, a semicolon, a tab or |")
        if not layout.encodings:
            self._fault(("encodings",), "names no encoding")
        self._columns()
        self._identifiers()
        self._times()
        for name, proof in layout.proofs.items():
            self._proof(name, proof)
        for index, choice in enumerate(layout.choices):
            self._choice(("choices", index), choice)
        for index, objection in enumerate(layout.objections):
            self._objection(("objections", index), objection)
        for index, fact in enumerate(layout.facts):
            self._fact(("facts", index), fact)
        for index, attempt in enumerate(layout.attempts):
            self._attempt(("attempts", index), attempt)

    def _fault(self, where: Where, reason: str) -> None:
        self._checker.fault(self._file, (*self._where, *where), reason)

    def _one_of(self, kind: str, where: Where, names: Iterable[str], known: Iterable[str]) -> None:
        self._checker.known(self._file, (*self._where, *where), kind, names, known)

    def _columns(self) -> None:
        layout = self._layout
        if not layout.columns:
            self._fault(("columns",), "names no column: a file could not be recognised")
        if both := set(layout.columns) & set(layout.without):
            self._fault(("without",), f"{sorted(both)[0]!r} must be there, says 'columns'")
        for column in sorted(columns_of(layout) - set(layout.columns)):
            self._fault(("columns",), f"the column {column!r} is read, but not listed under 'columns'")

    def _identifiers(self) -> None:
        layout = self._layout
        if not layout.identifiers:
            self._fault(("identifiers",), "names no identifier: nobody could be told apart")
        for index, source in enumerate(layout.identifiers):
            if source.scheme not in self._policy.identifiers:
                near = did_you_mean(source.scheme, list(self._policy.identifiers))
                self._fault(("identifiers", index, "scheme"), f"unknown identifier {source.scheme!r}{near}")
            if not source.columns:
                self._fault(("identifiers", index, "columns"), "names no column")
        self._one_of("identifier of this layout", ("needs",), layout.needs, self._schemes())
        for word, place in (layout.territory.words if layout.territory else {}).items():
            if not _ISO.fullmatch(place):
                self._fault(("territory", "words", word), f"{place!r} is no territory, such as FR or FR-974")

    def _schemes(self) -> list[str]:
        return [source.scheme for source in self._layout.identifiers]

    def _times(self) -> None:
        for name, time in self._layout.times.items():
            where: Where = ("times", name)
            if name == EXPORT:
                self._fault(where, f"{EXPORT!r} is the time of the export, and not yours to name")
            if not time.columns:
                self._fault((*where, "columns"), "names no column")
            if not time.formats:
                self._fault((*where, "formats"), "names no format, such as '%Y-%m-%d %H:%M:%S'")
            for index, format_ in enumerate(time.formats):
                used = set(re.findall(r"%(.)", format_))
                if used - _DIRECTIVES or not used & {"Y", "y"} or ("I" in used) != ("p" in used):
                    self._fault(
                        (*where, "formats", index),
                        f"{format_!r} is no format of %Y %m %d %H %M %S, nor with %I and %p, %f, or %z",
                    )
            if time.zone is not None:
                self._checker.zone(self._file, (*self._where, *where, "zone"), time.zone)

    def _proof(self, name: str, proof: ProofSource) -> None:
        where: Where = ("proofs", name)
        if not proof.filled:
            self._fault((*where, "filled"), "names no column: every yes would count as proven")
        if not proof.notices:
            self._fault((*where, "notices"), "names no text that was shown: no yes would be proven")
        for index, shown in enumerate(proof.notices):
            versions = self._policy.notices.get(shown.id)
            if versions is None:
                near = did_you_mean(shown.id, list(self._policy.notices))
                self._fault((*where, "notices", index), f"unknown notice {shown.id!r}{near}")
            elif shown.version is not None and shown.version not in [v.version for v in versions]:
                self._fault((*where, "notices", index), f"{shown.id!r} has no version {shown.version!r}")
            elif not all(shown.language in v.texts for v in versions):
                self._fault((*where, "notices", index), f"{shown.id!r} does not exist in {shown.language!r}")
        self._time((*where, "at"), proof.at)

    def _choice(self, where: Where, rule: ChoiceRule) -> None:
        self._when(where, rule)
        self._purpose(where, rule.purpose, rule.channel)
        self._time((*where, "at"), rule.at)
        self._point(where, rule.point)
        if rule.proof is not None and rule.proof not in self._layout.proofs:
            near = did_you_mean(rule.proof, list(self._layout.proofs))
            self._fault((*where, "proof"), f"unknown proof {rule.proof!r}{near}")
        if rule.proof is not None and rule.state != "given":
            self._fault((*where, "proof"), "only a yes needs a proof")

    def _objection(self, where: Where, rule: ObjectionRule) -> None:
        self._when(where, rule)
        self._one_of("purpose", (*where, "purposes"), rule.purposes, self._policy.purposes)
        self._one_of("channel", (*where, "channels"), rule.channels, self._policy.channels)
        self._time((*where, "at"), rule.at)
        self._point(where, rule.point)

    def _fact(self, where: Where, rule: FactRule) -> None:
        self._when(where, rule)
        self._point(where, rule.point)
        if rule.kind != "professional" and rule.at is None:
            self._fault(where, "the field 'at' is missing")
        if rule.kind in ("unreachable", "professional") and rule.point is None:
            self._fault(where, "the field 'point' is missing: it is about a contact detail")
        if rule.kind == "birth_date" and rule.at == EXPORT:
            self._fault((*where, "at"), "nobody was born when the file was exported")
        self._time((*where, "at"), rule.at)

    def _attempt(self, where: Where, rule: AttemptRule) -> None:
        self._when(where, rule)
        self._purpose(where, rule.purpose, rule.channel)
        self._time((*where, "at"), rule.at)
        self._point(where, rule.point)

    def _when(self, where: Where, rule: ChoiceRule | ObjectionRule | FactRule | AttemptRule) -> None:
        for column, word in rule.when.items():
            words = self._layout.words.get(column)
            if words is None:
                self._fault((*where, "when", column), f"{column!r} has no 'words': say what its cells mean")
            elif word not in words.values():
                near = did_you_mean(word, list(words.values()))
                self._fault((*where, "when", column), f"no cell of {column!r} means {word!r}{near}")

    def _purpose(self, where: Where, purpose: str, channel: str) -> None:
        known = self._policy.purposes
        if purpose not in known:
            near = did_you_mean(purpose, list(known))
            self._fault((*where, "purpose"), f"unknown purpose {purpose!r}{near}")
        if channel not in self._policy.channels:
            near = did_you_mean(channel, list(self._policy.channels))
            self._fault((*where, "channel"), f"unknown channel {channel!r}{near}")

    def _time(self, where: Where, name: str | None) -> None:
        if name is not None and name != EXPORT and name not in self._layout.times:
            near = did_you_mean(name, [*self._layout.times, EXPORT])
            self._fault(where, f"unknown time {name!r}{near}")

    def _point(self, where: Where, scheme: str | None) -> None:
        if scheme is not None and scheme not in self._schemes():
            near = did_you_mean(scheme, self._schemes())
            self._fault((*where, "point"), f"this layout reads no identifier {scheme!r}{near}")
