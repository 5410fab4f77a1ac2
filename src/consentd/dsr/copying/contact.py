"""Where a copy's code may go: to the contact detail that proved who asked, while it is theirs alone."""

from consentd.dsr import identity
from consentd.dsr.cases import RequestCase
from consentd.kernel.ids import SubjectId
from consentd.subjects import service as subjects
from consentd.subjects.model import Contact


def proven_contact(case: RequestCase) -> Contact | None:
    """None where no contact detail proved them, it is not theirs alone any more, or no mail reaches it."""
    to, subject = case.content().answer_to, case.row["subject_id"]
    if to is None or subject is None:
        return None
    kind = case.compiled.policy.identifiers.get(to[0])
    if kind is None or kind.kind != "email":
        return None
    members = identity.members_of(case, SubjectId(subject))
    for one in subjects.contacts_of(case.unit.connection, case.keyring, members):
        if (one.named.scheme, one.named.value) == to:
            holders = subjects.holders_of(case.unit.connection, case.keyring, [one.named])
            return one if len(holders.get(one.named, ())) == 1 else None
    return None
