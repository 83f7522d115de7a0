"""The rows behind a score, the curve of a cleaning order, and tables that fit a terminal."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

import dataperf
from dataperf.api import wrong_rows as api
from dataperf.basics.wording import plural
from dataperf.cli.app import app
from dataperf.definitions import submission
from dataperf.errors import DataperfError
from dataperf.evaluation import results
from dataperf.records.card import Curve
from dataperf.report.cells import table

REPAIR = {"schema_version": 2, "challenge": "own-repair", "board": "own"}


def own_table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    labels = np.tile(["cat", "dog"], 60)
    size = random.normal(np.where(labels == "cat", 0.0, 2.0))
    return pd.DataFrame(
        {"size": size, "note": "x", "y": labels, "name": [f"n{i}" for i in range(120)]}
    )


@pytest.fixture(scope="module")
def spoken() -> dataperf.Result:
    return dataperf.evaluate(dataperf.baseline("speech-selection/digits-60", "random"))


def test_the_wrong_rows_are_those_of_the_predictions(spoken: dataperf.Result) -> None:
    found = dataperf.wrong_rows(spoken)
    data = submission.board_data(dataperf.load_challenge("speech-selection"), "digits-60")["digits"]
    for name, test in data.tests.items():
        (run,) = spoken.tasks["digits"].training_runs
        missed = results.decode(run.predictions[name]) != test.labels
        part = found[found["part"] == name].set_index("id")["wrong"]
        assert set(part.index) == set(test.ids[missed.any(axis=0)])
        share = missed.mean(axis=0)[missed.any(axis=0)]
        assert part[test.ids[missed.any(axis=0)]].to_numpy() == pytest.approx(share, abs=1e-6)
        assert part.is_monotonic_decreasing
    assert found["speaker"].notna().all()


def test_wrong_labels_of_a_selection_are_shown_with_their_rows() -> None:
    result = dataperf.evaluate(dataperf.baseline("vision-selection/digits", "random-labels"))
    found = dataperf.wrong_rows(result)
    picked = found[found["part"] == "selected"]
    assert (picked["given"] != picked["true"]).all()
    counts = picked.groupby("task").size()
    for name, part in result.tasks.items():
        assert part.detection is not None and counts[name] == part.detection.selected_defects
        assert f"{name} {counts[name]} of 300" in repr(result)
    assert not {"is-three", "three"} & set(found.columns)  # they reveal the pool's other labels


def test_own_rows_come_with_their_columns_and_follow_moved_data(tmp_path: Path) -> None:
    frame = own_table()
    frame["part"] = np.where(np.arange(120) % 4 < 2, "train", "test")
    repair = {**REPAIR, "answer": {"drop": ["n0"]}}
    chosen = {"label": "y", "id": "name", "split": "part"}
    result = dataperf.evaluate_data(frame, repair, on_message=len, **chosen)
    found = dataperf.wrong_rows(result, data=frame)
    whole = frame.set_index("name")
    assert len(found) and list(found["true"]) == list(whole.loc[found["id"], "y"])
    assert found["size"].to_numpy() == pytest.approx(whole.loc[found["id"], "size"].to_numpy())
    with pytest.raises(DataperfError, match="give data"):
        dataperf.wrong_rows(result)
    with pytest.raises(DataperfError, match="data has changed"):
        dataperf.wrong_rows(result, data=frame.assign(size=frame["size"][::-1].to_numpy()))


def test_the_command_writes_the_rows_and_several_name_their_submission(tmp_path: Path) -> None:
    files = []
    for seed in (0, 1):
        made = dataperf.baseline("speech-selection/digits-60", "random", seed=seed)
        files.append(str(tmp_path / f"{seed}.json"))
        Path(files[-1]).write_text(submission.dump(made))
    rows = tmp_path / "rows.csv"
    words = ["--results", str(tmp_path / "kept"), "--rows", str(rows)]
    run = CliRunner().invoke(app, ["evaluate", *files, *words], catch_exceptions=False)
    assert run.exit_code == 0
    found = pd.read_csv(rows)
    assert found["submission"].nunique() == 2 and "wrong" in found


def test_hidden_test_rows_are_never_shown(
    spoken: dataperf.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge = dataperf.load_challenge("speech-selection").model_copy(update={"practice": False})
    monkeypatch.setattr(api.loading, "of", lambda name: challenge)
    with pytest.raises(DataperfError, match="hides its test rows"):
        dataperf.wrong_rows(spoken)


def test_a_failed_result_has_no_rows(spoken: dataperf.Result) -> None:
    failed = spoken.model_copy(update={"status": "failed", "error": "it broke"})
    with pytest.raises(DataperfError, match="it broke"):
        dataperf.wrong_rows(failed)


def test_a_cleaning_order_shows_its_curve() -> None:
    from dataperf import report

    result = dataperf.evaluate(dataperf.baseline("digit-cleaning/knn", "random-order"))
    curve = result.tasks["knn"].curves
    first, last = (f"{curve['accuracy'][place]:.3f}" for place in (0, -1))
    assert f"{first} at 0" in repr(result) and f"{last} at 1,000" in repr(result)
    page = result._repr_html_()
    assert page.count("<polyline") == 1
    points = re.search(r'points="([^"]*)"', page)
    assert points and len(points[1].split()) == len(curve["inspected"])
    shown = printed(report.full_scorecard(result), 80)
    assert re.search(rf"^0 +{first}", shown, re.M) and re.search(rf"^1,000 +{last}", shown, re.M)
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("count", [2, 3, 11, 12, 300])
def test_some_points_of_a_curve_have_both_ends(count: int) -> None:
    places = [float(each) for each in range(count)]
    some = Curve("x", "y", places, places).some()
    assert some[0][0] == 0 and some[-1][0] == count - 1 and len(some) <= 11
    assert [x for x, _ in some] == sorted({x for x, _ in some})


def test_a_flat_curve_can_be_drawn() -> None:
    assert Curve("x", "y", [0, 1], [0.5, 0.5]).line == "0.0,100.0 100.0,100.0"


def printed(drawn: object, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(drawn)
    return console.file.getvalue()  # type: ignore[attr-defined]


NAMES = ("uncertainty_sampling", "farthest_point", "> this submission", "an_even_longer_name_v2")


@pytest.mark.parametrize("width", [110, 80, 60, 40, 24])
@pytest.mark.parametrize("columns", [1, 2, 5, 9])
def test_no_table_breaks_a_word_or_an_interval(width: int, columns: int) -> None:
    heads = ["trained on", *(f"split_{number}" for number in range(columns))]
    rows = [[name, *["0.640 [0.59, 0.67]"] * columns] for name in NAMES]
    shown = printed(table(*heads, rows=rows, title="POINTS"), width)
    whole = {word for name in NAMES for word in name.split()} | {*heads[1:], "0.640", "0.59"}
    assert whole <= set(re.findall(r"[\w.>-]+", shown))
    assert shown.count("[0.59, 0.67]") == len(NAMES) * columns
    if width >= 40:
        assert max(map(len, shown.splitlines())) <= width


def test_a_word_wider_than_the_terminal_leaves_the_others_whole() -> None:
    shown = printed(table("name", "score", rows=[["x" * 90, "0.5"]]), 40)
    assert "score: 0.5" in shown


def test_lists_at_80_columns_break_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run = CliRunner().invoke(app, ["list"], catch_exceptions=False)
    assert [each for each in run.output.splitlines() if len(each) > 80] == []
    monkeypatch.delenv("COLUMNS")
    piped = CliRunner().invoke(app, ["list"], catch_exceptions=False).output
    assert " ".join(piped.split()) == " ".join(run.output.split())


ONE = re.compile(r"(?<![\w.,])1 (rows|columns|classes|labels|groups|sets|values|files|images)\b")


def test_counts_of_one_are_singular() -> None:
    assert [plural(1, word) for word in ("row", "class")] == ["1 row", "1 class"]
    frame = own_table().drop(columns=["note", "name"])
    frame = pd.concat([frame, frame.iloc[:1]], ignore_index=True)
    found = dataperf.audit(frame, label="y")
    text = repr(found) + " ".join(each.sentence for each in found.findings)
    assert not ONE.search(text), text


def test_years_are_named_as_they_are() -> None:
    """A condition of whole numbers names a whole number that parts them as it says."""
    from dataperf.evidence import discretize

    years = np.repeat([2021.0, 2022.0, 2023.0, 2024.0], 5)
    coded = discretize.coded("year", "numeric", years, bins=4, most=9)
    assert coded.names == ("at most 2021", "over 2021 to 2022", "over 2022 to 2023", "over 2023")
    assert [coded.codes[years == year][0] for year in (2021, 2024)] == [0, 3]
    large = discretize.coded("n", "numeric", np.arange(12_345.0, 12_745.0), bins=2, most=9)
    assert large.names == ("at most 12544", "over 12544")


def test_what_the_reader_made_is_no_finding(tmp_path: Path) -> None:
    """Width predicts the class here; it is shown, and no detector judges it."""
    from PIL import Image

    random = np.random.default_rng(0)
    for name, side in (("a", 12), ("b", 20)):
        (tmp_path / name).mkdir()
        for number in range(30):
            pixels = random.integers(0, 255, (side, side, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number:02}.png")
    found = dataperf.audit(tmp_path, embedding="pixels")
    assert set(found.rows.made) == {"width", "height"} <= set(found.rows.frame.columns)
    told = " ".join(each.sentence + each.table.to_string() for each in found.findings)
    assert "width" not in told and "height" not in told and "row number" not in told
    as_column = replace(found.rows, made=())  # the same columns, if a file had them
    told = " ".join(each.sentence for each in dataperf.audit(as_column).findings)
    assert "width" in told
