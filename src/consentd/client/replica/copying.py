"""Taking pages in: each whole and at once, or not at all (`feed.replicas` on the server writes them).

What a page says of a person replaces what was known. Nothing else of the file changes with it but the cursor,
so a replica that is killed goes on from the last page that it has.
"""

import base64
from collections.abc import Sequence

import msgspec

from consentd.client.errors import Unreadable
from consentd.client.replica.codec import decode, encode, pack
from consentd.client.replica.file import File
from consentd.kernel.policy import hash_of
from consentd.kernel.replica import (
    KEY_BYTES,
    EndTold,
    GoneTold,
    HeadTold,
    Line,
    PersonTold,
    PolicyTold,
)

_line = msgspec.json.Decoder(PersonTold | GoneTold | HeadTold | PolicyTold | EndTold)


class Page(msgspec.Struct, frozen=True):
    """A page that came whole."""

    head: HeadTold
    key: bytes | None
    policy: PolicyTold | None
    people: Sequence[PersonTold | GoneTold]
    end: EndTold


def read_page(content: bytes) -> Page:
    """Raises Unreadable for a page that was cut off, is none, or whose policy is not what its hash says."""
    try:
        lines: list[Line] = [_line.decode(line) for line in content.splitlines()]
    except (msgspec.MsgspecError, ValueError):
        raise _unreadable("a line of it is none") from None
    if len(lines) < 2 or not isinstance(lines[0], HeadTold) or not isinstance(lines[-1], EndTold):
        raise _unreadable("it was cut off")
    head, end = lines[0], lines[-1]
    policies = [line for line in lines if isinstance(line, PolicyTold)]
    people = [line for line in lines if isinstance(line, PersonTold | GoneTold)]
    if len(people) != end.count or len(people) + len(policies) + 2 != len(lines):
        raise _unreadable("its lines are not those that it counts")
    for policy in policies:
        if hash_of(policy.document.encode()) != policy.hash or policy.hash != head.policy:
            raise _unreadable("its policy is not the one that it names")
    key = None
    if head.key is not None:
        key = base64.b64decode(head.key, validate=True)
        if len(key) != KEY_BYTES:
            raise _unreadable("its key is none")
    return Page(head, key, policies[0] if policies else None, people, end)


def apply(file: File, page: Page, seen: int, words: dict[str, int]) -> set[int]:
    """Writes the people of a page; the numbers of all whose answers may have changed by it. Inside a change.

    `words`: those known so far, to which new ones are added.
    """
    touched: set[int] = set()
    numbers: set[int] = set()

    def word(text: str) -> int:
        found = words.get(text)
        if found is None:
            found = words[text] = file.add_word(text)
        return found

    for told in page.people:
        n = file.n_of(told.id)
        before = file.record(n) if n is not None else None
        places = decode(before).numbers if before is not None else []
        if isinstance(told, GoneTold):
            if n is not None:
                touched.add(n)
                numbers.update(places)
                file.release((number, n) for number in places if number)
                file.drop_person(told.id, n)
            continue
        record = pack(told, word, places)
        now = record.numbers
        n = file.put_person(told.id, n, seen, encode(record))
        touched.add(n)
        numbers.update(places, now)
        file.release((number, n) for number in places if number and number not in now)
        file.hold((number, n, place) for place, number in enumerate(now) if number)
    numbers.discard(0)
    touched |= {n for _, n, _ in file.holders(list(numbers))}
    return touched


def _unreadable(why: str) -> Unreadable:
    return Unreadable("unreadable_answer", f"A page of the replica cannot be taken in: {why}.")
