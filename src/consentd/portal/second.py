"""The second proof: another contact detail of the same person, where there is one (docs/portal.md).

A code proves control of a contact detail, and who reads somebody's mail should not take their whole history
by it. So a second code goes to another detail that is the person's alone: the telephone of whoever came in by
mail. Who has no other on record gets a fresh code to the same one: nothing else could be asked that would not
ask for more than is known of them (GDPR 11, 12(6)). One to which messages come back is no other: a code would
not arrive there.
"""

from typing import Any
from uuid import UUID

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.kernel.ids import SubjectId
from consentd.kernel.policy import Policy
from consentd.portal.masking import masks
from consentd.subjects import holding
from consentd.subjects import service as subjects
from consentd.subjects.model import Contact
from consentd.subjects.spelling import Named, takes_texts


class Choice(msgspec.Struct, frozen=True):
    """Where a second code can go. `shown`: enough for its owner to know it, too little to learn it."""

    identifier: UUID
    named: Named
    shown: str

    def __repr__(self) -> str:
        return f"Choice({self.named.scheme})"


def choices(
    connection: Any,
    keyring: Keyring,
    policy: Policy,
    subject: SubjectId,
    came_by: UUID | None,
    *,
    phones: bool,
    mails: bool = True,
) -> list[Choice]:
    """Any: a database connection. In the order of how well they are known; never empty where the person still
    has the contact detail that they came in by. `phones`, `mails`: what codes can be sent to.
    """
    person = subjects.person_by_id(connection, subject)
    order = {"verified": 0, "asserted": 1}
    contacts = subjects.contacts_of(connection, keyring, person.members)
    # They just read what was sent to the one that they came in by, whatever was noted of it before.
    silent = {one.id for one in contacts if one.unreachable and one.id != came_by}
    found = [
        contact
        for contact in contacts
        if contact.id not in silent
        and contact.strength in order
        and _reached(policy, contact, phones=phones, mails=mails)
    ]
    found.sort(key=lambda one: (order[one.strength], one.named.scheme, one.id))
    alone = {
        one.id: one
        for one in found
        if {holder.group for holder in holding.holders(connection, one.id)} == {person.group}
    }
    others = [one for id_, one in alone.items() if id_ != came_by]
    used = others or list(alone.values())
    shown = masks(one.named.value for one in contacts)
    return [Choice(one.id, one.named, shown[one.named.value]) for one in used]


def _reached(policy: Policy, contact: Contact, *, phones: bool, mails: bool) -> bool:
    kind = policy.identifiers[contact.named.scheme].kind if contact.named.scheme in policy.identifiers else ""
    if kind == "phone":
        return phones and takes_texts(contact.named.value)
    return kind == "email" and mails
