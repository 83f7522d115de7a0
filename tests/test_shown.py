"""Where rows lie on a map, which columns stand out, and tables of numbers."""

from __future__ import annotations

from dataclasses import replace

import audit_pages as made
import numpy as np
import pandas as pd

from dataperf.curation import charts, markup, samples
from dataperf.curation.map_layout import layout


def test_layout_samples_flagged_rows_first_and_puts_like_by_like():
    random = np.random.default_rng(0)
    features = np.concatenate([random.normal(0, 1, (150, 5)), random.normal(9, 1, (150, 5))])
    rows = made.rows_of(features, ["a"] * 150 + ["b"] * 150)
    placed = layout(rows, np.arange(290, 300), most=120)
    assert len(placed.rows) == len(set(placed.rows.tolist())) == 120
    assert set(range(290, 300)) <= set(placed.rows.tolist())
    again = layout(rows, np.arange(290, 300), most=120)
    assert np.array_equal(placed.places, again.places)
    assert placed.places.min() >= 0 and placed.places.max() <= 1
    left, right = (placed.places[(placed.rows < 150) == side] for side in (True, False))
    within = np.linalg.norm(left - left.mean(axis=0), axis=1).mean()
    assert np.linalg.norm(left.mean(axis=0) - right.mean(axis=0)) > 2 * within


def test_odd_columns_are_those_that_differ():
    frame = pd.DataFrame(
        {"height": [1.0, 1.1, 0.9, 1.05, 0.95, 9.0], "width": [2.0] * 6, "town": list("aaaaab")}
    )
    kinds = {"height": "numeric", "width": "numeric", "town": "categorical"}
    rows = made.rows_of(np.ones((6, 1)), ["x"] * 6, frame=frame, kinds=kinds)
    odd = samples.Usual(replace(rows, classes=("x", "y"))).odd(5)
    assert [each.column for each in odd] == ["height", "town", "width"]
    assert (odd[0].value, odd[1].usual) == ("9", "a, in 83%")


def test_odd_columns_may_be_missing_values_of_any_kind():
    frame = pd.DataFrame(
        {
            "whole": pd.array([1, 2, 3, 2, 1, None], dtype="Int64"),
            "mixed": ["1", 2, "three", None, 5, 6.5],
            "town": pd.Categorical(["a", "a", "a", "b", "b", None]),
        }
    )
    kinds = {"whole": "numeric", "mixed": "numeric", "town": "categorical"}
    rows = made.rows_of(np.ones((6, 1)), list("xyxyxy"), frame=frame, kinds=kinds)
    odd = {each.column: each.value for each in samples.Usual(rows).odd(5)}
    assert odd == {"whole": "missing", "mixed": "6.5", "town": "nan"}
    assert (
        samples.Usual(made.rows_of(np.ones((6, 2)), list("xyxyxy"))).odd(0)[0].column == "feature 0"
    )


def test_numbers_sort_by_value_and_words_are_escaped():
    frame = pd.DataFrame({"name": ["<i>", "b"], "share": [0.5, np.nan], "row": [1200, 7]})
    shown = {"first": [charts.table(frame, most=1)], "tables": []}
    drawn = markup.render("tables.html", content=shown)
    assert "&lt;i&gt;" in drawn and "50 %" in drawn and 'data-v="0.5"' in drawn
    assert ">1200<" in drawn  # a row number is a name
    assert "The first 1 of 2 lines." in drawn
