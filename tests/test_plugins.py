"""Every plug-in found keeps its contract; imports point down; frozen things are unchanged."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dataperf import challenge, frozen, registry, verify

ENTRIES = [entry for kind in registry.KINDS for entry in registry.find(kind).values()]

#: Lower layers first; a module may import only from its own line and the lines above.
LAYERS = [
    {"errors", "files"},
    {"records"},
    {"contracts"},
    {"registry", "sources", "archives", "statistics", "selecting", "embeddings"},
    {"metrics", "strategies", "datasets", "tracks", "stores", "engines"},
    {"data", "download"},
    {"challenge", "scorecard"},
    {"submission", "frozen", "provenance"},
    {"results"},
    {"evaluation"},
    {"baselines", "anchors", "leaderboard", "verify", "new"},
    {"report"},
    {"cli"},
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.kind}/{entry.name}")
def test_plugin_keeps_its_contract(entry):
    assert verify.plugin(entry) == []


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


def test_models_and_boards_that_need_no_download_are_frozen():
    asked = challenge.load("speech-selection")
    for name in ("voting_svm_lr_v1", "voting_svm_lr_official_v2"):
        assert frozen.model_is_frozen(registry.get("fixed_models", name))
    for board in ("digits-25", "digits-60", "digits-300"):
        assert frozen.unfrozen_parts(asked, board) == []
