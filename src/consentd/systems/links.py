"""Links by which a colleague sees one task and answers it: stateless, bound to the task and to its owner.

    token = base64url(0x01 ‖ task (16) ‖ until (8) ‖ owner (16) ‖ mac (32))

`owner` is a keyed hash of the owner's address for this task: once the policy names somebody else, links that
the former owner was sent open nothing. `mac` is the keyring's digest of all before it, under a key that has
one version for ever, so that links outlive a rotation. Nothing in a token is readable, or about a person.

Promise 14 asks for single use: reading may happen again until `until`, answering once, which is for whoever
keeps the tasks to see to. What opens here is personal data: the page records that it was shown (promise 8),
and shows it on a press of a button alone, since mail scanners follow links (decision 0041).
"""

import base64
import hmac
import re
from collections.abc import Callable
from uuid import UUID

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.kernel.instants import DAY, Instant

AFTER_DEADLINE = 30 * DAY
"""For how long after a task's deadline its link opens: what is late can still be answered."""

PATH = "/tasks/"

_VERSION = b"\x01"
_USE, _OWNER_USE = "task-link", "task-link-owner"
_MARK, _MAC = 16, 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{98}")


class Link(msgspec.Struct, frozen=True):
    """What a token that holds is about."""

    task: UUID
    until: Instant


class Links:
    def __init__(self, keyring: Keyring, public_url: str) -> None:
        self._keyring = keyring
        self._url = public_url.rstrip("/") + PATH

    def link_for(self, task: UUID, owner: str, until: Instant) -> str:
        """The whole address. `owner`: the e-mail address of whoever it is sent to."""
        return self._url + self.token_for(task, owner, until)

    def token_for(self, task: UUID, owner: str, until: Instant) -> str:
        content = _VERSION + task.bytes + until.to_bytes(8, "big") + self._mark(task, owner)
        content += self._keyring.digest(_USE, content)
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    def verify_link(self, token: str, now: Instant, owner_of: Callable[[UUID], str | None]) -> Link | None:
        """None for whatever does not hold, without saying why: a stranger learns nothing (promise 13).

        `owner_of` is asked for the address of a task's owner now, and only for tokens that we made.
        """
        if not _TOKEN.fullmatch(token):
            return None
        content = base64.urlsafe_b64decode(token + "==")
        # Two spellings of the last letter would be one token.
        if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != token or content[:1] != _VERSION:
            return None
        if not hmac.compare_digest(self._keyring.digest(_USE, content[:-_MAC]), content[-_MAC:]):
            return None
        task, until = UUID(bytes=content[1:17]), Instant(int.from_bytes(content[17:25], "big"))
        owner = owner_of(task) if now < until else None
        if owner is None or not hmac.compare_digest(self._mark(task, owner), content[25 : 25 + _MARK]):
            return None
        return Link(task, until)

    def _mark(self, task: UUID, owner: str) -> bytes:
        return self._keyring.digest(_OWNER_USE, task.bytes + owner.strip().lower().encode())[:_MARK]
