"""A replica's file and what is made of it, behind one lock: pages in, choices in and out, decisions.

Upholds promise 5 on this side: an answer says how old what it rests on can be, and past `max_age` there is
none. The age counts from when the last whole round of pages was *asked for*, by the wall clock and, within
one process, by a clock that never goes back: the older of the two counts.
"""

import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from consentd.client import clock
from consentd.client.model import Bound
from consentd.client.replica.cases import NotDecidable
from consentd.client.replica.codec import Words
from consentd.client.replica.copying import Page, apply
from consentd.client.replica.deciding import Deciding, Terms
from consentd.client.replica.following import Waiting
from consentd.client.replica.opening import KEY, ReplicaError, opened, place_of
from consentd.client.replica.overlay import Overlay, acts_of, name_of
from consentd.client.replica.sealing import Damaged
from consentd.client.replica.spelling import Spelling
from consentd.kernel import policy as policies
from consentd.kernel.compiled import compile_policy
from consentd.kernel.instants import SECOND, Instant, to_datetime

__all__ = ["Keeping", "ReplicaError", "Taken"]

_SKEW = 5 * SECOND


class Taken(msgspec.Struct, frozen=True):
    """A choice as it lies in the queue, sealed."""

    kind: str
    body: dict[str, Any]  # Any: JSON of our own making
    taken_at: Instant


_taken = msgspec.json.Decoder(Taken).decode
_encode = msgspec.json.Encoder().encode
_WAITS = ("waiting", "delivered")


class Keeping:
    """Every method may be called by any thread. `name`: a random number, if this is a new replica."""

    def __init__(self, path: Path, max_age: float, language: str, key: bytes | None, name: str) -> None:
        self.lock = threading.RLock()
        self._max_age = timedelta(seconds=max_age)
        self._language = language
        self.file, self._sealer = opened(path, key, name)
        self._words = self.file.words()
        self._deciding: Deciding | None = None
        self._spelling: Spelling | None = None
        self._as_of: Instant | None = None
        self._told: Instant | None = None
        self._as_of_elapsed: float | None = None
        self._changes = self.file.others_wrote()
        try:
            self._load()
        except Damaged as reason:
            self.file.close()
            raise ReplicaError(
                f"{reason} Put a copy of {path.name} back, or delete it with its key."
            ) from None

    # --- pages

    @property
    def name(self) -> str:
        found: str = self.file.get("name")
        return found

    def position(self) -> tuple[str | None, str | None]:
        """The cursor and the policy that the file is at."""
        with self.lock:
            return self.file.get("cursor"), self.file.get("policy")

    def begin_anew(self) -> None:
        """From the first page on. What is here goes on answering until it is too old, or all was told."""
        with self.lock, self.file.change():
            self.file.put("cursor", None)
            self.file.put("seen", (self.file.get("seen") or 0) + 1)
            self.file.put("whole", 0)

    def take(self, page: Page, before: str | None, asked_at: Instant, asked_elapsed: float) -> bool:
        """Writes a page that was asked for behind the cursor `before`. False where another process was
        faster: then nothing is written.
        """
        with self.lock:
            with self.file.change():
                if self.file.get("cursor") != before:
                    return False
                touched = self._write(page, before)
                finished = not page.end.more
                first = finished and not self.file.get("whole")
                if first:
                    self.file.drop_unseen(self.file.get("seen") or 0)
                    self.file.put("whole", 1)
                if finished:
                    self.file.put("as_of", asked_at)
                    dropped = self.file.drop_queued(self.file.get("delivered") or 0, "delivered")
            if finished:
                self._as_of, self._as_of_elapsed = asked_at, asked_elapsed
            self._changes = self.file.others_wrote()
            if page.policy is not None or before is None or first:
                self._load()
                if first:
                    self.file.compact()
            elif self._deciding is not None:
                if finished and dropped:
                    self._overlay()
                self._deciding.forget(touched)
        return True

    def _write(self, page: Page, before: str | None) -> set[int]:
        if page.key is not None:
            self.file.put("key", self._sealer.seal(page.key, KEY))
        if page.policy is not None:
            self.file.put_policy(page.policy.hash, page.policy.document)
        self.file.put("policy", page.head.policy)
        head = (page.head.schemes, page.head.purposes, page.head.channels)
        self.file.put("terms", _encode(head).decode())
        self.file.put("cursor", page.end.cursor)
        if before is None and self.file.get("seen") is None:
            self.file.put("seen", 1)
        return apply(self.file, page, self.file.get("seen"), self._words)

    # --- choices

    def enqueue(self, number: str, kind: str, body: dict[str, Any], taken_at: Instant) -> None:
        """Synced when this returns. Any: JSON."""
        sealed = self._sealer.seal(_encode(Taken(kind, body, taken_at)), place_of(number))
        with self.lock:
            with self.file.change():
                self.file.enqueue(number, sealed)
            self._changes = self.file.others_wrote()
            self._overlay()

    def waiting(self) -> list[Waiting]:
        """In the order in which they were taken in. Raises Damaged."""
        with self.lock:
            rows = self.file.queued("waiting")
        found = []
        for seq, number, sealed, _, _ in rows:
            taken = _taken(self._sealer.open(sealed, place_of(number)))
            found.append(Waiting(seq, number, taken.kind, _encode(taken.body)))
        return found

    def delivered(self, seq: int, refusal: str | None) -> None:
        """The service has it, or will never take it. It goes on counting here until a round that was begun
        afterwards has told it back; what was refused, until it is dropped.
        """
        with self.lock:
            with self.file.change():
                self.file.mark(seq, "delivered" if refusal is None else "refused", refusal)
            self._changes = self.file.others_wrote()
            self._overlay()

    def round_begins(self) -> None:
        """What was delivered by now, the pages that follow will tell."""
        with self.lock, self.file.change():
            done = [row[0] for row in self.file.queued("delivered")]
            still = [row[0] for row in self.file.queued("waiting")]
            self.file.put("delivered", max((seq for seq in done if not still or seq < min(still)), default=0))

    def refused(self) -> list[tuple[str, str, Taken]]:
        """Number, the service's reason, and the choice itself. Raises Damaged."""
        with self.lock:
            rows = self.file.queued("refused")
        return [
            (number, code or "", _taken(self._sealer.open(sealed, place_of(number))))
            for _, number, sealed, _, code in rows
        ]

    def drop(self, number: str) -> bool:
        with self.lock:
            with self.file.change():
                dropped = self.file.drop_number(number)
            self._changes = self.file.others_wrote()
            self._overlay()
        return dropped == 1

    # --- deciding

    def ready(self) -> tuple[Deciding, Spelling] | None:
        """What decides, resting on what is here now; None where that is too old, or nothing yet. The caller
        holds the lock for as long as it decides.
        """
        changes = self.file.others_wrote()
        if changes != self._changes:
            self._changes, self._as_of_elapsed = changes, None
            self._words = self.file.words()
            self._load()
        as_of = self._as_of
        if as_of is None or self._deciding is None or self._spelling is None or self.age() > self._max_age:
            return None
        if as_of != self._told:
            self._told = as_of
            self._deciding.rest_on(Bound(to_datetime(as_of), self._max_age))
        return self._deciding, self._spelling

    def bound(self) -> Bound | None:
        as_of = self._as_of
        return None if as_of is None else Bound(to_datetime(as_of), self._max_age)

    def age(self) -> timedelta:
        """How old what is here can be; as old as can be where that cannot be told."""
        as_of = self._as_of
        if as_of is None:
            return timedelta.max
        wall = clock.now() - as_of
        if wall < -_SKEW:
            # A clock that was set back: since when, nobody knows.
            return timedelta.max
        seconds = wall / SECOND
        if self._as_of_elapsed is not None:
            seconds = max(seconds, clock.elapsed() - self._as_of_elapsed)
        return timedelta(seconds=max(0.0, seconds))

    def _load(self) -> None:
        """Everything that is made of the file, anew."""
        self._deciding, self._spelling, self._told = None, None, None
        self._as_of = self.file.get("as_of")
        hash_, terms, sealed = (self.file.get(name) for name in ("policy", "terms", "key"))
        document = self.file.policy(hash_) if hash_ is not None else None
        if document is None or terms is None or sealed is None:
            return
        schemes, purposes, channels = msgspec.json.decode(terms)
        policy = policies.decode(document.encode())
        key = self._sealer.open(sealed, KEY)
        held = frozenset(schemes)
        self._spelling = Spelling(policy, held, key)
        compiled = compile_policy(policy)
        known = Terms(compiled, held, frozenset(purposes), frozenset(channels), self._language)
        self._deciding = Deciding(self.file, Words(_Texts(self._words)), self._words, known)
        self._overlay()

    def _overlay(self) -> None:
        if self._deciding is None or self._spelling is None:
            return
        acts = []
        for _, number, sealed, state, _ in self.file.queued(*_WAITS, "refused"):
            taken = _taken(self._sealer.open(sealed, place_of(number)))
            found = acts_of(
                self._deciding.terms.compiled.policy,
                taken.kind,
                taken.body,
                self._numbers(taken.body),
                taken.taken_at,
            )
            # A yes that the service refused is none; a no that it refused stays one here until it is dropped.
            acts += [act for act in found if state != "refused" or act.restricts]
        self._deciding.overlay = Overlay(acts)
        self._deciding.forget_all()

    def _numbers(self, body: Mapping[str, Any]) -> dict[str, int]:
        """Of every identifier that a body names and that can be told here."""
        named = list(body["subject"]["identifiers"])
        named += [body["contact_point"]] if "contact_point" in body else []
        named += [event["contact_point"] for event in body.get("events", ()) if "contact_point" in event]
        found: dict[str, int] = {}
        assert self._spelling is not None
        for one in named:
            try:
                spelled = self._spelling.number(name_of(one))
            except (NotDecidable, ValueError, TypeError):
                continue
            if spelled is not None:
                found[name_of(one)] = spelled[1]
        return found

    def close(self) -> None:
        with self.lock:
            self.file.close()


class _Texts:
    """Words by their numbers, also those that came since."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = words
        self._texts: dict[int, str] = {}

    def __call__(self, number: int) -> str:
        if number not in self._texts:
            self._texts = {id_: text for text, id_ in self._words.items()}
        return self._texts[number]
