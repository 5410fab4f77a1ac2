"""What is to be told by mail about a request: written down in the unit that it follows from, sent after it.

    put(case, "receipt", Letter(to=…, subject=…, text=…, language="fr"))

A mail is a row of its own in the same transaction (promise 3): it leaves only if what it tells was committed,
and then it does leave, whatever is killed (`mailing`). What it says lies sealed under a key of the request's
mail alone, so that it outlives the request's own content by as long as sending takes, and no longer.

Each is named by its moment, and told once: the row stays when the mail was sent, without what it said.
"""

from uuid import UUID

import msgspec

from consentd.base.i18n import Language
from consentd.base.ids import new_id
from consentd.crypto import request_keys
from consentd.crypto.seal import Place, seal
from consentd.crypto.wrapping import draw_key
from consentd.dsr import mail_store as store
from consentd.dsr.cases import RequestCase
from consentd.kernel.canonical import canonical


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to one address. It does not print: it is personal data."""

    to: str
    subject: str
    text: str
    language: Language
    certificates: bool = False
    """Whether the certificates of the erasure go with it, as a file that can be verified."""

    def __repr__(self) -> str:
        return "Letter(…)"


def put(case: RequestCase, moment: str, letter: Letter, *, whom: str = "person") -> bool:
    """Has a letter sent once this unit is committed; False where this moment was told before.

    `moment`: what is told, once for each request: "receipt", or with what tells two apart, "answer:2". The
    part before the colon becomes a step of the request when it was sent: `told_receipt`.
    `whom`: "person"; "dpo" for what is escalated, "owner" for what a silo's owner must know.
    """
    id_ = _row(case, moment, whom, None)
    if id_ is None:
        return False
    key = request_keys.open_key(case.unit.connection, case.keyring, case.id, "mail")
    if key is None:
        key = draw_key()
        request_keys.put(case.unit, case.keyring, case.id, "mail", key)
    sealed = seal(key, canonical(letter), Place("outgoing_letters", "sealed", id_))
    store.add_letter(case.unit, {"id": id_, "request_id": case.id, "sealed": sealed})
    return True


def remind(case: RequestCase, moment: str, task: UUID) -> bool:
    """Has the owner of a task's silo reminded of it; False where that was done for this moment.

    There is no letter: it is written when it is sent, by what is so then.
    """
    return _row(case, moment, "owner", task) is not None


def _row(case: RequestCase, moment: str, whom: str, task: UUID | None) -> UUID | None:
    # The request is locked: nobody writes down the same moment beside this.
    if store.has(case.unit.connection, case.id, moment):
        return None
    id_ = new_id()
    store.add(
        case.unit,
        {
            "id": id_,
            "request_id": case.id,
            "task_id": task,
            "moment": moment,
            "whom": whom,
            "state": "waiting",
            "attempts": 0,
            "next_at": case.unit.now,
            "created_at": case.unit.now,
        },
    )
    return id_
