"""What a call that is asked to raise can raise, by who is at fault.

    ClientError                 `code` is stable and for programs; the message is for people
    ├── Refused                 the service read the call and says no: `status`, `detail`, `errors`
    │   ├── Unauthorised        401  the credentials are wrong, or were revoked
    │   ├── Forbidden           403  a scope is missing, or it is outside the system's limits
    │   ├── NotFound            404
    │   ├── Conflict            409  the same number with other content
    │   └── Invalid             400, 413, 415, 422: what was sent cannot be taken; `pointer` says where
    ├── Unavailable             nobody is at fault, and every try that was allowed was made
    │   ├── Overloaded          429, or 503 that asks to wait longer than the call may take
    │   └── TimedOut            no answer within `total` seconds
    └── Unreadable              what answered is not consentd, or speaks another version

Upholds promise 18: messages repeat nothing that was sent.
"""

from collections.abc import Sequence

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with what was sent, and where: a JSON pointer."""

    pointer: str = ""
    code: str = ""
    detail: str = ""


class ClientError(Exception):
    """`reason` is what a check that does not raise denies with."""

    reason = "unavailable"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Refused(ClientError):
    reason = "invalid_question"

    def __init__(self, status: int, code: str, detail: str, errors: Sequence[Fault] = ()) -> None:
        super().__init__(code, detail)
        self.status = status
        self.errors = tuple(errors)

    @property
    def by_consentd(self) -> bool:
        """Whether consentd says so itself: a proxy that answers in its stead names no reason."""
        return not self.code.startswith("status_")

    @property
    def pointer(self) -> str | None:
        """Where the first fault is; None where the refusal is about the call as a whole."""
        return self.errors[0].pointer if self.errors else None


class Unauthorised(Refused):
    reason = "unauthorised"


class Forbidden(Refused):
    reason = "forbidden"


class NotFound(Refused):
    pass


class Conflict(Refused):
    pass


class Invalid(Refused):
    pass


class Unavailable(ClientError):
    pass


class Overloaded(Unavailable):
    reason = "overloaded"


class TimedOut(Unavailable):
    reason = "timeout"


class Unreadable(ClientError):
    reason = "unreadable_answer"


_BY_STATUS = {401: Unauthorised, 403: Forbidden, 404: NotFound, 409: Conflict}


def refused(status: int, code: str, detail: str, errors: Sequence[Fault] = ()) -> Refused:
    """The error of a status from 400 to 499."""
    return _BY_STATUS.get(status, Invalid)(status, code, detail, errors)
