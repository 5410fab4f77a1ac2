"""A check of our own for schemathesis: what the description allows is never refused for its shape."""

import schemathesis

SHAPE = {"invalid_body", "invalid_parameter", "not_json", "duplicate_member"}


@schemathesis.check
def described_shapes_are_taken(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code < 400:
        return
    code = response.json().get("code")
    assert code not in SHAPE, f"The description allows what is refused as {code}."


@schemathesis.serializer("application/x-ndjson")
def lines_of_json(ctx: schemathesis.SerializationContext, value: object) -> object:
    """Lines are text already; what is none by design goes as it is, too."""
    return str(value).encode()
