"""The description of the API, made from the routes themselves: OpenAPI 3.1.

Schemas come from the very types that decode and encode, by the library that does it: a body that refuses
unknown members says `additionalProperties: false`, a bound is a bound. What every route shares (security,
problems, idempotency) is said for every route, so that none can forget it.
"""

import inspect
from collections.abc import Callable, Sequence
from importlib import metadata
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from litestar import Litestar, Response, get
from litestar.constants import RESERVED_KWARGS
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.response import Stream
from litestar.routes import HTTPRoute

from consentd.base.described import ANSWER, EXAMPLES, FORMS, PARAMETERS, described
from consentd.callers.access import ALSO_ASKS, ASKS, BODY, PUBLIC, Door
from consentd.callers.model import Scope
from consentd.web.call import body_type
from consentd.web.openapi_answers import HEADERS, answers, changes, components
from consentd.web.problems import Problem

Document = dict[str, Any]
"""A document of the OpenAPI specification: its members are of every kind."""

_REFS = "#/components/schemas/{name}"
_BOUNDS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")


def routes(describe_all: Callable[[], Document]) -> list[HTTPRouteHandler]:
    shown = {**PUBLIC, **described(answer={"openapi": "3.1.0", "info": {"title": "consentd"}, "paths": {}})}

    @get("/openapi.json", opt=shown, tags=["about"], operation_id="getDescription")
    async def as_json() -> Response[bytes]:
        """This description, as JSON."""
        return Response(msgspec.json.encode(describe_all()), media_type="application/json")

    @get(
        "/openapi.yaml",
        opt=shown,
        media_type="application/yaml",
        tags=["about"],
        operation_id="getDescriptionAsYaml",
    )
    async def as_yaml() -> Response[str]:
        """This description, as YAML (RFC 9512)."""
        return Response(as_text(describe_all()), media_type="application/yaml")

    return [as_json, as_yaml]


def as_text(document: Document) -> str:
    # By way of JSON, so that what is used twice is written twice and not as a reference of YAML's own.
    plain = msgspec.json.decode(msgspec.json.encode(document))
    return msgspec.yaml.encode(plain).decode()


def describe(app: Litestar, public_url: str) -> Document:
    """The whole document. Raises TypeError for a type that JSON Schema cannot say."""
    found = [
        (route.path_format, method.lower(), handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.resolve_include_in_schema()
        for method in sorted(handler.http_methods)
    ]
    types = [Problem]
    for _, _, handler in found:
        body = body_type(handler)
        types += [] if body is None else [body]
        types += _answer_types(handler)
    schemas, named = msgspec.json.schema_components(types, schema_hook=_anything, ref_template=_REFS)
    schema_of = {repr(one): schema for one, schema in zip(types, schemas, strict=True)}
    paths: dict[str, Document] = {}
    for path, method, handler in sorted(found, key=lambda one: (one[0], one[1])):
        paths.setdefault(path, {})[method] = _operation(handler, path, method, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "consentd",
            "version": metadata.version("consentd"),
            "summary": "May we contact this person, for this purpose, through this channel, now?",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(named.items())),
            "responses": components(),
            "headers": HEADERS,
            "securitySchemes": {"system": _security(public_url)},
        },
    }


def _operation(handler: HTTPRouteHandler, path: str, method: str, schema_of: dict[str, Document]) -> Document:
    summary, _, rest = inspect.cleandoc(handler.fn.__doc__ or handler.handler_name).partition("\n")
    operation: Document = {
        "operationId": handler.operation_id or handler.handler_name,
        "summary": handler.summary or summary.rstrip("."),
        "description": handler.description or rest.strip() or summary,
        "tags": handler.resolve_tags(),
        "parameters": _parameters(handler, path, method),
    }
    body = body_type(handler)
    if body is not None:
        schema = schema_of[repr(body)]
        content = {"schema": schema} | _examples(handler)
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    elif BODY in handler.opt:
        content = {
            media: {"schema": schema} | (_examples(handler) or _examples_in(schema))
            for media, schema in handler.opt[BODY].items()
        }
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = answers(
        handler,
        method,
        _content(handler, schema_of),
        parameters={one["in"] for one in operation["parameters"]},
    )
    operation["security"] = _asked(handler.opt[ASKS], handler.opt.get(ALSO_ASKS, ()))
    return operation


def _examples(handler: HTTPRouteHandler) -> Document:
    examples = handler.opt.get(EXAMPLES)
    return {"examples": {name: {"value": value} for name, value in examples.items()}} if examples else {}


def _examples_in(schema: Document) -> Document:
    """Where a body's forms have examples of their own."""
    named = {f"example_{number}": {"value": one} for number, one in enumerate(schema.get("examples", []), 1)}
    return {"examples": named} if named else {}


def _parameters(handler: HTTPRouteHandler, path: str, method: str) -> list[Document]:
    parameters: list[Document] = []
    for name, field in handler.parsed_fn_signature.parameters.items():
        if name in RESERVED_KWARGS:
            continue
        kwarg = field.kwarg_definition if isinstance(field.kwarg_definition, ParameterKwarg) else None
        named = (kwarg.query or kwarg.header if kwarg else None) or name
        place = "header" if kwarg and kwarg.header else "query"
        if f"{{{name}}}" in path:
            place = "path"
        parameter: Document = {"name": named, "in": place, "required": field.is_required or place == "path"}
        parameter["schema"] = msgspec.json.schema(_bounded(_present(field.annotation), kwarg))
        if kwarg and kwarg.description:
            parameter["description"] = kwarg.description
        if named in handler.opt.get(PARAMETERS, {}):
            parameter["example"] = handler.opt[PARAMETERS][named]
        parameters.append(parameter)
    if changes(handler, method):
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
                "description": "The same key with the same body has one effect, for seven days.",
            }
        )
    return parameters


def _present(annotation: Any) -> Any:  # Any: types are values here
    """The type of a parameter that is there: where it is not, it is left out, and never null."""
    if get_origin(annotation) in (Union, UnionType):
        kept = tuple(one for one in get_args(annotation) if one is not type(None))
        return kept[0] if len(kept) == 1 else annotation
    return annotation


def _bounded(annotation: Any, kwarg: ParameterKwarg | None) -> Any:  # Any: types are values here
    """The type with the bounds that the framework checks."""
    if kwarg is None:
        return annotation
    bounds = {name: getattr(kwarg, name) for name in _BOUNDS if getattr(kwarg, name, None) is not None}
    return Annotated[annotation, msgspec.Meta(**bounds)] if bounds else annotation


def _anything(unknown: type) -> Document:
    """`object` in a document of others' making is any JSON."""
    if unknown is object:
        return {"description": "Any JSON."}
    raise NotImplementedError


def _asked(asks: Scope | Door, more: Sequence[Scope]) -> list[Document]:
    if isinstance(asks, Scope):
        return [{"system": [scope.value for scope in (asks, *more)]}]
    return [{"system": []}] if asks is Door.KNOWN else []


def _answer_types(handler: HTTPRouteHandler) -> list[Any]:
    """The types in an answer; for Response[T], T. Text, bytes and streams have no schema of their own."""
    annotation = handler.parsed_fn_signature.return_type.annotation
    if get_origin(annotation) is Response:
        (annotation,) = get_args(annotation)
    return [] if annotation in (bytes, str, Stream, None, type(None)) else [annotation]


def _content(handler: HTTPRouteHandler, schema_of: dict[str, Document]) -> Document:
    types = _answer_types(handler)
    # The framework's own names of media types are an enumeration, whose `str` is the member's name.
    media = str(getattr(handler.media_type, "value", handler.media_type) or "application/json")
    answer = handler.opt.get(ANSWER)
    shown = {} if answer is None else {"example": answer}
    if types:
        return {media: {"schema": schema_of[repr(types[0])], **shown}, **handler.opt.get(FORMS, {})}
    # Lines of JSON are no JSON: to a schema they are text.
    text = media.startswith("text/") or media == "application/x-ndjson"
    plain = {"schema": {"type": "string" if text else "object"}, **shown}
    return {media: plain, **handler.opt.get(FORMS, {})}


def _security(public_url: str) -> Document:
    scopes = {scope.value: _SCOPE_WORDS[scope] for scope in Scope}
    return {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": f"{public_url}/oauth/token", "scopes": scopes}},
    }


_ABOUT = """\
Bodies are strict JSON in UTF-8: unknown members, members that come twice and the character U+0000 are
refused; but under /access/v1/ the standard AuthZEN 1.0 orders that unknown members are ignored, and that what
is wrong with a body is 400. What goes wrong is told as a problem (RFC 9457) with a stable `code`; a method
that an address does not take is answered 405 with `Allow`. Words are in French or English, as
`Accept-Language` asks."""

_SCOPE_WORDS: dict[Scope, str] = {
    Scope.CONSENT_WRITE: "record what people chose",
    Scope.CONSENT_READ: "read choices and their history",
    Scope.PEOPLE_WRITE: "decide who is one person with whom, and see by what",
    Scope.CHECK: "ask whether a person may be contacted",
    Scope.REASONS: "be told the precise reason",
    Scope.REQUESTS_WRITE: "take in people’s requests, and give codes for them",
    Scope.REQUESTS_READ: "see where requests stand",
    Scope.REQUESTS_DECIDE: "note what staff decide about requests",
    Scope.TASKS: "take tasks about people and answer them",
    Scope.REPLICA: "keep a copy of what decisions about its own people rest on",
}
