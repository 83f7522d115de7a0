"""Check the options that a challenge file gives a dataset, before any data is loaded.

What a dataset takes is read from the signature of its ``table`` function, without running it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from dataperf.basics.validation import shown
from dataperf.errors import Problem, did_you_mean
from dataperf.registry.entries import Entry

#: Types of options, and their names in messages.
TYPES = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false"}


def problems(place: str, dataset: Entry, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the options of a dataset.

    Parameters
    ----------
    place
        Path of the options in the challenge file: ``"tasks.digits.options"``.
    dataset
        The dataset.
    options
        What the file says.
    """
    body = _body(dataset)
    tables = [e for e in body if isinstance(e, ast.FunctionDef) and e.name == "table"]
    if not tables:
        return  # what cannot be read is not checked
    function, named = tables[-1], tables[-1].args
    aliases = _aliases(body)
    known = {
        each.arg: aliases.get(getattr(each.annotation, "id", ""), each.annotation)
        for each in [*named.args[1:], *named.kwonlyargs]
    }
    for key in options:
        if key not in known and not _reads(function, named.kwarg):
            names = ", ".join(known)
            hint = did_you_mean(key[:64], known) or f"{dataset.name} takes {names or 'no options'}"
            yield Problem("unknown-option", place, f"unknown option {shown(key)}", hint)
    for key in _required(named) - options.keys():
        expected = _words(known[key]) or "a value"
        yield Problem("missing-option", f"{place}.{key}", "this option is required", expected)
    for key in known.keys() & options.keys():
        if not _fits(options[key], known[key]):
            found = f"{shown(options[key])} is not what {dataset.name} takes"
            yield Problem("wrong-option", f"{place}.{key}", found, _words(known[key]))


def _body(dataset: Entry) -> list[ast.stmt]:
    try:
        return ast.parse(dataset.path.read_bytes()).body
    except (OSError, ValueError, SyntaxError, RecursionError):
        return []


def _aliases(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """Return what is bound at the top of a module, by name: ``Digit = Literal[...]``."""
    return {
        target.id: node.value
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _reads(function: ast.FunctionDef, rest: ast.arg | None) -> bool:
    """Return whether a function reads its ``**options``: one that doesn't takes none."""
    names = (each for each in ast.walk(function) if isinstance(each, ast.Name))
    return rest is not None and any(each.id == rest.arg for each in names)


def _required(named: ast.arguments) -> set[str]:
    places = named.args[1 : len(named.args) - len(named.defaults)]
    pairs = zip(named.kwonlyargs, named.kw_defaults, strict=True)
    return {each.arg for each in places} | {each.arg for each, value in pairs if value is None}


def _allowed(annotation: ast.expr | None) -> list[Any] | None:
    """Return the values of ``Literal[...]``; None for another annotation."""
    if not isinstance(annotation, ast.Subscript) or ast.unparse(annotation.value) != "Literal":
        return None
    try:
        found = ast.literal_eval(annotation.slice)
    except ValueError:
        return None
    return list(found) if isinstance(found, tuple) else [found]


def _types(annotation: ast.expr | None) -> list[str]:
    """Return the simple types of an annotation such as ``int`` or ``int | str``; [] for others."""
    names = ast.unparse(annotation).split(" | ") if annotation is not None else []
    return names if names and all(name in TYPES for name in names) else []


def _fits(value: Any, annotation: ast.expr | None) -> bool:
    allowed = _allowed(annotation)
    if allowed is not None:
        return any(type(value) is type(each) and value == each for each in allowed)
    types = _types(annotation)
    kind = type(value).__name__
    return not types or kind in types or (kind == "int" and "float" in types)


def _words(annotation: ast.expr | None) -> str:
    allowed = _allowed(annotation)
    if allowed is not None:
        return f"one of {', '.join(map(str, allowed))}"
    return " or ".join(TYPES[name] for name in _types(annotation))
