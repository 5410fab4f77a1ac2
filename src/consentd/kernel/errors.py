"""The one tree of errors, by who is at fault.

    ConsentdError
    ├── CallerError              what came in is wrong: the message says what, why and what to do
    │   ├── Malformed            400  not readable at all
    │   ├── Unauthenticated      401  no, wrong, expired or revoked credentials
    │   ├── Forbidden            403  known caller, not its right
    │   ├── NotFound             404  also for what exists but is not this caller's to see
    │   ├── NotAcceptable        406  no form of the answer that the caller takes
    │   ├── Conflict             409  the same number with other content; still running
    │   ├── TooLarge             413
    │   ├── Unprocessable        422  readable, but refused for a named reason
    │   └── TooMany              429
    ├── PolicyError              a file under policies/ is wrong: file, line, reason
    ├── OperatorError            how the service was started is wrong: settings, keys, database
    │   └── WrongKey             the root key is not the one that this database was made with
    └── Unavailable              503  nobody is at fault; try again (overload, storage, lost lease)
        └── StorageUnavailable   503  the database cannot be written or reached
    Tampered                     a ciphertext, row or log that is not what was written

One place turns them into HTTP: `web.problems`. Messages never carry identifiers or secrets (promise 18).
"""

from collections.abc import Sequence


class ConsentdError(Exception):
    """`code` is stable and for programs; the message is for people."""

    status = 500

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class CallerError(ConsentdError):
    """`errors`: where in the body, and why: [{"pointer": "/events/0/state", "code": …, "detail": …}]."""

    status = 400

    def __init__(self, code: str, message: str, *, errors: Sequence[dict[str, str]] = ()) -> None:
        super().__init__(code, message)
        self.errors = list(errors)


class Malformed(CallerError):
    status = 400


class Unauthenticated(CallerError):
    status = 401


class Forbidden(CallerError):
    status = 403


class NotFound(CallerError):
    status = 404


class NotAcceptable(CallerError):
    status = 406


class Conflict(CallerError):
    """`retry_after`: seconds, where trying again can help."""

    status = 409

    def __init__(self, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class TooLarge(CallerError):
    status = 413


class Unprocessable(CallerError):
    status = 422


class TooMany(CallerError):
    status = 429

    def __init__(self, code: str, message: str, *, retry_after: int = 1) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class PolicyError(ConsentdError):
    """One or more faults in policy files, each with its file, line (1-based, 0 if none) and reason."""

    def __init__(self, faults: Sequence[tuple[str, int, str]]) -> None:
        self.faults = list(faults)
        lines = [f"{file}:{line}: {reason}" if line else f"{file}: {reason}" for file, line, reason in faults]
        super().__init__("policy_invalid", "\n".join(lines))


class OperatorError(ConsentdError):
    pass


class WrongKey(OperatorError):
    def __init__(self, message: str) -> None:
        super().__init__("wrong_root_key", message)


class Unavailable(ConsentdError):
    status = 503
    retry_after = 1


class StorageUnavailable(Unavailable):
    pass


class Tampered(ConsentdError):
    """Raised when something does not open, or does not hash to what was logged."""


def wrong(code: str, pointer: str, detail: str) -> Unprocessable:
    """One fault at one place of the body: `pointer` is a JSON pointer (RFC 6901)."""
    return Unprocessable(code, detail, errors=[{"pointer": pointer, "code": code, "detail": detail}])
