"""Reading a body as somebody else's standard orders it: what it has beyond the standard is ignored.

A route asks for it by name (`call.lenient`), with the standard that orders it; every other route refuses
unknown members (`strict`). All else stays strict: duplicate members, NaN, depth, U+0000 and wrong types are
refused, here with 400 for each, and what a body contains never appears in a message (promise 18).
"""

from typing import TypeVar

import msgspec

from consentd.kernel.errors import Malformed, Unprocessable
from consentd.web.strict import StrictDecoder, structs_in

T = TypeVar("T")


class LenientDecoder(StrictDecoder[T]):
    """Decodes bodies of one type. No struct in it may refuse unknown members: TypeError at start if one does,
    for its route would be stricter than it says.
    """

    __slots__ = ()

    def _require_declared(self, body_type: type[T]) -> None:
        for strict in structs_in(msgspec.inspect.type_info(body_type)):
            if strict.forbid_unknown_fields:
                raise TypeError(
                    f"{strict.cls.__qualname__} is part of a body that must ignore unknown members, but "
                    "refuses them: declare it without forbid_unknown_fields."
                )

    def decode(self, body: bytes) -> T:
        """Raises Malformed (400) for what is not JSON and for what is not a T alike."""
        try:
            return super().decode(body)
        except Unprocessable as refused:
            raise Malformed(refused.code, refused.message, errors=refused.errors) from None
