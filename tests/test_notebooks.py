"""Every notebook runs from top to bottom and still says what the committed one says."""

from __future__ import annotations

import re

import pytest
from run_notebooks import FOLDER, plain, run, texts

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NAMES = [
    "1-participant",
    "2-curator",
    "3-organizer",
    "4-understanding-scores",
    "5-explaining",
]


def read(path):
    import nbformat

    return nbformat.read(path, as_version=4)


def test_all_are_there_and_listed():
    assert [path.stem for path in NOTEBOOKS] == NAMES
    pages = [FOLDER / "README.md", FOLDER.parent / "README.md"]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert [name for name in NAMES if f"{name}.ipynb)" not in text] == [], page


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_is_small_and_has_nothing_of_a_machine(path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < 150_000
    assert not re.search(r"/(tmp|home|root|Users|work)/|[A-Z]:\\\\", text)
    notebook = read(path)
    assert notebook.cells[0].cell_type == "markdown"
    assert plain(read(path)) == notebook  # written by run_notebooks.py, nothing but the outputs


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_and_says_what_it_said(path, tmp_path):
    committed = read(path)
    found = run(path, tmp_path)  # raises with the cell and its traceback
    for cell in found.cells:
        assert not any(each.output_type == "error" for each in cell.get("outputs", ()))
    assert texts(found) == texts(committed), "python tests/run_notebooks.py writes it anew"
    drawn = [
        [sorted(each.get("data", ())) for each in cell.get("outputs", ())]
        for cell in committed.cells
    ]
    again = [
        [sorted(each.get("data", ())) for each in cell.get("outputs", ())]
        for cell in plain(found).cells
    ]
    assert again == drawn
