"""A page for each kind of plug-in, from the docstrings of those that come with dataperf."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from generator import formats, rst

#: What a page of each kind says first.
WORDS = {
    "tracks": "A track says how an answer is read, checked and turned into training sets.",
    "metrics": "A metric is one number from true labels and predictions.",
    "detectors": "A detector looks for one kind of problem in a data set: see ``dataperf audit``.",
    "strategies": "A strategy is a baseline: it writes a submission (``dataperf baseline``).",
    "fixed_models": "A fixed model and its training recipe. Its file is frozen by its digest.",
    "datasets": "A data set has a card, a source that is checked by its digest, and rows.",
    "safety": "A safety plug-in judges texts or images next to the raters; no score uses it.",
    "stores": "A store keeps results.",
    "engines": "An engine runs evaluations.",
}


def pages() -> dict[str, str]:
    """Return a page for each kind, and their index."""
    from dataperf import registry

    made = {}
    for kind in WORDS:
        entries = [each for each in registry.find(kind).values() if each.ours]
        parts = [rst.title(_title(kind)), WORDS[kind] + "\n"]
        rows = [(f"`{each.name}`_", each.description()) for each in entries]
        parts.append(rst.table(("Name", "Description"), rows, "30 70"))
        for entry in entries:
            parts += [rst.title(entry.name, "-"), *_entry(kind, registry.load(kind, entry.name))]
        made[f"generated/plugins/{kind}.rst"] = "\n".join(parts)
    index = rst.title("Plug-ins") + (
        "\nEvery plug-in that comes with dataperf, from its docstring. ``dataperf list`` also "
        "shows your own.\n\n"
    )
    made["generated/plugins/index.rst"] = index + rst.toctree(WORDS)
    return made


def _title(kind: str) -> str:
    return kind.replace("_", " ").capitalize().replace("Safety", "Safety plug-ins")


def _entry(kind: str, module: ModuleType) -> Iterator[str]:
    words = inspect.getdoc(module) or ""
    # What a frozen file says cannot be changed into markup any more.
    yield rst.code(words, "text") if kind == "fixed_models" else rst.docstring(words) + "\n"
    yield from PARTS.get(kind, lambda module: [])(module)


def _function(module: ModuleType, name: str) -> str:
    text = inspect.getdoc(getattr(module, name)) or ""
    return f"``{name}``\n\n{_indented(rst.docstring(text))}\n"


def _indented(text: str) -> str:
    return "\n".join(f"   {line}".rstrip() for line in text.splitlines())


def _track(module: Any) -> Iterator[str]:
    from dataperf import registry

    name = module.__name__.rpartition(".")[2]
    for title, record in (("Answer", module.Answer), ("Rules of a board", module.Rules)):
        found = record.model_json_schema()
        yield f".. rubric:: {title}\n"
        yield formats.fields_of(found)
        for each, definition in found.get("$defs", {}).items():
            yield f"``{each}``:\n"
            yield formats.fields_of(definition)
    entries = registry.find("strategies").values()
    names = [each.name for each in entries if each.ours and name in each.tracks()]
    if names:
        yield "Strategies: " + ", ".join(f"``{each}``" for each in names) + ".\n"


def _metric(module: Any) -> Iterator[str]:
    better = "Higher is better." if module.higher_is_better else "Lower is better."
    fast = " Computed from the confusion matrix." if hasattr(module, "from_counts") else ""
    yield f"{better}{fast}\n"


def _strategy(module: Any) -> Iterator[str]:
    tracks = module.tracks if isinstance(module.tracks, tuple) else (module.tracks,)
    yield "Tracks: " + ", ".join(f"``{each}``" for each in tracks) + ".\n"
    yield _function(module, "answer")


def _detector(module: Any) -> Iterator[str]:
    yield f"In reports: *{module.title}*.\n"
    yield _function(module, "find")


def _dataset(module: Any) -> Iterator[str]:
    card = module.card
    fields = ("title", "description", "licence", "source", "attribution", "known_limits")
    rows = [
        (name.replace("_", " ").capitalize(), str(getattr(card, name)).replace("*", r"\*"))
        for name in fields
        if getattr(card, name)
    ]
    yield rst.table(("Card", "\\"), rows, "20 80")


def _model(module: Any) -> Iterator[str]:
    yield "``fit``:\n"
    yield rst.code(inspect.getdoc(module.fit) or "", "text")


def _safety(module: Any) -> Iterator[str]:
    where = "Calls something outside of dataperf." if module.external else "Runs here."
    yield f"Judges: {module.role}. {where}\n"
    yield _function(module, "prepare")


PARTS = {
    "tracks": _track,
    "metrics": _metric,
    "strategies": _strategy,
    "detectors": _detector,
    "datasets": _dataset,
    "fixed_models": _model,
    "safety": _safety,
}
