"""A replica's file and what is made of it, behind one lock: pages in, choices in and out, decisions.

Upholds promise 5 on this side: an answer says how old what it rests on can be, and past `max_age` there is
none. While everybody is told anew, and once the service says that this system may not, there is none either.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from consentd.client import clock
from consentd.client.model import Bound
from consentd.client.replica.age import Age
from consentd.client.replica.codec import Words
from consentd.client.replica.copying import Page, apply
from consentd.client.replica.deciding import Deciding, Terms
from consentd.client.replica.file import FileError
from consentd.client.replica.following import Waiting
from consentd.client.replica.model import NotReady, Round, Taken
from consentd.client.replica.opening import KEY, ReplicaError, opened, place_of
from consentd.client.replica.overlay import Overlay, acts_of
from consentd.client.replica.sealing import Damaged
from consentd.client.replica.spelling import Spelling, numbers_in
from consentd.kernel import policy as policies
from consentd.kernel.compiled import compile_policy
from consentd.kernel.instants import Instant, to_datetime

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
        self._age = Age(self.file)
        self._told: Instant | None = None
        self._stopped: str | None = None
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
        """From the first page on. What is here goes on answering until that arrives, or it is too old."""
        with self._changing():
            self.file.put("cursor", None)
            self.file.put("seen", (self.file.get("seen") or 0) + 1)
            self.file.put("whole", 0)

    def stop(self, code: str) -> None:
        """The service says that this system may not: every answer is this denial, until a page comes."""
        with self._changing():
            self.file.put("stopped", code)
        self._stopped = code

    def take(self, page: Page, round_: Round) -> bool:
        """Writes a page. False where another process was faster: then nothing is written."""
        finished = not page.end.more
        with self.lock:
            with self._changing():
                if self.file.get("cursor") != round_.before:
                    return False
                touched = self._write(page, round_.before)
                first = finished and not self.file.get("whole")
                if first:
                    self.file.drop_unseen(self.file.get("seen") or 0)
                    self.file.put("whole", 1)
                if round_.before is None:
                    # Some lines are from before and some from now, by other limits or of another log.
                    self._age.forget()
                dropped = 0
                if finished:
                    self._age.write(round_.asked_at)
                    dropped = self.file.drop_queued(round_.delivered, "delivered")
            if page.policy is not None or round_.before is None or first or self._deciding is None:
                self._load()
            else:
                if dropped:
                    self._overlay()
                self._deciding.forget(touched)
            self._stopped = None
            self._age.read(round_.asked_elapsed if finished else None)
            if first:
                self.file.compact()
        return True

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """A change of the file. What another process wrote before it is read anew behind it: one's own
        writing must not hide it.
        """
        with self.lock:
            with self.file.change():
                found = self.file.others_wrote()
                yield
            if found != self._changes:
                self._changes = found
                self._load()

    def _write(self, page: Page, before: str | None) -> set[int]:
        if page.key is not None:
            self.file.put("key", self._sealer.seal(page.key, KEY))
        if page.policy is not None:
            self.file.put_policy(page.policy.hash, page.policy.document)
        self.file.put("policy", page.head.policy)
        head = (page.head.schemes, page.head.purposes, page.head.channels)
        self.file.put("terms", _encode(head).decode())
        self.file.put("cursor", page.end.cursor)
        self.file.put("stopped", None)
        if before is None and self.file.get("seen") is None:
            self.file.put("seen", 1)
        return apply(self.file, page, self.file.get("seen"), self._words)

    # --- choices

    def enqueue(self, number: str, kind: str, body: dict[str, Any], taken_at: Instant) -> None:
        """Synced when this returns. Any: JSON."""
        sealed = self._sealer.seal(_encode(Taken(kind, body, taken_at)), place_of(number))
        with self.lock:
            with self._changing():
                self.file.enqueue(number, sealed)
                self._age.note(taken_at)
            self._overlay()

    def waiting(self) -> list[Waiting]:
        """In the order in which they were taken in. Raises ReplicaError."""
        with self.lock:
            rows = self.file.queued("waiting")
        found = []
        for seq, number, sealed, _, _ in rows:
            taken = self._opened(number, sealed)
            found.append(Waiting(seq, number, taken.kind, _encode(taken.body)))
        return found

    def delivered(self, seq: int, refusal: str | None) -> None:
        """The service has it, or will never take it. It goes on counting here until a round that was begun
        afterwards has told it back; what was refused, until it is dropped.
        """
        with self.lock:
            with self._changing():
                self.file.mark(seq, "delivered" if refusal is None else "refused", refusal)
            self._overlay()

    def round_begins(self) -> int:
        """What was delivered by now, the pages that follow will tell: up to which choice that is."""
        with self.lock:
            self._note_the_clock()
            done = [row[0] for row in self.file.queued("delivered")]
            still = [row[0] for row in self.file.queued("waiting")]
        return max((seq for seq in done if not still or seq < min(still)), default=0)

    def _note_the_clock(self) -> None:
        now = clock.now()
        if self._age.is_to_be_noted(now):
            with self._changing():
                self._age.note(now)

    def refused(self) -> list[tuple[str, str, Taken]]:
        """Number, the service's reason, and the choice itself. Raises ReplicaError."""
        with self.lock:
            rows = self.file.queued("refused")
        return [(number, code or "", self._opened(number, sealed)) for _, number, sealed, _, code in rows]

    def drop(self, number: str) -> bool:
        with self.lock:
            with self._changing():
                dropped = self.file.drop_number(number)
            self._overlay()
        return dropped == 1

    # --- deciding

    def ready(self) -> tuple[Deciding, Spelling]:
        """What decides, resting on what is here now. The caller holds the lock for as long as it decides.

        Raises NotReady where that is too old, or nothing yet, or this system may not.
        """
        changes = self.file.others_wrote()
        if changes != self._changes:
            self._changes = changes
            self._load()
        if self._stopped is not None:
            raise NotReady(self._stopped)
        as_of = self._age.as_of
        if as_of is None or self._deciding is None or self._spelling is None or self.age() > self._max_age:
            raise NotReady("stale_replica")
        if as_of != self._told:
            self._told = as_of
            self._deciding.rest_on(Bound(to_datetime(as_of), self._max_age))
        return self._deciding, self._spelling

    def bound(self) -> Bound | None:
        as_of = self._age.as_of
        return None if as_of is None else Bound(to_datetime(as_of), self._max_age)

    def age(self) -> timedelta:
        """How old what is here can be; as old as can be where that cannot be told."""
        return self._age.told()

    def _load(self) -> None:
        """Everything that is made of the file, anew."""
        self._deciding, self._spelling, self._told = None, None, None
        self._words = self.file.words()
        self._age.read()
        self._stopped = self.file.get("stopped")
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

    def _opened(self, number: str, sealed: bytes) -> Taken:
        try:
            return _taken(self._sealer.open(sealed, place_of(number)))
        except Damaged as reason:
            raise ReplicaError(str(reason)) from None

    def _overlay(self) -> None:
        if self._deciding is None or self._spelling is None:
            return
        acts = []
        for _, number, sealed, state, _ in self.file.queued(*_WAITS, "refused"):
            taken = self._opened(number, sealed)
            found = acts_of(
                self._deciding.terms.compiled.policy,
                taken.kind,
                taken.body,
                numbers_in(self._spelling, taken.body),
                taken.taken_at,
            )
            # A yes that the service refused is none; a no that it refused stays one here until it is dropped.
            acts += [act for act in found if state != "refused" or act.restricts]
        self._deciding.overlay = Overlay(acts)
        self._deciding.forget_all()

    def close(self) -> None:
        with self.lock:
            with suppress(FileError):
                self._note_the_clock()
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
