"""A policy made ready for deciding: everything that does not depend on the person, worked out once."""

from consentd.kernel.fold import State
from consentd.kernel.instants import Instant, midnight
from consentd.kernel.places import Gazetteer
from consentd.kernel.policy import Policy
from consentd.kernel.regime import ALWAYS, NEVER, Regime, timeline


class CompiledPolicy:
    """Looks up what `decide` needs. Spans are made at first use and kept: their number is bounded by the
    policy, never by what callers ask, because unknown purposes, channels and places have none of their own.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.hash = policy.hash
        self.purposes = policy.purposes
        self.channels = policy.channels
        self.gazetteer = Gazetteer(policy)
        self._outdated = _outdated(policy)
        self._spans: dict[tuple[str, str, str, bool], tuple[Regime, ...]] = {}

    def regime(
        self, purpose: str, channel: str, territory: str | None, professional: bool, at: Instant
    ) -> Regime:
        """The law for a known purpose and channel, at an instant."""
        place = self.gazetteer.find(territory)
        key = (purpose, channel, place.key, professional)
        spans = self._spans.get(key)
        if spans is None:
            capacity = "professional" if professional else "consumer"
            spans = timeline(self.purposes[purpose], channel, place, capacity)
            self._spans[key] = spans
        for span in reversed(spans):
            if span.since <= at:
                return span
        return spans[0]

    def limits_age(self, purpose: str, channel: str) -> bool:
        """Whether any law or the company limits how long a consent counts: then when it was given matters."""
        about = self.purposes.get(purpose)
        return about is not None and (
            about.validity_months is not None
            or any(
                (not rule.kinds or about.kind in rule.kinds)
                and (not rule.channels or channel in rule.channels)
                for pack in self.policy.packs.values()
                for rule in pack.validity
            )
        )

    def outdated_from(self, state: State) -> Instant:
        """From when the notice that a grant was given on no longer counts; NEVER if it still does.

        A notice that the policy does not know cannot be shown to say what it should: ALWAYS. A grant that
        names no notice has none that could be outdated.
        """
        if state.notice_id is None or state.notice_version is None:
            return NEVER
        return self._outdated.get((state.notice_id, state.notice_version), ALWAYS)


def compile_policy(policy: Policy) -> CompiledPolicy:
    return CompiledPolicy(policy)


def _outdated(policy: Policy) -> dict[tuple[str, str], Instant]:
    zone = Gazetteer.home(policy)
    found: dict[tuple[str, str], Instant] = {}
    for notice, versions in policy.notices.items():
        since = NEVER
        for version in reversed(versions):
            found[notice, version.version] = since
            if version.material:
                since = min(since, ALWAYS if version.effective is None else midnight(version.effective, zone))
    return found
