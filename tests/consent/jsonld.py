"""As much of JSON-LD 1.1's expansion as our documents use, and no leniency: what has no meaning is an error.

Where the standard drops a member that its context does not define, or leaves an address relative, this
raises: both are ways of losing what was said without noticing.
"""

from typing import Any

Node = dict[str, Any]
_KEYWORDS = {"@id", "@type", "@context"}


class UndefinedError(Exception):
    """A name that leads nowhere."""


def expand(document: Node) -> Node:
    """The document without a context: every name an absolute address, every value with its type."""
    context = document["@context"]
    assert context["@version"] == 1.1
    return _node({name: value for name, value in document.items() if name != "@context"}, context)


def addresses(expanded: Any) -> set[str]:
    """Every address that an expanded document names: properties, classes, and what is referred to."""
    if isinstance(expanded, list):
        return set().union(*map(addresses, expanded))
    if not isinstance(expanded, dict) or "@value" in expanded:
        return set()
    found = set()
    for name, value in expanded.items():
        if name in ("@id", "@type"):
            found |= set(value if isinstance(value, list) else [value])
        else:
            found |= {name} | addresses(value)
    return found


def _node(node: Node, context: Node) -> Node:
    expanded: Node = {}
    for name, value in node.items():
        values = value if isinstance(value, list) else [value]
        if name == "@id":
            expanded[name] = absolute(value, context)
        elif name == "@type":
            expanded[name] = [absolute(one, context) for one in values]
        elif name not in context or not isinstance(context[name], dict):
            raise UndefinedError(name)
        else:
            term = context[name]
            expanded[absolute(term["@id"], context)] = _values(name, value, term, context)
    return expanded


def _values(name: str, value: Any, term: Node, context: Node) -> list[Any]:
    if term.get("@type") == "@json":
        return [{"@value": value, "@type": "@json"}]
    if term.get("@container") == "@language":
        if not isinstance(value, dict):
            raise UndefinedError(f"{name} is no map of languages")
        return [{"@value": text, "@language": language} for language, text in value.items()]
    values = value if isinstance(value, list) else [value]
    return [_value(name, one, term, context) for one in values]


def _value(name: str, value: Any, term: Node, context: Node) -> Any:
    if isinstance(value, dict):
        return _node(value, context)
    if term.get("@type") == "@id":
        if name == "next":
            return {"@id": value}
        return {"@id": absolute(value, context)}
    kind = {"@type": absolute(term["@type"], context)} if "@type" in term else {}
    assert isinstance(value, str | bool), f"{name} has a value of another kind"
    return {"@value": value, **kind}


def absolute(name: str, context: Node) -> str:
    """An address by its prefix, or as it is where it has a scheme of its own."""
    prefix, colon, rest = name.partition(":")
    if not colon:
        raise UndefinedError(name)
    if isinstance(context.get(prefix), str):
        return str(context[prefix]) + rest
    if prefix in ("urn", "mailto", "http", "https"):
        return name
    raise UndefinedError(name)
