"""The replica: decisions per second, bytes per state, beside Cedar making the same decisions in the same run.

    python bench/replica.py [10000 100000 1000000]

People are told as the service tells them (`kernel.replica`), in pages, without a network; a tenth have facts
and one in fifty an objection. Every figure is the median of five, per second of the processor: other work on
the machine is not counted. Cedar (`requirements/bench.in`) gets one policy that says what the
newsletter's rules come to for these people, and answers the same questions; both must agree, or the run
fails.
"""

import cProfile
import pstats
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "src")]

from consentd.client import Question
from consentd.client.replica.answering import Answering
from consentd.client.replica.copying import Page
from consentd.client.replica.keeping import Keeping
from consentd.client.replica.model import Round
from consentd.kernel.case import Birth, Facts
from consentd.kernel.instants import DAY, Instant
from consentd.kernel.policy import document
from consentd.kernel.replica import (
    EndTold,
    HeadTold,
    HeldTold,
    ObjectionTold,
    PersonTold,
    PolicyTold,
    StateTold,
    number_of_identifier,
)
from consentd.policy.loader import load

KEY = bytes(range(32))
USES = (
    ("newsletter", "email", "newsletter", "3"),
    ("promotions", "email", "promotions", "1"),
    ("promotions", "sms", "promotions", "1"),
    ("promotions", "phone", "phone_offers", "1"),
    ("open_tracking", "email", "open_tracking", "1"),
)
DECIDED = ("given", "given", "given", "withdrawn", "refused")
NEWSLETTER = ("newsletter", "email")
ROUND = 5
PAGE = 500
CEDAR = 200
"""Questions of one call: the fastest of those tried."""
PROFILED = 10_000


def email_of(number: int) -> str:
    return f"person{number}@exemple.fr"


def person(number: int, now: int) -> PersonTold:
    """Five states and three identifiers, as `bench/population.py` makes them."""
    held = tuple(
        HeldTold(number_of_identifier(KEY, scheme, value), scheme)
        for scheme, value in (
            ("email", email_of(number)),
            ("phone", f"+336{number:08d}"),
            ("loyalty", f"ml{number}"),
        )
    )
    states = []
    for index, (purpose, channel, notice, version) in enumerate(USES):
        point = held[0 if channel == "email" else 1].number if number % 4 else 0
        given = Instant(now - (10 + number % 300) * DAY - number * 1_000)
        said = DECIDED[(number + index) % len(DECIDED)]
        proof = "held" if said == "given" else "none"
        states.append(
            StateTold(purpose, channel, point, said, proof, given, False, False, None, notice, version)
        )
    facts = Facts(births=(Birth(1950 + number % 50),)) if number % 10 == 0 else None
    objecting = number % 50 == 7
    objections = (ObjectionTold(None, None, 0, "marketing", Instant(now)),) if objecting else ()
    return PersonTold(number + 1, True, "FR", False, held, tuple(states), objections, (), (), facts)


def pages(people: int, now: int) -> Iterator[Page]:
    policy = load(Path(__file__).parents[1] / "policies")
    head = HeadTold(None, policy.hash, ("email", "loyalty", "phone"), (), ())
    told = PolicyTold(policy.hash, document(policy).decode())
    for start in range(0, people, PAGE):
        lines = [person(number, now) for number in range(start, min(start + PAGE, people))]
        more = start + PAGE < people
        yield Page(
            head,
            KEY if start == 0 else None,
            told if start == 0 else None,
            lines,
            EndTold(str(start), more, 0),
        )


def fill(keeping: Keeping, people: int) -> float:
    """Seconds."""
    now = time.time_ns() // 1000
    begun = time.process_time()
    before = None
    for page in pages(people, now):
        assert keeping.take(page, Round(before, Instant(time.time_ns() // 1000), time.monotonic(), 0))
        before = page.end.cursor
    return time.process_time() - begun


def rate(work: Callable[[], object], count: int) -> float:
    """Per second, the median of a few rounds."""
    seconds = []
    for _ in range(ROUND):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return count / statistics.median(seconds)


def once(work: Callable[[], object], count: int) -> float:
    begun = time.process_time()
    work()
    return count / (time.process_time() - begun)


def cedar(people: int, expected: Sequence[bool]) -> float | None:
    """Decisions per second of Cedar; None where it is not installed. Fails where it decides otherwise."""
    try:
        import cedarpy
    except ModuleNotFoundError:
        return None
    policies = """
        permit(principal, action == Action::"newsletter", resource == Channel::"email")
        when { principal.state == "given" && principal.proven
               && !principal.objected && !principal.restricted };
    """
    channel = {"uid": {"__entity": {"type": "Channel", "id": "email"}}, "attrs": {}, "parents": []}

    def one(number: int) -> dict[str, Any]:
        attributes = {
            "state": DECIDED[number % len(DECIDED)],
            "proven": True,
            "objected": number % 50 == 7,
            "restricted": False,
        }
        uid = {"__entity": {"type": "Person", "id": str(number)}}
        return {"uid": uid, "attrs": attributes, "parents": []}

    def question(number: int) -> dict[str, str]:
        return {
            "principal": f'Person::"{number}"',
            "action": 'Action::"newsletter"',
            "resource": 'Channel::"email"',
        }

    begun = time.process_time()
    for start in range(0, people, CEDAR):
        # In batches, with what they are about: as a service would ask that keeps its people elsewhere.
        some = range(start, min(start + CEDAR, people))
        told = cedarpy.is_authorized_batch(
            [question(number) for number in some], policies, [channel, *map(one, some)]
        )
        assert [answer.allowed for answer in told] == list(expected[start : start + CEDAR])
    return people / (time.process_time() - begun)


def measure(people: int) -> None:
    print(f"\n{people:,} people, {5 * people:,} states")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.replica")
        keeping = Keeping(path, 1e9, "en", KEY, "0" * 32)
        seconds = fill(keeping, people)
        size = path.stat().st_size
        print(
            f"  taken in: {people / seconds:,.0f} people/s; on disk {size / people / 5:.0f} bytes a state",
            flush=True,
        )
        answering = Answering(keeping)
        addresses: list[Any] = [f"email:{email_of(number)}" for number in range(people)]

        def say(what: str, found: float) -> None:
            print(f"  {what}: {found:,.0f}/s", flush=True)

        ask = answering.people
        say(
            "check_many, raw addresses, the first time",
            once(lambda: ask(addresses, *NEWSLETTER, None), people),
        )
        say("check_many, raw addresses", rate(lambda: ask(addresses, *NEWSLETTER, None), people))
        slots: list[Any] = answering.resolve(addresses)
        say("check_many, resolved ids", rate(lambda: ask(slots, *NEWSLETTER, None), people))
        some = addresses[: min(people, 20_000)]
        single = rate(lambda: [answering.careful(Question(one, *NEWSLETTER)) for one in some], len(some))
        say("check, one address at a time", single)
        told = ask(slots, *NEWSLETTER, None)
        assert sum(map(bool, told)) > people / 2
        count = min(people, 20_000)
        beside = cedar(count, [bool(one) for one in told[:count]])
        if beside is None:
            print("  cedarpy: not installed")
        else:
            say("cedarpy, the same decisions", beside)
        other = once(lambda: ask(slots, "promotions", "email", None), people)
        say("check_many, resolved ids, another use, the first time", other)
        if people == PROFILED:
            assert keeping._deciding is not None
            keeping._deciding.forget_all()
            profiled("check_many, raw addresses, the first time", lambda: ask(addresses, *NEWSLETTER, None))
            profiled("check_many, raw addresses", lambda: ask(addresses, *NEWSLETTER, None))
            profiled("check_many, resolved ids", lambda: ask(slots * 100, *NEWSLETTER, None))
            alone = [Question(one, *NEWSLETTER) for one in addresses]
            profiled("check, one address at a time", lambda: [answering.careful(one) for one in alone])
        keeping.close()


def profiled(what: str, work: Callable[[], object]) -> None:
    """Where the time goes: what takes most of it by itself."""
    print(f"  profile: {what}")
    profile = cProfile.Profile()
    profile.runcall(work)
    pstats.Stats(profile).sort_stats("tottime").print_stats(12)


def imports() -> None:
    """What importing costs the processor, in processes of their own."""
    for module in ("", "consentd.kernel.decide", "httpx", "consentd.client", "consentd.app"):
        seconds = []
        for _ in range(ROUND):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", f"import {module}" if module else "pass"], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        print(f"{module or 'an interpreter alone'}: {1000 * min(seconds):.0f} ms")


if __name__ == "__main__":
    imports()
    for size in [int(one) for one in sys.argv[1:]] or [10_000, 100_000, 1_000_000]:
        measure(size)
