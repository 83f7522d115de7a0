"""Read any data set into rows: what is read, how columns are encoded, how bad input is refused."""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import shutil
import sys

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from PIL import Image
from scipy.io import wavfile

from dataperf.errors import Ambiguous, DataperfError, NotFound, Unavailable
from dataperf.media import embed, networks, sounds
from dataperf.reading import arrow, encoding
from dataperf.reading.read import read

ROWS = 60


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "name": [f"row-{row:03}" for row in range(ROWS)],
            "age": random.integers(18, 80, ROWS),
            "height": random.normal(170, 10, ROWS).round(1),
            "colour": random.choice(["red", "green", "blue"], ROWS),
            "kind": random.choice(["good", "bad"], ROWS),
        }
    )


def variance(rows, column):
    """Return the summed variance of the features that come from a column."""
    mine = [name.partition("[")[0] == column for name in rows.feature_columns]
    return float(rows.features[:, mine].var(axis=0).sum())


def notes(rows):
    return dict([*rows.skipped, *rows.notes])


def refused(source, **options) -> str:
    with pytest.raises(DataperfError) as caught:
        read(source, **options)
    assert caught.value.exit_code == 2
    return str(caught.value)


# Sources ---------------------------------------------------------------------------------


def test_a_frame_keeps_its_columns_and_names(frame):
    rows = read(frame, label="kind", id="name", sensitive=["colour"])
    assert rows.classes == ("bad", "good")
    assert [rows.classes[label] for label in rows.labels] == frame.kind.tolist()
    assert rows.ids.tolist() == frame.name.tolist()
    assert rows.frame.columns.tolist() == ["name", "age", "height", "colour"]
    assert rows.frame.age.tolist() == frame.age.tolist()
    assert rows.kinds == {
        "name": "text",
        "age": "numeric",
        "height": "numeric",
        "colour": "categorical",
    }
    assert rows.feature_columns == ("age", "height", "colour", "colour", "colour")
    assert rows.features.shape == (ROWS, 5) and rows.features.dtype == np.float32
    assert rows.sensitive == ("colour",) and rows.skipped == () and rows.source == ""


def write(frame, path):
    if path.name.endswith((".csv", ".csv.gz")):
        frame.to_csv(path, index=False)
    elif path.suffix == ".tsv":
        frame.to_csv(path, index=False, sep="\t")
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".json":
        frame.to_json(path, orient="records", indent=1)
    else:
        frame.to_json(path, orient="records", lines=True)
    return path


@pytest.mark.parametrize(
    "name",
    ["t.csv", "t.csv.gz", "t.tsv", "t.parquet", "t.json", "t.jsonl", "t.ndjson", "t.jsonl.gz"],
)
def test_every_kind_of_table_gives_the_same_rows(frame, tmp_path, name):
    path = write(frame, tmp_path / name)
    expected = read(frame, label="kind", id="name")
    rows = read(path, label="kind", id="name")
    assert rows.name == "t" and rows.source == str(path)
    assert rows.kinds == expected.kinds and rows.classes == expected.classes
    assert np.array_equal(rows.ids, expected.ids) and np.array_equal(rows.labels, expected.labels)
    np.testing.assert_allclose(rows.features, expected.features, atol=1e-6)


def test_a_semicolon_parts_values_too(frame, tmp_path):
    frame.to_csv(tmp_path / "t.csv", sep=";", index=False)
    assert read(tmp_path / "t.csv", label="kind").frame.columns.tolist()[1:] == [
        "age",
        "height",
        "colour",
    ]


def test_many_floats_are_held_in_single_precision_in_one_array(tmp_path, monkeypatch):
    monkeypatch.setattr(arrow, "MANY_NUMBERS", 100)
    monkeypatch.setattr(arrow, "BATCH", 7)
    random = np.random.default_rng(0)
    numbers = random.normal(size=(100, 3))
    frame = pd.DataFrame(numbers, columns=["a", "b", "c"]).assign(
        y=random.integers(0, 2, 100), e=list(random.normal(size=(100, 4)))
    )
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=40)
    rows = read(tmp_path / "t.parquet", label="y")
    assert set(rows.frame.dtypes) == {np.dtype(np.float32)}
    np.testing.assert_allclose(rows.frame.to_numpy(), numbers, rtol=1e-6)
    assert rows.feature_columns == ("a", "b", "c", "e[0]", "e[1]", "e[2]", "e[3]")


def test_arrays(tmp_path):
    random = np.random.default_rng(0)
    features, given = random.normal(size=(40, 5)), np.repeat([3, 7], 20)
    for rows in (read((features, given)), read(features, label=given)):
        assert rows.classes == ("3", "7") and rows.labels.tolist() == [0] * 20 + [1] * 20
        assert rows.feature_columns == tuple(f"x[{number}]" for number in range(5))
        assert rows.frame.shape == (40, 0) and rows.kinds == {}
        centred = features - features.mean(axis=0)
        ratio = rows.features / centred
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-4)  # proportions are kept
        assert rows.features.var(axis=0).mean() == pytest.approx(1.0, rel=1e-5)
    np.savez(tmp_path / "a.npz", X=features, y=given)
    assert np.array_equal(read(tmp_path / "a.npz").features, rows.features)


def test_arrays_of_images_are_shown_as_images():
    images = np.random.default_rng(0).integers(0, 255, (30, 6, 5), dtype=np.uint8)
    rows = read((images, ["a", "b"] * 15))
    assert rows.features.shape == (30, 30)
    assert np.array_equal(rows.media.image(4), images[4])
    assert rows.media.sound(4) is None


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_frames_of_every_backend_give_the_same_features(frame, backend):
    frame["height"] = frame.height.where(frame.index % 10 > 0)
    frame["colour"] = frame.colour.where(frame.index % 7 > 0)
    frame["when"] = pd.date_range("2024-01-01", periods=ROWS, freq="h")
    expected = read(frame, label="kind")
    rows = read(frame.convert_dtypes(dtype_backend=backend), label="kind")
    assert rows.kinds == expected.kinds and rows.feature_columns == expected.feature_columns
    np.testing.assert_allclose(rows.features, expected.features, atol=1e-6)
    assert np.array_equal(rows.labels, expected.labels)


def test_labels_can_be_passed_with_a_frame(frame):
    rows = read(frame.drop(columns="kind"), label=frame.kind.to_numpy())
    assert rows.label == "label" and rows.classes == ("bad", "good")
    assert "5 labels for 60 rows" in refused(frame, label=["a"] * 5)


def test_hugging_face_splits_and_class_names(frame):
    features = datasets.Features(
        {
            "age": datasets.Value("int64"),
            "v": datasets.Sequence(datasets.Value("float32"), length=3),
            "y": datasets.ClassLabel(names=["cat", "dog", "eel"]),
        }
    )
    part = {"age": [1, 2, 3, 4], "v": [[1.0, 2, 3]] * 3 + [[0.0, 1, 1]], "y": [0, 2, 0, -1]}
    both = datasets.DatasetDict(
        train=datasets.Dataset.from_dict(part, features=features),
        test=datasets.Dataset.from_dict(part, features=features).select([1, 0]),
    )
    rows = read(both)
    assert rows.label == "y" and rows.classes == ("cat", "eel")
    assert rows.labels.tolist() == [0, 1, 0, -1, 1, 0]
    assert rows.split.tolist() == ["train"] * 4 + ["test"] * 2
    assert rows.frame.age.tolist() == [1, 2, 3, 4, 2, 1]
    assert "v[2]" in rows.feature_columns and "split" not in rows.feature_columns
    assert read(both["train"]).split is None


def media_of(values, kind, tmp_path):
    """Return a dataset of images or sounds, and the Parquet file made of it."""
    names = datasets.ClassLabel(names=["a", "b"])
    features = datasets.Features({"it": kind, "label": names, "n": datasets.Value("int64")})
    columns = {"it": values, "label": [0, 1] * 3, "n": list(range(6))}
    found = datasets.Dataset.from_dict(columns, features=features)
    found.to_parquet(tmp_path / "t.parquet")
    return found, tmp_path / "t.parquet"


def test_hugging_face_images(tmp_path):
    images = [Image.new("RGB", (9, 7), (20 * n, 0, 0)) for n in range(6)]
    for source in media_of(images, datasets.Image(), tmp_path):
        rows = read(source, embedding="pixels")
        assert rows.media.kind == "image" and rows.media.image(2).shape == (7, 9, 3)
        assert rows.media.image(2)[0, 0].tolist() == [40, 0, 0]
        assert rows.classes == ("a", "b") and rows.frame.n.tolist() == list(range(6))
        assert set(rows.frame) == {"n", "width", "height"}


def test_hugging_face_sounds(tmp_path, audio):
    sounds = [{"bytes": path.read_bytes(), "path": None} for path in sorted(audio.rglob("*.wav"))]
    sounds[3] = {"bytes": b"RIFF", "path": None}
    raw = {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
    for source in media_of(sounds, raw, tmp_path):
        rows = read(source, embedding="mfcc")
        assert rows.media.kind == "audio" and rows.media.sound(0)[1] == 8000
        assert rows.ids.tolist() == ["0", "1", "2", "4", "5"]
        assert [name for name, _ in rows.skipped] == ["3"]


def test_hugging_face_matrices_are_vectors():
    names = {"m": datasets.Array2D((2, 3), "float32"), "y": datasets.Value("string")}
    columns = {"m": np.random.default_rng(0).random((6, 2, 3)).tolist(), "y": list("ababab")}
    rows = read(datasets.Dataset.from_dict(columns, features=datasets.Features(names)), label="y")
    assert rows.feature_columns == tuple(f"m[{number}]" for number in range(6))


def test_hugging_face_streams_and_unequal_splits():
    one = datasets.Dataset.from_dict({"x": [1, 2], "y": ["a", "b"]})
    assert "a stream of unknown length" in refused(one.to_iterable_dataset(), label="y")
    other = datasets.Dataset.from_dict({"x": ["1", "2"], "y": ["a", "b"]})
    both = datasets.DatasetDict(train=one, test=other)
    assert "the columns and types of the other splits" in refused(both, label="y")


def test_hf_reads_a_folder_of_files(frame, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "mine").mkdir()
    frame.to_parquet(tmp_path / "mine" / "train.parquet", index=False)
    frame.head(10).to_parquet(tmp_path / "mine" / "test.parquet", index=False)
    rows = read(f"hf:{tmp_path / 'mine'}", label="kind")
    assert sorted(zip(*np.unique(rows.split, return_counts=True))) == [("test", 10), ("train", 60)]


def test_hf_without_the_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(Unavailable, match=r"pip install 'dataperf\[hf\]'"):
        read("hf:some/name", label="y")


def test_hf_folder_that_is_no_dataset(tmp_path):
    assert "cannot be loaded" in refused(f"hf:{tmp_path}", label="y")


def test_our_datasets_by_name():
    rows = read("spoken-digits")
    assert len(rows) == 3000 and rows.label == "word" and len(rows.classes) == 10
    assert rows.frame.columns.tolist() == ["speaker", "take", "frames"]
    assert rows.features.shape == (3000, 156)  # metadata is nothing a model sees
    assert rows.media.image(0).shape == (13, 12) and rows.source == "spoken-digits"
    noisy = read("noisy_spoken_digits", group="speaker")
    assert 0.02 < (noisy.truth != noisy.labels).mean() < 0.25
    assert not {"word", "defect", "given"} & set(noisy.frame.columns)
    assert set(noisy.groups) == set(noisy.frame.speaker) and "pool" in noisy.split
    assert read("noisy_spoken_digits", label="word").truth is None


def test_mnist_is_drawn():
    rows = read("mnist_5k")
    image = rows.media.image(7)
    assert image.shape == (28, 28) and image.dtype == np.uint8 and image.max() == 255


def test_the_pool_of_a_challenge_is_what_participants_see():
    rows = read("challenge:speech-selection")
    assert len(rows) == 1304 and "nontarget" in rows.classes
    assert rows.truth is None  # participants do not see it
    assert "truth" not in rows.frame and "defect" not in rows.frame
    assert np.array_equal(read("challenge:speech-selection/digits-60").ids, rows.ids)
    assert "participants do not see the labels" in refused("challenge:corpus-filtering")
    assert 'Did you mean "speech-selection"' in refused("challenge:speech-selecton")


# Encoding --------------------------------------------------------------------------------


def test_blocks_weigh_alike(frame):
    random = np.random.default_rng(1)
    vectors = random.normal(0, 1000, (ROWS, 25))
    words = ["film", "plot", "actor", "scene", "very", "not", "good", "bad"]
    frame["review"] = [" ".join(random.choice(words, 9)) for _ in range(ROWS)]
    frame["near"], frame["far"] = list(vectors), list(vectors * 1e6)
    frame["height"] *= 1e9
    rows = read(frame, label="kind", text_features=16)
    assert rows.kinds["review"] == "text"
    assert variance(rows, "age") == pytest.approx(1, abs=0.5)
    assert variance(rows, "height") == pytest.approx(1, abs=0.5)
    assert variance(rows, "near") == pytest.approx(5, rel=1e-3)  # the root of its 25 numbers
    assert variance(rows, "far") == pytest.approx(variance(rows, "near"), rel=1e-3)
    assert variance(rows, "review") == pytest.approx(variance(rows, "near"), rel=1e-3)


def test_the_same_data_give_the_same_features(frame, monkeypatch):
    monkeypatch.setattr(encoding, "SAMPLE", 30)
    random = np.random.default_rng(1)
    frame["review"] = [" ".join(random.choice(list("abcdefgh"), 9)) for _ in range(ROWS)]
    one, two = read(frame, label="kind"), read(frame.copy(), label="kind")
    assert np.array_equal(one.features, two.features)


def test_like_texts_lie_near():
    texts = ["the cat sat on the mat", "the cat sat on a mat", "shares fell in early trade today"]
    frame = pd.DataFrame(
        {"t": [f"{text} {n}" for n in range(10) for text in texts], "y": [0, 1] * 15}
    )
    features = read(frame, label="y").features
    assert np.linalg.norm(features[0] - features[1]) < np.linalg.norm(features[0] - features[2])


def test_missing_and_infinite_numbers(frame):
    frame["height"] = frame.height.where(frame.index % 10 > 0)
    frame.loc[[3, 5], "height"] = [math.inf, -math.inf]
    rows = read(frame, label="kind")
    assert rows.feature_columns.count("height") == 2
    assert notes(rows)["column height"] == "2 infinite values counted as missing"
    value, missing = rows.features[:, [n == "height" for n in rows.feature_columns]].T
    assert missing.sum() == 8 and (value[missing == 1] == 0).all()  # 0 is the median
    assert np.isfinite(rows.features).all()


def test_one_wild_value_does_not_squeeze_the_others(frame):
    frame["height"] = frame.height.where(frame.index != 7, 1e12)
    value = read(frame, label="kind").features[:, 1]
    assert value[7] == value.max() <= encoding.FARTHEST
    assert np.delete(value, 7).std() > 0.3


def test_categories_missing_rare_and_ordered():
    random = np.random.default_rng(0)
    many = [f"v{number}" for number in random.integers(0, 200, 1000)]
    few = np.where(random.random(1000) < 0.2, None, random.choice(["a", "b"], 1000))
    frame = pd.DataFrame({"many": many, "few": few, "y": random.integers(0, 2, 1000)})
    rows = read(frame, label="y")
    assert rows.feature_columns.count("few") == 3  # missing is a category of its own
    assert rows.feature_columns.count("many") == encoding.OWN_FEATURE + encoding.BUCKETS
    mine = [name == "many" for name in rows.feature_columns]
    assert (rows.features[:, mine].sum(axis=1) == 1).all()


def test_ids_constants_and_dates():
    frame = pd.DataFrame(
        {
            "row": np.arange(100, 140),
            "user_id": np.random.default_rng(0).permutation(10_000)[:40],
            "count": np.random.default_rng(1).permutation(10_000)[:40],
            "uuid": [f"{n * 7919 % 1000:08x}" for n in range(40)],
            "same": 1.0,
            "empty": None,
            "when": pd.date_range("2024-01-01", periods=40, freq="h", tz="Europe/Paris"),
            "took": pd.to_timedelta(np.arange(40) % 7, unit="h"),
            "flag": [True, False] * 20,
            "y": ["a", "b"] * 20,
        }
    )
    rows = read(frame, label="y")
    assert rows.feature_columns == ("count", *["when"] * 5, "took", "flag")
    assert rows.kinds["when"] == "datetime" and rows.kinds["same"] == "constant"
    assert rows.kinds["empty"] == "constant" and rows.kinds["took"] == "numeric"
    assert set(frame) - {"y"} == set(rows.frame)
    when = rows.features[:, 1]
    assert (np.diff(when) > 0).all() and np.ptp(np.diff(when)) < 1e-5


def test_mixed_types(frame):
    frame["mostly"] = [1.5, 2.5, "3.5"] * 19 + ["none", "4", 5]
    frame["mixed"] = ["a", 1, 2.5] * 20
    frame["codes"] = ["02139", "10001", "94105"] * 20
    rows = read(frame, label="kind")
    assert rows.kinds["mostly"] == "numeric" and rows.kinds["mixed"] == "categorical"
    assert notes(rows)["numbers"] == 'read as missing among numbers: "none" in mostly (1 row)'
    assert notes(rows)["column mixed"] == "mixed types (float, int, str) read as text"
    assert rows.kinds["codes"] == "categorical"


def test_lists_of_unequal_length_and_objects_are_not_used(frame):
    frame["ragged"] = [[1.0]] * 59 + [[1.0, 2.0]]
    frame["object"] = [{"a": 1}] * ROWS
    frame["holes"] = [None, [1.0, math.nan]] * 30
    rows = read(frame, label="kind")
    assert "not numbers of equal length" in notes(rows)["ragged"]
    assert "objects" in notes(rows)["object"]
    assert "90 missing or infinite" in notes(rows)["column holes"]
    assert np.isfinite(rows.features).all()


def test_lists_of_unequal_length_in_parquet(tmp_path, frame):
    frame["ragged"] = [[1.0]] * 59 + [[1.0, 2.0]]
    frame["even"] = [None, [1.0, 2.0]] * 30
    frame.to_parquet(tmp_path / "t.parquet")
    rows = read(tmp_path / "t.parquet", label="kind")
    assert "not numbers of equal length" in notes(rows)["ragged"]
    assert "even[1]" in rows.feature_columns


def test_roles_are_no_features(frame):
    frame["part"], frame["who"] = ["train", "test"] * 30, [1.0, 2.0, np.nan] * 20
    frame["a1"], frame["right"] = frame.kind, ["good", "odd"] * 30
    rows = read(
        frame,
        label="kind",
        split="part",
        group="who",
        true_label="right",
        annotators=["a1"],
        sensitive=["colour"],
        drop=["colour", "height"],
    )
    assert rows.feature_columns == ("age",)
    assert rows.frame.columns.tolist() == ["name", "age", "colour", "part", "who"]
    assert set(rows.groups[:3]) == {"1", "2", "(no group) row 2"}
    assert notes(rows)["column who"] == "20 rows without a group: each is a group of its own"
    assert set(rows.split) == {"train", "test"}
    assert np.array_equal(rows.annotators["a1"], rows.labels)
    assert (rows.truth == -1).sum() == 30 and "30 values" in notes(rows)["column right"]


# Labels ----------------------------------------------------------------------------------


def test_missing_labels_are_minus_one(frame):
    frame["kind"] = frame.kind.where(frame.index > 4)
    frame.loc[5, "kind"] = " "
    rows = read(frame, label="kind")
    assert (rows.labels[:6] == -1).all() and (rows.labels[6:] >= 0).all()


@pytest.mark.parametrize(
    "values, classes",
    [
        ([2.0, 10.0, math.nan], ("2", "10")),
        ([10, 9, 9], ("9", "10")),
        ([True, False, True], ("False", "True")),
        ([1, "1", "b"], ("1", "b")),
        ([0.5, 1.0, 1.5], ("0.5", "1", "1.5")),
        (pd.Categorical(["lo", "hi", "lo"], ["lo", "mid", "hi"]), ("lo", "hi")),
    ],
)
def test_classes_are_in_a_sensible_order(values, classes):
    series = pd.Series(values)
    frame = pd.DataFrame({"x": np.arange(60) % 7, "y": pd.concat([series] * 20, ignore_index=True)})
    assert read(frame, label="y").classes == classes


def test_ten_thousand_classes_and_classes_of_one_row():
    random = np.random.default_rng(0)
    given = np.concatenate([np.arange(10_000), random.integers(0, 9_999, 15_000)])
    rows = read((random.normal(size=(25_000, 2)), given))
    assert len(rows.classes) == 10_000 and rows.classes[-1] == "9999"
    assert (rows.labels == 9_999).sum() == 1


@pytest.mark.parametrize(
    "values, reason",
    [
        ([None] * ROWS, "all 60 labels are missing"),
        (["a"] * ROWS, 'every row has the same class "a"'),
        ([f"n{row}" for row in range(ROWS)], "all 60 labels are different"),
        (np.linspace(0.0, 1.0, ROWS).tolist(), "it looks like a quantity: 60 distinct values"),
        (list(range(ROWS)), "it looks like a quantity"),
    ],
)
def test_what_is_no_label(frame, values, reason):
    frame["kind"] = values
    message = refused(frame, label="kind")
    assert reason in message and 'label "kind"' in message


def test_a_quantity_is_refused_with_the_way_to_classes(frame):
    assert "pandas.qcut" in refused(frame, label="height")


def test_all_wrong_columns_are_listed_at_once(frame):
    message = refused(frame, label="kindd", id="nam", sensitive=["color"], drop=["zzz"])
    assert "4 problems" in message
    for hint in ('"kind"', '"name"', '"colour"', "Columns: name, age"):
        assert hint in message


def test_a_label_that_is_not_named(frame):
    assert "no label column was named" in refused(frame)
    assert 'perhaps label="target"' in refused(frame.rename(columns={"kind": "target"}))
    frame["emb"] = [[1.0, 2.0]] * ROWS
    assert "holds a list in each row" in refused(frame, label="emb")


def test_nothing_but_names_is_nothing_to_learn_from(frame):
    message = refused(frame[["name", "kind"]].assign(one=1), label="kind")
    assert "ids: name" in message and "constant: one" in message


# Frames ----------------------------------------------------------------------------------


def test_a_repeated_index_is_replaced_and_noted(frame):
    rows = read(frame.set_axis([0] * ROWS), label="kind")
    assert rows.ids.tolist() == [str(row) for row in range(ROWS)]
    assert "59 repeated values" in notes(rows)["index"]
    kept = read(frame.set_index("name"), label="kind")
    assert kept.ids.tolist() == frame.name.tolist() and kept.skipped == ()


def test_repeated_and_missing_ids_are_refused(frame):
    frame.loc[:2, "name"] = "same"
    frame.loc[5, "name"] = None
    message = refused(frame, label="kind", id="name")
    assert "1 repeated id: same" in message and "1 row without an id" in message


def test_two_columns_of_one_name_and_no_rows(frame):
    assert "two columns have this name" in refused(
        frame.set_axis(["a", "a", "b", "c", "kind"], axis=1), label="kind"
    )
    assert "there are no rows" in refused(frame.head(0), label="kind")


def test_what_is_no_source():
    assert "a int" in refused(3, label="y")
    assert "without labels" in refused(np.ones((3, 2)))
    assert "numbers of shape" in refused((np.ones(3), [1, 0, 1]))
    assert "one label for each row" in refused((np.ones((3, 2)), [1, 0]))


# Files -----------------------------------------------------------------------------------


def test_files_that_are_not_there(frame, tmp_path, monkeypatch):
    write(frame, tmp_path / "table.csv")
    assert 'Did you mean "table.csv"' in refused(tmp_path / "tabel.csv", label="kind")
    assert "does not exist either" in refused(tmp_path / "no" / "t.csv", label="kind")
    with pytest.raises(NotFound, match="spoken_digits"):
        read("spoken_digitz")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist_5k").mkdir()
    with pytest.raises(Ambiguous, match=r"\./mnist_5k"):
        read("mnist_5k")


@pytest.mark.parametrize(
    "name, content, reason",
    [
        ("t.csv", b"", "the file is empty"),
        ("t.csv", b"a,b\n", "there are no rows"),
        ("t.csv", b"a,a,kind\n1,2,x\n", "two columns have this name"),
        ("t.xls", b"x", 'the ending ".xls"'),
        ("t.parqet", b"x", 'Did you mean ".parquet"'),
        ("t", b"x", "one of .csv"),
        ("t.csv", "a,kind\nü,1\n".encode("latin-1"), 'column "a", row 1'),
        ("t.csv", "ü,kind\n1,1\n".encode("latin-1"), "iconv"),
        ("t.csv", "a,kind\n1,2\n".encode("utf-16"), "UTF-16"),
        ("t.csv", b"a,kind\n1\n1,2,3\n1\n4,5\n", "3 lines of 4 do not fit: line 2 has 1 value"),
        ("t.parquet", b"PAR1 not really", "not a complete Parquet file"),
        ("t.jsonl", b'{"a": 1}\n{"a": \n', "line 2"),
        ("t.jsonl", b"[1, 2]\n", "not an object"),
        ("t.jsonl", "{'a': 'ü'}".encode("latin-1"), "UTF-8"),
        ("t.json", b"[]", "there are no rows"),
        ("t.npz", b"PK not really", "bad-npz"),
        ("t.csv.gz", b"not gzip", "t.csv.gz"),
    ],
)
def test_files_that_are_not_what_they_should_be(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    assert reason in refused(tmp_path / name, label="kind")


def test_a_truncated_parquet_file(frame, tmp_path):
    path = write(frame, tmp_path / "t.parquet")
    path.write_bytes(path.read_bytes()[:-200])
    assert "not a complete Parquet file" in refused(path, label="kind")


def test_a_damaged_page_of_a_parquet_file(frame, tmp_path):
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "t.parquet", compression="gzip")
    whole = bytearray((tmp_path / "t.parquet").read_bytes())
    whole[20:400] = bytes(380)
    (tmp_path / "t.parquet").write_bytes(whole)
    assert "t.parquet" in refused(tmp_path / "t.parquet", label="kind")


def test_ragged_lines_are_left_out_and_listed(frame, tmp_path):
    path = write(frame, tmp_path / "t.csv")
    lines = path.read_text().splitlines()
    lines[5] += ",more"
    lines[9] = "few,1"
    path.write_text("\n".join(lines) + "\n")
    rows = read(path, label="kind")
    assert len(rows) == ROWS - 2
    assert notes(rows) == {
        "line 6": "6 values instead of 5",
        "line 10": "2 values instead of 5",
    }


def test_many_ragged_lines_are_counted(frame, tmp_path):
    path = write(frame, tmp_path / "t.csv")
    path.write_text(path.read_text() + "1,2\n" * 25)
    rows = read(path, label="kind")
    assert len(rows.skipped) == 21 and rows.skipped[-1][0] == "5 more lines"


def test_arrays_without_the_known_names(tmp_path):
    np.savez(tmp_path / "a.npz", one=np.ones(3))
    assert "it holds one" in refused(tmp_path / "a.npz")


def test_half_a_character_and_unequal_columns(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"x": "a\\ud800", "y": 1}\n{"x": "b", "y": 2}\n' * 5)
    assert read(tmp_path / "t.jsonl", label="y").frame.x[0] == "a?"
    assert "columns of 2 to 3 values" in refused({"x": [1, 2, 3], "y": [1, 2]}, label="y")


def test_json_of_columns_and_compressed_lines(tmp_path):
    columns = {"x": list(range(5)) * 4, "y": ["a", "b"] * 10}
    (tmp_path / "t.json").write_text(json.dumps(columns))
    with gzip.open(tmp_path / "u.jsonl.gz", "wt") as file:
        file.writelines(json.dumps({"x": x, "y": y}) + "\n" for x, y in zip(*columns.values()))
    one, two = read(tmp_path / "t.json", label="y"), read(tmp_path / "u.jsonl.gz", label="y")
    assert len(one) == 20 and np.array_equal(one.features, two.features)


# Images and sounds ----------------------------------------------------------------------


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    for label, colour in (("red", (255, 0, 0)), ("blue", (0, 0, 255))):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (40, 30 + number), colour).save(folder / label / f"{number}.png")
    return folder


def test_a_folder_of_images(images):
    rows = read(images, embedding="pixels")
    assert rows.name == "images" and rows.label == "label" and rows.classes == ("blue", "red")
    assert rows.ids.tolist() == [f"{c}/{n}.png" for c in ("blue", "red") for n in range(3)]
    assert rows.frame.to_dict("list") == {"width": [40] * 6, "height": [30, 31, 32] * 2}
    assert rows.features.shape == (6, 32 * 32 + 3) and rows.feature_columns[0] == "image[0]"
    assert rows.media.kind == "image" and rows.media.image(4).shape == (31, 40, 3)
    assert rows.media.image(5)[0, 0].tolist() == [255, 0, 0]


def test_the_network_tells_images_apart(images):
    rows = read(images)
    assert rows.features.shape == (6, 1024) and rows.skipped == ()
    apart = np.linalg.norm(rows.features[0] - rows.features[3])
    assert np.linalg.norm(rows.features[0] - rows.features[1]) < apart


def test_images_of_every_mode(tmp_path):
    folder = tmp_path / "modes"
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    Image.new("L", (5, 5), 9).save(folder / "a" / "grey.png")
    Image.new("RGBA", (5, 5), (0, 0, 0, 0)).save(folder / "a" / "clear.png")
    Image.new("P", (5, 5), 3).save(folder / "a" / "palette.gif")
    Image.fromarray(np.full((5, 5), 65_535, np.uint16)).save(folder / "b" / "deep.png")
    Image.new("RGB", (5, 5), (1, 2, 3)).save(folder / "b" / "photo.jpg")
    rows = read(folder, embedding="pixels")
    shown = {name: rows.media.image(row) for row, name in enumerate(rows.ids)}
    assert shown["a/grey.png"].shape == (5, 5) and (shown["a/grey.png"] == 9).all()
    assert (shown["a/clear.png"] == 255).all() and (shown["b/deep.png"] == 255).all()
    assert len(rows) == 5


def test_images_stand_upright():
    turned, buffer = Image.new("RGB", (5, 3)), io.BytesIO()
    exif = turned.getexif()
    exif[0x0112] = 6  # the camera was held sideways
    turned.save(buffer, "JPEG", exif=exif)
    assert embed.open_image(buffer.getvalue()).shape == (5, 3, 3)


def test_unreadable_images_are_listed(images):
    whole = (images / "red" / "0.png").read_bytes()
    (images / "red" / "cut.png").write_bytes(whole[:60])
    (images / "red" / "none.png").write_bytes(b"")
    (images / "red" / "notes.txt").write_text("hello")
    (images / "loose.png").write_bytes(whole)
    (images / ".DS_Store").write_bytes(b"x")
    rows = read(images, embedding="pixels")
    assert len(rows) == 6 and len(rows.features) == 6 and len(rows.frame) == 6
    reasons = notes(rows)
    assert set(reasons) == {"red/cut.png", "red/none.png", "red/notes.txt", "loose.png"}
    assert reasons["red/cut.png"].startswith("unreadable: ")
    assert rows.media.image(5)[0, 0].tolist() == [255, 0, 0]  # rows and files stay in step


def test_parts_become_the_split(images, tmp_path):
    both = tmp_path / "both"
    for part in ("train", "test"):
        for path in images.rglob("*.png"):
            new = both / part / path.relative_to(images)
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(path.read_bytes())
    rows = read(both, embedding="pixels")
    assert rows.classes == ("blue", "red") and rows.split.tolist() == ["test"] * 6 + ["train"] * 6


def test_folders_that_hold_no_classes(images, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "the folder is empty" in refused(tmp_path / "empty")
    assert "3 files and no subfolders" in refused(images / "red")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "t.csv").write_text("a,b")
    assert "only files that end in .csv" in refused(tmp_path / "tables")
    for path in images.rglob("*.png"):
        path.write_bytes(b"x")
    assert "none of 6 files can be read" in refused(images, embedding="pixels")


def tone(path, hertz, seconds=0.5, rate=8000, dtype=np.int16):
    at = np.arange(int(seconds * rate)) / rate
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.sin(2 * np.pi * hertz * at) * 0.5
    scale = {np.int16: 32_767, np.int32: 2**31 - 1, np.float32: 1}[dtype]
    wavfile.write(path, rate, (samples * scale).astype(dtype))


@pytest.fixture
def audio(tmp_path):
    for label, hertz in (("high", 3000), ("low", 300)):
        for number in range(3):
            tone(tmp_path / "tones" / label / f"{number}.wav", hertz + 20 * number)
    return tmp_path / "tones"


@pytest.mark.parametrize("embedding, width", [("network", 96), ("mfcc", 40)])
def test_a_folder_of_audio(audio, embedding, width):
    rows = read(audio, embedding=embedding)
    assert rows.classes == ("high", "low") and rows.features.shape == (6, width)
    assert rows.frame.columns.tolist() == ["seconds", "rate", "loudness"]
    assert rows.frame.seconds.tolist() == [0.5] * 6
    apart = np.linalg.norm(rows.features[0] - rows.features[5])
    assert np.linalg.norm(rows.features[0] - rows.features[1]) < apart
    samples, rate = rows.media.sound(0)
    assert rate == 8000 and samples.shape == (4000,) and samples.dtype == np.float32
    assert 0.45 < np.abs(samples).max() < 0.55


def test_a_spectrogram_shows_high_tones_on_top(audio):
    rows = read(audio, embedding="mfcc")
    high, low = rows.media.image(0), rows.media.image(5)
    assert high.shape == low.shape and high.dtype == np.uint8
    assert high.mean(axis=1).argmax() < low.mean(axis=1).argmax()


def test_a_rate_that_no_sound_has_is_one_bad_file(tmp_path):
    for label in ("low", "high"):
        tone(tmp_path / "tones" / label / "good.wav", 440)
    bad = tmp_path / "tones" / "low" / "bad.wav"
    content = (tmp_path / "tones" / "low" / "good.wav").read_bytes()
    rates = b"".join(number.to_bytes(4, "little") for number in (2**31 - 1, 2 * (2**31 - 1)))
    bad.write_bytes(content[:24] + rates + content[32:])
    with pytest.raises(ValueError, match="a rate of 2,147,483,647 Hz, expected 1 to 1,000,000 Hz"):
        sounds.open_sound(bad)
    assert len(read(str(tmp_path / "tones"), embedding="mfcc").ids) == 2


def test_wav_of_every_kind_is_in_the_same_range(tmp_path):
    for dtype in (np.int16, np.int32, np.float32):
        tone(tmp_path / "t.wav", 440, dtype=dtype)
        assert np.abs(sounds.open_sound(tmp_path / "t.wav")[0]).max() == pytest.approx(
            0.5, abs=0.01
        )
    wavfile.write(tmp_path / "s.wav", 8000, np.array([[0, 128], [255, 128]], np.uint8))
    assert sounds.open_sound(tmp_path / "s.wav")[0].tolist() == pytest.approx(
        [-0.5, 0.496], abs=1e-3
    )


def test_unreadable_audio_is_listed(audio):
    whole = (audio / "low" / "0.wav").read_bytes()
    (audio / "low" / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (audio / "low" / "none.wav").write_bytes(b"")
    (audio / "low" / "silent.wav").write_bytes(whole[:40] + bytes(4))
    (audio / "low" / "text.flac").write_bytes(b"not a flac file")
    rows = read(audio, embedding="mfcc")
    assert len(rows) == 6
    assert set(notes(rows)) == {
        f"low/{n}" for n in ("cut.wav", "none.wav", "silent.wav", "text.flac")
    }


def test_flac_needs_soundfile(audio, monkeypatch):
    samples, rate = sounds.open_sound(audio / "low" / "0.wav")
    soundfile.write(audio / "low" / "more.flac", samples, rate)
    assert len(read(audio, embedding="mfcc")) == 7
    monkeypatch.setitem(sys.modules, "soundfile", None)
    rows = read(audio, embedding="mfcc")
    assert len(rows) == 6
    assert 'needs the package "soundfile"' in notes(rows)["low/more.flac"]
    for path in audio.rglob("*.wav"):
        path.unlink()
    with pytest.raises(Unavailable, match=r"pip install 'dataperf\[media\]'"):
        read(audio, embedding="mfcc")


def test_what_was_kept_without_soundfile_is_read_again_with_it(audio, monkeypatch):
    samples, rate = sounds.open_sound(audio / "low" / "0.wav")
    soundfile.write(audio / "low" / "more.flac", samples, rate)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert len(read(audio, embedding="network")) == 6
    monkeypatch.setitem(sys.modules, "soundfile", soundfile)
    assert len(read(audio, embedding="network")) == 7


def test_folders_that_may_not_be_read_are_listed(images, monkeypatch):
    before, denied = os.scandir, {str(images / "red")}

    def scandir(path):
        if str(path) in denied:
            raise PermissionError(13, "Permission denied", str(path))
        return before(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (images / "green").mkdir()
    for number in range(3):
        shutil.copy(images / "blue" / f"{number}.png", images / "green" / f"{number}.png")
    rows = read(images, embedding="pixels")
    assert rows.classes == ("blue", "green")
    assert notes(rows)["red"] == "unreadable: Permission denied"
    denied.add(str(images))
    assert "Permission denied" in refused(images)
    denied.remove(str(images))
    denied |= {str(images / "blue"), str(images / "green")}
    assert "Permission denied" in refused(images)


def test_without_networks_simpler_embeddings_are_used_and_noted(audio, images, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for folder, simple in ((audio, "mfcc"), (images, "pixels")):
        rows = read(folder)
        assert notes(rows)["embedding"].startswith(f"{simple}; a better one needs")
        assert np.array_equal(rows.features, read(folder, embedding=simple).features)
        with pytest.raises(Unavailable, match=r"onnxruntime.*\n.*pip install 'dataperf\[media\]'"):
            read(folder, embedding="network")


def test_an_unknown_embedding(images):
    assert 'Did you mean "pixels"' in refused(images, embedding="pixel")


def test_long_and_short_sounds_are_described(tmp_path):
    describe = networks.speech_network()
    rate = sounds.RATE
    short = np.zeros(10, np.float32)
    long = np.random.default_rng(0).normal(0, 0.1, rate * 3).astype(np.float32)
    found = describe([(short, rate), (long, rate)])
    assert found.shape == (2, 96) and np.isfinite(found).all()
    assert np.array_equal(describe([(long, rate)])[0], found[1])


def test_embeddings_by_a_network_are_kept(images, monkeypatch):
    (images / "red" / "bad.png").write_bytes(b"x")
    first = read(images)
    monkeypatch.setattr(networks, "_prepared", lambda image: 1 / 0)
    again = read(images)
    assert np.array_equal(first.features, again.features)
    assert first.skipped == again.skipped and first.frame.equals(again.frame)
    Image.new("RGB", (3, 3)).save(images / "red" / "0.png")
    with pytest.raises(ZeroDivisionError):
        read(images)
