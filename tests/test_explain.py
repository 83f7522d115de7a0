"""Explanations: they add up, name the right columns, and say so in words."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from dataperf.curation import explain
from dataperf.errors import Invalid, Unavailable
from dataperf.evidence.neighbours import nearest
from dataperf.records.rows import Rows

BAD = 3


def made(classes=3):
    """Return rows whose class is told by ``size`` alone, one label of them wrong."""
    random = np.random.default_rng(0)
    truth = np.arange(150) % classes
    size = 3.0 * truth + random.normal(size=150) / 2
    colour = random.integers(0, 3, 150)
    features = np.column_stack([size, np.eye(3)[colour], random.normal(size=150)])
    labels = truth.copy()
    labels[BAD] = (truth[BAD] + 1) % classes
    frame = pd.DataFrame({"size": size, "colour": np.array(["red", "blue", "green"])[colour]})
    columns = ("size", "colour", "colour", "colour", "embedding")
    return Rows(
        name="made",
        frame=frame,
        ids=np.array([f"id{row}" for row in range(150)]),
        features=features.astype(np.float32),
        feature_columns=columns,
        kinds={"size": "numeric", "colour": "categorical"},
        label="class",
        labels=labels.astype(np.intp),
        classes=("small", "middle", "large")[:classes],
    ), int(truth[BAD])


def linear(model, features, background, suggested, given):
    """Return the log-odds of a row less their mean over the background."""

    def odds(some):
        chances = np.log(model.predict_proba(some))
        places = list(model.classes_)
        return chances[:, places.index(suggested)] - chances[:, places.index(given)]

    return odds(features)[0] - odds(background).mean()


def chance(model, features, background, suggested, given):
    def difference(some):
        chances = model.predict_proba(some)
        places = list(model.classes_)
        return chances[:, places.index(suggested)] - chances[:, places.index(given)]

    return difference(features)[0] - difference(background).mean()


MODELS = {
    "linear": (LogisticRegression(), linear),
    "scaled": (make_pipeline(StandardScaler(), LogisticRegression()), linear),
    "tree": (DecisionTreeClassifier(max_depth=3, random_state=0), chance),
    "forest": (RandomForestClassifier(20, random_state=0), chance),
    "boosted": (HistGradientBoostingClassifier(max_iter=10, random_state=0), linear),
    "gradient": (GradientBoostingClassifier(n_estimators=5, random_state=0), None),
    "neighbours": (KNeighborsClassifier(5), chance),
}


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", MODELS)
def test_shap_adds_up_and_names_the_column_that_tells(name, classes):
    rows, suggested = made(classes)
    model, total = MODELS[name]
    kept = np.arange(150) != BAD
    model.fit(rows.features[kept], rows.labels[kept])
    background = rows.features[20:40]
    table = explain.shap_values(model, rows, BAD, suggested=suggested, background=background)
    assert list(table.columns) == ["column", "value", "contribution"]
    assert sorted(table["column"]) == ["colour", "embedding", "size"]
    assert table["column"][0] == "size" and table["contribution"][0] > 0
    if name == "gradient":
        total = linear if classes == 2 else chance
    given = rows.labels[BAD]
    expected = total(model, rows.features[[BAD]], background, suggested, given)
    assert table["contribution"].sum() == pytest.approx(expected, abs=1e-4)
    assert table.attrs["unit"] == ("log-odds" if total is linear else "probability")
    by_column = table.set_index("column")["value"]
    assert by_column["size"] == rows.frame["size"][BAD]
    assert by_column["colour"] == rows.frame["colour"][BAD]


def test_features_by_themselves_sum_to_their_columns():
    rows, suggested = made()
    model = LogisticRegression().fit(rows.features, rows.labels)
    whole = explain.shap_values(model, rows, BAD, suggested=suggested)
    parts = explain.shap_values(model, rows, BAD, suggested=suggested, summed=False)
    assert set(parts["column"]) >= {"size[0]", "colour[0]", "colour[2]", "embedding[0]"}
    colour = parts[parts["column"].str.startswith("colour")]["contribution"].sum()
    assert colour == pytest.approx(whole.set_index("column")["contribution"]["colour"])


def test_shap_by_regression_is_the_same_again_and_leaves_chance_alone():
    rows, suggested = made()
    model = KNeighborsClassifier(5).fit(rows.features, rows.labels)
    np.random.seed(5)
    expected = np.random.uniform()
    np.random.seed(5)
    one = explain.shap_values(model, rows, BAD, suggested=suggested)
    assert np.random.uniform() == expected
    pd.testing.assert_frame_equal(one, explain.shap_values(model, rows, BAD, suggested=suggested))


@pytest.mark.parametrize("name", ["linear", "forest"])
def test_lime_names_the_column_that_tells(name):
    rows, suggested = made()
    model = MODELS[name][0].fit(rows.features, rows.labels)
    table = explain.lime_values(model, rows, BAD, suggested=suggested)
    assert table["column"][0] == "size" and table["contribution"][0] > 0
    again = explain.lime_values(model, rows, BAD, suggested=suggested)
    pd.testing.assert_frame_equal(table, again)
    assert '"small" over "middle"' in explain.sentence(table)


def test_sentences_say_what_the_table_holds():
    table = pd.DataFrame(
        {
            "column": ["size", "colour", "embedding"],
            "value": pd.Series([1.23456, "red", None], dtype=object),
            "contribution": [2.0, -0.5, 0.25],
        }
    )
    table.attrs.update(method="SHAP", unit="log-odds", given="dog", suggested="cat")
    assert explain.sentence(table) == (
        'size = 1.235 (+2.000) and embedding (+0.250) support "cat" over "dog"; '
        "colour = red (-0.500) opposes it (SHAP, log-odds)."
    )
    table["contribution"] = 0.0
    assert explain.sentence(table) == 'No column supports "cat" over "dog" (SHAP).'


def test_neighbours_with_their_labels():
    rows, _ = made()
    rows.labels[10] = -1
    table = explain.neighbours_of(rows, nearest(rows.features[:, :1], k=5), BAD)
    assert len(table) == 5 and table["distance"].is_monotonic_increasing
    assert (table["label"] == "small").all() and not table["agrees"].any()
    assert list(table["id"]) == [f"id{row}" for row in table["row"]]
    assert explain.sentence(table) == (
        'Of the 5 nearest rows, 0 share the label "middle"; 5 are "small".'
    )
    few = explain.neighbours_of(rows, nearest(rows.features[:1], k=3), 0)
    assert explain.sentence(few) == "There is no other row to compare with."


def test_what_cannot_be_explained_is_refused():
    rows, suggested = made()
    model = LogisticRegression().fit(rows.features[:, :], np.minimum(rows.labels, 1))
    with pytest.raises(Invalid, match="there is no row 150"):
        explain.shap_values(model, rows, 150, suggested=suggested)
    with pytest.raises(Invalid, match='not trained on class "large"'):
        explain.shap_values(model, rows, BAD, suggested=2)
    rows.labels[BAD] = -1
    with pytest.raises(Invalid, match="has no label"):
        explain.lime_values(model, rows, BAD, suggested=suggested)
    rows.labels[BAD] = 1
    with pytest.raises(Invalid, match="equals the given one"):
        explain.lime_values(model, rows, BAD, suggested=1)


@pytest.mark.parametrize("library", ["shap", "lime"])
def test_a_missing_library_is_named_with_the_way_to_get_it(library, monkeypatch):
    rows, suggested = made()
    model = LogisticRegression().fit(rows.features, rows.labels)
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(Unavailable, match=rf"{library} is not installed.*\n.*dataperf\[explain\]"):
        getattr(explain, f"{library}_values")(model, rows, BAD, suggested=suggested)
