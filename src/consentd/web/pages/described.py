"""The API's own description, made ready for people to read. Pure: a document in, values for a template out.

It knows of the description what `web.openapi` writes, and nothing of routes: what programs read and what
people read cannot differ.
"""

import json
import re
from typing import Any, NamedTuple

Document = dict[str, Any]  # Any: a document of the OpenAPI specification

_METHODS = ("get", "post", "put", "patch", "delete")


class Field(NamedTuple):
    """A member of an object, or a parameter. `schema` is the name of one that is told further down."""

    name: str
    kind: str
    required: bool
    about: str
    schema: str | None = None
    place: str = ""
    example: str = ""


class Example(NamedTuple):
    name: str
    body: str
    curl: str


class Answer(NamedTuple):
    status: str
    about: str
    schema: str | None
    example: str | None


class Operation(NamedTuple):
    id: str
    method: str
    path: str
    summary: str
    about: list[str]
    scope: str | None
    """None for what anyone may call, "" for any token."""
    parameters: list[Field]
    media: str
    schema: str | None
    fields: list[Field]
    """Of a body that is a form."""
    examples: list[Example]
    answers: list[Answer]


class Schema(NamedTuple):
    name: str
    about: str
    kind: str
    fields: list[Field]


def by_tag(document: Document) -> dict[str, list[Operation]]:
    """Every operation, in the order of the document, under its first tag."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                found.setdefault(operation["tags"][0], []).append(
                    _operation(operation, method, path, document["components"])
                )
    return found


def schemas(document: Document) -> list[Schema]:
    return [
        Schema(name, schema.get("description", ""), _kind(schema), _fields(schema))
        for name, schema in document["components"]["schemas"].items()
    ]


def _operation(operation: Document, method: str, path: str, components: Document) -> Operation:
    media, body = _content(operation.get("requestBody", {}))
    parameters = [
        Field(
            one["name"],
            _kind(one["schema"]),
            one["required"],
            one.get("description", ""),
            place=one["in"],
            example=str(one.get("example", "")),
        )
        for one in operation["parameters"]
    ]
    values = [example["value"] for example in body.get("examples", {}).values()]
    names = list(body.get("examples", {}))
    secured = bool(operation["security"])
    address = _address(path, parameters)
    examples = [
        Example(name, _shown(value, media), _curl(method, address, secured, media, value))
        for name, value in zip(names, values, strict=True)
    ]
    return Operation(
        operation["operationId"],
        method.upper(),
        path,
        operation["summary"],
        [re.sub(r"\s+", " ", part) for part in operation["description"].split("\n\n")],
        " ".join(operation["security"][0]["system"]) if secured else None,
        parameters,
        media,
        _named(body.get("schema", {})),
        [] if media in ("", "application/json") else _fields(body["schema"]),
        examples or [Example("", "", _curl(method, address, secured, "", None))],
        # What a first call meets before what a repeated one does.
        [
            _answer(status, one, components)
            for status, one in sorted(operation["responses"].items(), key=lambda item: item[0] != "201")
        ],
    )


def _answer(status: str, answer: Document, components: Document) -> Answer:
    if "$ref" in answer:
        answer = components["responses"][answer["$ref"].rpartition("/")[2]]
    media, content = _content(answer)
    example = content.get("example")
    return Answer(
        status,
        answer["description"],
        _named(content.get("schema", {})),
        None if example is None else _shown(example, media),
    )


def _content(described: Document) -> tuple[str, Document]:
    """The first media type that it comes in; nothing where it has no content."""
    for media, content in described.get("content", {}).items():
        return media, content
    return "", {}


def _address(path: str, parameters: list[Field]) -> str:
    """With the examples of its parameters in their places. None of them needs escaping."""
    for one in parameters:
        path = path.replace(f"{{{one.name}}}", one.example)
    asked = "&".join(
        f"{one.name}={one.example}" for one in parameters if one.place == "query" and one.example
    )
    return f"{path}?{asked}" if asked else path


def _shown(value: Any, media: str) -> str:  # Any: JSON
    if isinstance(value, str):
        return value
    if media == "application/x-www-form-urlencoded":
        return "\n".join(f"{name}={content}" for name, content in value.items())
    return json.dumps(value, indent=2, ensure_ascii=False)


def _curl(method: str, address: str, secured: bool, media: str, value: Any) -> str:  # Any: JSON
    """A line of shell. What an example holds is quoted, so that it is a word there and nothing else."""
    quoted = f'"$CONSENTD{address}"' if "?" in address else f"$CONSENTD{address}"
    parts = [f"curl -s {quoted}"]
    if method not in ("get", "post") or (method == "post" and not media):
        parts.append(f"-X {method.upper()}")
    if secured:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if media == "application/json":
        parts += ["-H 'Content-Type: application/json'", f"-d {_word(_shown(value, media))}"]
    elif isinstance(value, str):
        # Its line ends belong to it.
        parts += [f"-H 'Content-Type: {media}'", f"--data-binary {_word(value)}"]
    elif media:
        parts += [f"--data-urlencode {_word(f'{name}={content}')}" for name, content in value.items()]
    return " \\\n  ".join(parts)


def _word(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fields(schema: Document) -> list[Field]:
    required = schema.get("required", ())
    return [
        Field(name, _kind(one), name in required, one.get("description", ""), _named(one))
        for name, one in schema.get("properties", {}).items()
    ]


def _kind(schema: Document) -> str:
    """In a few words: what kind of value, within which bounds."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(one) for one in schema["enum"])
    kind = schema.get("type", "any")
    kind = " | ".join(kind) if isinstance(kind, list) else str(kind)
    if kind == "array":
        kind = f"[{', '.join(map(_kind, _items(schema))) or 'any'}]"
    if "format" in schema:
        kind += f" ({schema['format']})"
    low = schema.get("minLength", schema.get("minimum", schema.get("minItems")))
    high = schema.get("maxLength", schema.get("maximum", schema.get("maxItems")))
    if low is not None or high is not None:
        kind += f" {'' if low is None else low}…{'' if high is None else high}"
    return kind


def _named(schema: Document) -> str | None:
    """The name of the schema that it refers to, itself or in its parts."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    parts = [*schema.get("anyOf", ()), *_items(schema)]
    return next((found for part in parts if (found := _named(part)) is not None), None)


def _items(schema: Document) -> list[Document]:
    """What an array holds; `false` stands for nothing more."""
    given = [schema.get("items"), *schema.get("prefixItems", ())]
    return [one for one in given if isinstance(one, dict)]
