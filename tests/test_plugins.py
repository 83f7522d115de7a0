"""Every plug-in found keeps its contract; imports point down; frozen things are unchanged."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dataperf import registry, report
from dataperf.authoring import conformance
from dataperf.boards import reference_points
from dataperf.definitions import freezing, loading, submission
from dataperf.sources import download

ENTRIES = [entry for kind in registry.KINDS for entry in registry.find(kind).values()]

#: Lower layers first; a module may import only from its own line and the lines above.
LAYERS = [
    {"errors", "files"},
    {"records"},
    {"contracts"},
    {
        "registry",
        "sources",
        "archives",
        "statistics",
        "selecting",
        "splits",
        "embeddings",
        "runtime",
        "calls",
    },
    {"sentences"},
    {"metrics", "strategies", "datasets", "tracks", "stores", "engines"},
    {"data", "download"},
    {"challenge", "scorecard", "measured"},
    {"submission", "frozen", "provenance"},
    {"results"},
    {"evaluation"},
    {"baselines", "anchors", "leaderboard"},
    {"own_options"},
    {"detectors", "curation", "safety", "beside", "tried", "verify", "new"}
    | {"own", "own_challenge", "own_columns", "own_page", "own_split"},
    {"report"},
    {"options", "terminal"},
    {"commands"},
    {"cli"},
    {"__main__"},
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.kind}/{entry.name}")
def test_plugin_keeps_its_contract(entry):
    assert conformance.plugin(entry) == []


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dataperf":
            parts = (node.module or "").split(".")
            names |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return names - {"__version__"}


def test_imports_point_down():
    level = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    wrong = []
    for path in registry.PACKAGE.rglob("*.py"):
        place = path.relative_to(registry.PACKAGE).parts
        if place[0] == "__init__.py":
            continue
        own = place[0].removesuffix(".py")
        wrong += [f"{own} imports {name}" for name in imported(path) if level[name] > level[own]]
    assert wrong == []


@pytest.mark.parametrize("name", registry.find("challenges"))
def test_models_and_boards_are_frozen_and_have_reference_points(name):
    asked = loading.load(name)
    for task in asked.tasks.values():
        assert freezing.model_is_frozen(registry.get("fixed_models", task.model))
    for board in asked.boards:
        assert freezing.unfrozen_parts(asked, board) == []
        tasks = loading.tasks_of(asked, board).values()
        sources = [registry.load("datasets", task.dataset).source for task in tasks]
        needs_download = any(download.is_needed(source) for source in sources)
        assert (reference_points.load(asked, board) is None) == needs_download


@pytest.mark.parametrize("name", registry.find("challenges"))
def test_every_challenge_has_its_pages_and_reference_submissions(name):
    asked = loading.load(name)
    folder = loading.folder_of(asked)
    text = (folder / "README.md").read_text(encoding="utf-8")
    for part in ("## Task", "## Data card", "Known limits", "## Rules", "## Reading the score"):
        assert part in text, part
    found = {board: reference_points.load(asked, board) for board in asked.boards}
    known = {board: each for board, each in found.items() if each is not None}
    assert report.with_headroom(text, known) == text  # the table is what the command makes
    assert report.MARKS[0] in text
    for path in (folder / "submissions").glob("*.json"):
        submission.check(submission.read(path, asked), asked)
