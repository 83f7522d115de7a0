"""Pages of the Python interface, from the docstrings."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable
from typing import Any

from generator import rst

#: What a user imports, and the modules that the author of a plug-in reads, in order.
PUBLIC = "dataperf"
AUTHORS = {
    "contracts": (
        "dataperf.contracts",
        "What a plug-in of each kind must offer. A plug-in is a module that has the functions of "
        "its protocol; nothing is inherited or registered.",
    ),
    "records": (
        "dataperf.records",
        "The records that plug-ins receive and return. They are frozen: make a changed copy with "
        "``replace``.",
    ),
    "statistics": (
        "dataperf.statistics",
        "Intervals, paired tests, ranks and ranking scores. These functions only compute: the same "
        "input gives the same output on every machine.",
    ),
    "selection_helpers": (
        "dataperf.selection_helpers",
        "What strategies that select rows have in common.",
    ),
    "errors": ("dataperf.errors", "The errors that dataperf raises."),
}


def public_names(module: str) -> list[str]:
    """Return the names that a module offers: its ``__all__``, else what it defines itself."""
    found = importlib.import_module(module)
    if hasattr(found, "__all__"):
        return list(found.__all__)
    return [
        name
        for name, value in vars(found).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module
    ]


def pages() -> dict[str, str]:
    """Return the pages of the Python interface, and their index."""
    words = (
        "Everything that a notebook, a script or a server needs is in ``import dataperf``; other "
        "modules may\nchange without notice."
    )
    made = {"generated/api/dataperf.rst": _page("import dataperf", PUBLIC, words)}
    for name, (module, said) in AUTHORS.items():
        made[f"generated/api/{name}.rst"] = _page(module, module, said)
    index = rst.title("Python interface") + (
        "\nThe first page is for everybody. The others are for authors of plug-ins.\n\n"
    )
    made["generated/api/index.rst"] = index + rst.toctree(["dataperf", *AUTHORS])
    return made


def _page(title: str, module: str, words: str) -> str:
    parts = [rst.title(title), words + "\n", f".. currentmodule:: {module}\n"]
    constants: list[tuple[str, str]] = []
    for name in public_names(module):
        value = getattr(importlib.import_module(module), name)
        if module != PUBLIC and _is_public(value):
            parts += [rst.title(name, "-"), f"See :py:obj:`dataperf.{value.__name__}`.\n"]
        elif inspect.isclass(value) or inspect.isroutine(value):
            parts += [rst.title(name, "-"), _directive(module, name, value)]
        else:
            constants.append((f"``{name}``", f"``{_short(value)}``"))
    if constants:
        parts += [rst.title("Constants and types", "-")]
        parts.append(rst.table(("Name", "Value"), constants, "24 76"))
    return "\n".join(parts)


def _is_public(value: Any) -> bool:
    """Return whether an object is on the first page, so that no other describes it again."""
    face = importlib.import_module(PUBLIC)
    return any(value is getattr(face, name) for name in public_names(PUBLIC))


def _short(value: Any) -> str:
    text = str(value).replace("typing.", "")
    return text if len(text) < 200 else text[:197] + "..."


def _directive(module: str, name: str, value: Any) -> str:
    if not inspect.isclass(value):
        return f".. autofunction:: {module}.{name}\n"
    kind = "autoexception" if issubclass(value, Exception) else "autoclass"
    members = ", ".join(_members(value))
    options = f"   :members: {members}\n" if members else ""
    return f".. {kind}:: {module}.{name}\n{options}"


def _members(value: type) -> Iterable[str]:
    """Return the documented methods and properties that a class defines itself."""
    for name, member in vars(value).items():
        documented = isinstance(member, property) or callable(getattr(value, name, None))
        function = getattr(member, "__func__", getattr(member, "func", member))
        if isinstance(member, property):
            function = member.fget
        own = getattr(function, "__module__", "").startswith("dataperf")
        if not name.startswith("_") and documented and own and inspect.getdoc(function):
            yield name
