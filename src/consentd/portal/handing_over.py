"""From a connected system's own logged-in area to the customers' pages, without a code (promise 12).

The system signs that somebody is logged in at it, as it does for requests (`callers.logins`), and gets a link
that opens once, within two minutes, whose address names nobody. The policy says which systems' logins prove,
how old they may be and how strong; the account has to be one person's alone.
"""

from typing import Any

import msgspec

from consentd.callers import logins
from consentd.callers.logins import FOR_PORTAL, Login, Vouched
from consentd.callers.model import Caller
from consentd.callers.service import assert_live
from consentd.crypto.keyring import with_fresh_keys
from consentd.db.unit import Unit
from consentd.evidence.model import Actor, ActorKind
from consentd.evidence.recorder import begin
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unprocessable
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import MINUTE, Instant, to_text
from consentd.kernel.policy import Logins
from consentd.portal import codes, store
from consentd.subjects import holding
from consentd.subjects.doing import Doing
from consentd.subjects.requests import Identifier, spell

PATH = "/my/in/"


class LinkMade(msgspec.Struct, frozen=True):
    url: str
    """Where the person is sent. It opens once; a second time it opens nothing."""
    expires_at: str

    def __repr__(self) -> str:
        return "LinkMade(…)"


class HandingOver:
    def __init__(self, doing: Doing, public_url: str) -> None:
        self._doing = doing
        self._url = public_url

    async def link(self, caller: Caller, token: str) -> LinkMade:
        """Raises Unprocessable: `wrong_login` for what is no login for this, `login_opens_nothing` where the
        policy lets this system's logins open nothing, or its account is not one person's alone.
        """
        # Outside the unit: whoever sends rubbish must not keep others from writing.
        found = await logins.vouched(self._doing.database, token)

        def work(unit: Unit) -> LinkMade:
            assert_live(unit.connection, caller)
            compiled = self._doing.policies.active(unit.connection)
            if found is None or not logins.is_live(unit.connection, found):
                raise _no_login("No live key of a connected system signed this as a login.")
            told = logins.judge(found.claims, self._url, FOR_PORTAL, unit.now)
            if isinstance(told, str):
                raise _no_login(told)
            rule = _rule(compiled, found, told, unit.now)
            if not logins.spend(unit, found, told):
                raise _no_login(
                    "The login was used before: sign a new one, with a jti of its own, each time."
                )
            return self._made(unit, compiled, caller, found, told, rule)

        database = self._doing.database
        answer = await with_fresh_keys(self._doing.keyring, database, lambda: database.change(work))
        self._doing.wake()
        return answer

    def _made(
        self,
        unit: Unit,
        compiled: CompiledPolicy,
        caller: Caller,
        found: Vouched,
        login: Login,
        rule: Logins | None,
    ) -> LinkMade:
        keyring = self._doing.keyring
        subject = _holder(unit.connection, self._doing, compiled, login) if rule else None
        if subject is None:
            raise Unprocessable(
                "login_opens_nothing",
                "The policy lets logins of this system open nothing, or nobody alone has this account.",
            )
        way = codes.draw(
            keyring,
            unit.now,
            named=keyring.digest("portal-handed-over", found.system.id.bytes + login.number.jti.encode()),
            source=keyring.digest("portal-source", found.system.id.bytes),
            identifier=None,
            subject=subject,
            system=found.system.id,
            minutes=codes.LINK_MINUTES_OF_SYSTEMS,
        )
        store.add_entry(unit, way.row)
        begin(
            unit,
            keyring,
            action="portal.handed_over",
            actor=Actor(ActorKind.SYSTEM, caller.system_id),
            key=keyring.audit(),
            policy=compiled.hash,
        ).close({"way": str(way.id), "system": found.system.name, "methods": list(login.methods)})
        expires = Instant(unit.now + codes.LINK_MINUTES_OF_SYSTEMS * MINUTE)
        return LinkMade(self._url + PATH + way.link, to_text(expires))


def _rule(compiled: CompiledPolicy, found: Vouched, login: Login, now: int) -> Logins | None:
    """What the policy says of this system's logins; None: they open nothing."""
    system = compiled.policy.systems.get(found.system.name)
    rule = system.logins if system else None
    if rule is None or login.scheme not in rule.schemes:
        return None
    if login.signed_in < now - rule.within_minutes * MINUTE:
        raise _no_login(f"The person signed in more than {rule.within_minutes} minutes ago: let them again.")
    if not {*rule.methods} <= {*login.methods}:
        raise _no_login(f"amr of the login lacks what the policy asks for: {', '.join(rule.methods)}.")
    return rule


def _holder(connection: Any, doing: Doing, compiled: CompiledPolicy, login: Login) -> SubjectId | None:
    """Any: a database connection. The one person whose account it is, from more than having been named."""
    try:
        named = spell(compiled.policy, Identifier(login.scheme, login.account), None, "/login")
    except (Unprocessable, msgspec.ValidationError):
        return None
    identifier = holding.identifier_of(connection, doing.keyring, named)
    held_by = holding.holders(connection, identifier) if identifier else []
    groups = {one.group for one in held_by}
    if len(groups) != 1 or all(one.strength == "weak" for one in held_by):
        return None
    # The record that has it, and not whoever it stands merged with: that may be undone.
    return min(one.subject for one in held_by)


def _no_login(why: str) -> Unprocessable:
    return Unprocessable("wrong_login", why)
