"""One page for each file format, from the JSON Schema that ``dataperf schema`` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from generator import rst

#: What ``dataperf schema`` knows, in the order in which users meet it.
FORMATS = ("submission", "challenge", "result")
#: Patterns that many fields share, in words; the index explains them.
PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "name",
    r"^[^\x00-\x1f\x7f-\x9f]*$": "line of text",
}


def schema(name: str) -> dict[str, Any]:
    """Return what ``dataperf schema NAME`` prints."""
    from typer.testing import CliRunner

    from dataperf.cli.app import app

    run = CliRunner().invoke(app, ["schema", name], catch_exceptions=False)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def pages() -> dict[str, str]:
    """Return a page for each format, and their index."""
    made = {f"generated/formats/{name}.rst": _page(name) for name in FORMATS}
    index = rst.title("File formats") + (
        "\nThese pages are made from the JSON Schemas that ``dataperf schema NAME`` prints. An "
        "editor can check\na file with them. Unknown keys are errors. What is inside ``answer`` "
        "and ``rules`` depends on the\ntrack: see :doc:`../plugins/tracks`.\n\n"
        "A *name* has at most 64 letters, digits, dots, hyphens and underscores, and begins with a "
        "letter or\ndigit. A *line of text* has no control characters. *Optional* fields may be "
        "left out.\n\n"
    )
    return {**made, "generated/formats/index.rst": index + rst.toctree(FORMATS)}


def _page(name: str) -> str:
    found = schema(name)
    own = found.get("$defs", {})
    parts = [rst.title(f"Format: {name}")]
    parts.append(rst.code(f"$ dataperf schema {name} > {name}.schema.json"))
    parts.append(fields_of(found, prefix=name))
    for each, definition in own.items():
        parts += [f".. _format-{name}-{each.lower()}:\n", rst.title(each, "-")]
        parts.append(fields_of(definition, prefix=name))
    return "\n".join(parts)


def fields_of(definition: Mapping[str, Any], *, prefix: str = "") -> str:
    """Return what a definition says of itself, and a table of its fields."""
    summary, meanings = _described(definition.get("description", ""))
    parts = [summary + "\n"] if summary else []
    required = definition.get("required", [])
    rows = [
        (
            f"``{name}``" + ("" if name in required else " (optional)"),
            type_of(each, prefix),
            meanings.get(name, each.get("description", "")) or "\\",
        )
        for name, each in definition.get("properties", {}).items()
    ]
    if rows:
        parts.append(rst.table(("Field", "Type", "Meaning"), rows, "24 28 48"))
    elif "properties" not in definition:
        parts.append(f"Type: {type_of(definition, prefix)}\n")
    return "\n".join(parts)


def _described(text: str) -> tuple[str, dict[str, str]]:
    """Return the words of a numpydoc docstring before its fields, and the words of each field."""
    from numpydoc.docscrape import NumpyDocString

    read = NumpyDocString(text)
    words = "\n".join([*read["Summary"], "", *read["Extended Summary"]]).strip()
    return words, {
        name.strip(): "\n".join(each.desc)
        for each in read["Parameters"]
        for name in each.name.split(",")
    }


def type_of(each: Mapping[str, Any], prefix: str = "") -> str:
    """Return the type of a value in words.

    >>> type_of({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]})
    'list of text or null'
    >>> type_of({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}})
    'list of (text or whole number)'
    """
    if "$ref" in each:
        name = each["$ref"].rsplit("/", 1)[-1]
        return f":ref:`{name} <format-{prefix}-{name.lower()}>`" if prefix else f"``{name}``"
    if "const" in each:
        return f"``{json.dumps(each['const'])}``"
    if "enum" in each:
        return " or ".join(f"``{json.dumps(value)}``" for value in each["enum"])
    for choice in ("anyOf", "oneOf"):
        if choice in each:
            return " or ".join(dict.fromkeys(type_of(one, prefix) for one in each[choice]))
    if "minimum" in each and each["minimum"] == each.get("maximum"):
        return f"``{each['minimum']}``"
    return _plain_type(each, prefix) + "".join(_limits(each))


def _plain_type(each: Mapping[str, Any], prefix: str) -> str:
    kind = each.get("type")
    if kind == "array":
        if "prefixItems" in each:
            return f"list of {len(each['prefixItems'])}"
        return f"list of {_one(each.get('items', {}), prefix)}"
    if kind == "object":
        values = each.get("additionalProperties")
        if not isinstance(values, Mapping):
            values = next(iter(each.get("patternProperties", {}).values()), None)
        return f"object of {_one(values, prefix)} by name" if values else "object"
    if each.get("pattern") in PATTERNS:
        return PATTERNS[each["pattern"]]
    names = {"string": "text", "integer": "whole number", "boolean": "true/false"}
    return names.get(kind, kind or "any value")


def _one(each: Mapping[str, Any], prefix: str) -> str:
    """Return the type of what a list or object holds, in brackets where it is a choice."""
    words = type_of(each, prefix)
    return f"({words})" if " or " in words or ", " in words else words


def _limits(each: Mapping[str, Any]) -> Iterator[str]:
    words = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above"}
    words |= {"exclusiveMaximum": "below", "maxLength": "length at most", "minItems": "at least"}
    for key, said in words.items():
        if key in each:
            unit = " items" if key == "minItems" else ""
            yield f", {said} {each[key]}{unit}"
    if "pattern" in each and each["pattern"] not in PATTERNS:
        yield f", matching ``{each['pattern']}``"
