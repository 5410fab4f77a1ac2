"""What a route says of itself beyond its types, in its options: `opt=needs(…) | described(…)`.

The API's description reads it (`web.openapi`); nothing else does.
"""

from collections.abc import Mapping
from typing import Any

EXAMPLES = "examples"
ALSO = "also"
LINKS = "links"
CHANGES = "changes"
FORMS = "forms"
ANSWER = "answer"
PARAMETERS = "parameters"

# Any: an example is any JSON; an OpenAPI link has members of every kind.
Example = Mapping[str, Any]
Link = Mapping[str, Any]


def described(
    *,
    examples: Mapping[str, Example] | None = None,
    also: Mapping[int, str] | None = None,
    links: Mapping[str, Link] | None = None,
    changes: bool = False,
    forms: Mapping[str, Example] | None = None,
    answer: Any = None,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """`examples`: bodies by a name of one word or two. `also`: statuses that the route's kind does not imply,
    each with what it means. `links`: where an answer leads, as OpenAPI's link objects by name.
    `changes`: it may record something although it mostly does not (a POST that answers 201 always may).
    `forms`: the media types that the answer also comes in, as `Accept` asks, each with its JSON Schema
    and an example, as OpenAPI's media type objects. `answer`: what a call that succeeds gets, which every
    route shows. `parameters`: an example of each, by name.
    """
    return {
        EXAMPLES: examples or {},
        ALSO: also or {},
        LINKS: links or {},
        CHANGES: changes,
        FORMS: forms or {},
        ANSWER: answer,
        PARAMETERS: parameters or {},
    }


def leads_to(operation: str, **parameters: str) -> Link:
    """A link: parameters of `operation` are found in the answer by OpenAPI's runtime expressions."""
    return {"operationId": operation, "parameters": parameters}
