"""What the company calls its uses, contact methods and kinds of contact details, in the reader's language."""

from collections.abc import Iterable

from consentd.base.i18n import Language
from consentd.kernel.policy import Policy, in_words


class Labels:
    """What the policy no longer knows goes by its id: choices outlive the policy they were made under."""

    def __init__(self, policy: Policy, language: Language) -> None:
        self._policy = policy
        self._language = language

    def use(self, id_: str) -> str:
        known = self._policy.purposes.get(id_)
        return id_ if known is None else in_words(known.label, self._language, id_)

    def uses(self, ids: Iterable[str]) -> list[str]:
        """Each label once, also where several have the same."""
        return [*dict.fromkeys(self.use(one) for one in ids)]

    def channel(self, id_: str) -> str:
        known = self._policy.channels.get(id_)
        return id_ if known is None else in_words(known.label, self._language, id_)

    def text(self, id_: str, version: str) -> str:
        """What a text that was shown is called: its title."""
        known = [one for one in self._policy.notices.get(id_, ()) if one.version == version]
        return in_words(known[0].titles, self._language, id_) if known else id_

    def scheme(self, id_: str) -> str:
        known = self._policy.identifiers.get(id_)
        return id_ if known is None else in_words(known.label, self._language, id_)
