"""People for tests that need somebody to exist, and nothing more of them."""

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import SubjectKeys, draw_keys, insert_keys
from consentd.db.tables.people import subjects
from consentd.db.unit import Unit
from consentd.kernel.ids import SubjectId


def add_subject(unit: Unit) -> SubjectId:
    subject_id = new_id()
    unit.connection.execute(
        subjects.insert(),
        {
            "id": subject_id,
            "group_id": subject_id,
            "merged": False,
            "created_at": unit.now,
            "entry_id": new_id(),
        },
    )
    return SubjectId(subject_id)


def with_keys(unit: Unit, keyring: Keyring, *people: SubjectId) -> dict[SubjectId, SubjectKeys]:
    """Gives each of them both keys."""
    made = {person: draw_keys() for person in people}
    insert_keys(unit, keyring, made)
    return made
