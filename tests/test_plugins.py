"""Every plug-in found keeps its contract; frozen things are unchanged."""

from __future__ import annotations

import pytest

from dataperf import registry, report
from dataperf.authoring import conformance
from dataperf.boards import reference_points
from dataperf.definitions import freezing, loading, submission
from dataperf.sources import download

ENTRIES = [entry for kind in registry.KINDS for entry in registry.find(kind).values()]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.kind}/{entry.name}")
def test_plugin_keeps_its_contract(entry):
    assert conformance.plugin(entry) == []


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
