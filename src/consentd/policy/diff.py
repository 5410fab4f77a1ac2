"""What activating another policy would change, in words, and for which purposes and channels."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from consentd.kernel.law import Pack, Rule
from consentd.kernel.policy import NoticeVersion, Policy, Purpose
from consentd.policy.law_rules import RULES

_FIELDS = {
    "kind": "kind",
    "sector": "sector",
    "special_category": "special category",
    "for_minors": "meant for children",
    "products": "similar products",
    "contract_matters": "matters of contracts",
    "accepts_cited_proof": "accepts cited proof",
    "validity_months": "months of validity",
    "under_restriction": "goes on while data are frozen",
    "notices": "texts shown",
}
"""The fields of a purpose that decisions look at, and their words."""


def describe(old: Policy | None, new: Policy) -> list[str]:
    """One sentence for each change, those that touch people first. Empty where nothing changes."""
    if old is None:
        names = ", ".join(sorted(new.purposes)) or "none"
        packs = ", ".join(sorted(pack.label for pack in new.packs.values())) or "none"
        return [f"First policy. Purposes: {names}. Law packs: {packs}."]
    return [
        *_purposes(old, new),
        *_notices(old, new),
        *_packs(old, new),
        *_named("Channel", old.channels, new.channels),
        *_named("Identifier", old.identifiers, new.identifiers),
        *_named("System", old.systems, new.systems),
        *_named("Approval of", old.requests.approvals, new.requests.approvals),
        *_named("Release of copies of", old.requests.release, new.requests.release),
        *_controller(old, new),
    ]


def affected_keys(old: Policy | None, new: Policy) -> set[tuple[str, str]]:
    """The (purpose, channel) pairs for which some decision may come out otherwise."""
    if old is None:
        return {(purpose.id, channel) for purpose in new.purposes.values() for channel in purpose.bases}
    everywhere = old.packs != new.packs or old.controller.country != new.controller.country
    everywhere |= old.controller.zone != new.controller.zone
    found: set[tuple[str, str]] = set()
    for name in old.purposes.keys() | new.purposes.keys():
        before, after = old.purposes.get(name), new.purposes.get(name)
        whole = (
            everywhere
            or before is None
            or after is None
            or any(getattr(before, field) != getattr(after, field) for field in _FIELDS)
            or bool(_reworded(old, new) & {*before.notices, *after.notices})
        )
        old_bases = {} if before is None else before.bases
        new_bases = {} if after is None else after.bases
        for channel in old_bases.keys() | new_bases.keys():
            moved = old_bases.get(channel) != new_bases.get(channel)
            if whole or moved or old.channels.get(channel) != new.channels.get(channel):
                found.add((name, channel))
    return found


def _purposes(old: Policy, new: Policy) -> Iterator[str]:
    for name in sorted(new.purposes.keys() - old.purposes.keys()):
        channels = ", ".join(sorted(new.purposes[name].bases)) or "no channel"
        yield f"Purpose {name} is new, on {channels}."
    for name in sorted(old.purposes.keys() - new.purposes.keys()):
        yield f"Purpose {name} is removed: every check for it will deny."
    for name in sorted(old.purposes.keys() & new.purposes.keys()):
        yield from _purpose(old.purposes[name], new.purposes[name])


def _purpose(before: Purpose, after: Purpose) -> Iterator[str]:
    for channel in sorted(before.bases.keys() | after.bases.keys()):
        had, has = before.bases.get(channel), after.bases.get(channel)
        if had == has:
            continue
        if has is None:
            yield f"Purpose {after.id} may no longer use {channel}: every check for it will deny."
        elif had is None:
            yield f"Purpose {after.id} may now use {channel}, on {_list(has)}."
        else:
            yield f"Purpose {after.id} on {channel} rests on {_list(has)} instead of {_list(had)}."
    for field, words in _FIELDS.items():
        was, now = getattr(before, field), getattr(after, field)
        if was != now:
            yield f"Purpose {after.id}: {words} changes from {_say(was)} to {_say(now)}."
    if before.label != after.label or before.description != after.description:
        yield f"Purpose {after.id}: its words change."


def _reworded(old: Policy, new: Policy) -> set[str]:
    """Notices whose versions changed: an added material one ends earlier grants."""
    return {
        name
        for name in old.notices.keys() | new.notices.keys()
        if [_weight(v) for v in old.notices.get(name, ())] != [_weight(v) for v in new.notices.get(name, ())]
    }


def _weight(version: NoticeVersion) -> tuple[object, ...]:
    return version.version, version.material, version.effective


def _notices(old: Policy, new: Policy) -> Iterator[str]:
    for name in sorted(old.notices.keys() | new.notices.keys()):
        before = {version.version: version for version in old.notices.get(name, ())}
        after = {version.version: version for version in new.notices.get(name, ())}
        for number, version in after.items():
            if number not in before:
                since = f" from {version.effective.isoformat()}" if version.effective is not None else ""
                effect = (
                    f"a material change: consents given on an earlier version no longer count{since}"
                    if version.material and before
                    else "not a material change: earlier consents keep counting"
                )
                yield f"Notice {name} has a new version {number}, {effect if before else 'its first'}."
            elif before[number].texts != version.texts:
                yield f"Notice {name} version {number} was edited: versions must never change, add a new one."
            elif before[number] != version:
                yield f"Notice {name} version {number}: its head changes."
        for number in before.keys() - after.keys():
            yield f"Notice {name} version {number} is gone: consents given on it no longer count."


def _packs(old: Policy, new: Policy) -> Iterator[str]:
    for name in sorted(new.packs.keys() - old.packs.keys()):
        yield f"Law pack {new.packs[name].label} is new, for {_list(new.packs[name].countries)}."
    for name in sorted(old.packs.keys() - new.packs.keys()):
        yield f"Law pack {name} is removed: marketing there may be denied."
    for name in sorted(old.packs.keys() & new.packs.keys()):
        before, after = old.packs[name], new.packs[name]
        if before == after:
            continue
        if before.version != after.version:
            yield f"Law pack {name} goes from {before.version} to {after.version}."
        yield from _rules(before, after)
        if before.version == after.version:
            yield f"Law pack {name} changes under the same version {after.version}: give it a new one."


def _rules(before: Pack, after: Pack) -> Iterator[str]:
    had, has = _by_id(before), _by_id(after)
    for rule in sorted(has.keys() - had.keys()):
        yield f"Law pack {after.id}: rule {rule} is new ({_list(has[rule].cites)})."
    for rule in sorted(had.keys() - has.keys()):
        yield f"Law pack {after.id}: rule {rule} is removed."
    for rule in sorted(has.keys() & had.keys()):
        for field in msgspec.structs.fields(has[rule]):
            was, now = getattr(had[rule], field.name, None), getattr(has[rule], field.name)
            if was != now:
                name = field.encode_name
                yield f"Law pack {after.id}: rule {rule}, {name}: {_say(was)} becomes {_say(now)}."
    if before.territories != after.territories or before.holidays != after.holidays:
        yield f"Law pack {after.id}: its places or holidays change."


def _by_id(pack: Pack) -> dict[str, Rule]:
    return {rule.id: rule for name in RULES for rule in getattr(pack, name)}


def _named(what: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield f"{what} {name} is new."
        elif name not in after:
            yield f"{what} {name} is removed."
        elif before[name] != after[name]:
            yield f"{what} {name} changes."


def _controller(old: Policy, new: Policy) -> Iterator[str]:
    for field in msgspec.structs.fields(new.controller):
        was, now = getattr(old.controller, field.name), getattr(new.controller, field.name)
        if was != now:
            detail = "" if isinstance(now, msgspec.Struct) else f" from {_say(was)} to {_say(now)}"
            yield f"Controller: {field.name} changes{detail}."
    if old.logo != new.logo and old.controller.logo == new.controller.logo:
        yield "Controller: the picture in the logo's file changes."


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _say(value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _list(map(str, value)) if isinstance(value, tuple) else str(value)
