"""Corpus filtering: fixed compute, DataComp's files, and that a good part beats the whole."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from dataperf import registry
from dataperf.boards import baselines
from dataperf.datasets import captioned_digits
from dataperf.definitions import loading, submission
from dataperf.errors import Invalid
from dataperf.evaluation import evaluate
from dataperf.records import Submission
from dataperf.tracks import corpus

model = registry.load("fixed_models", "two_tower_v1")


@pytest.fixture(scope="module")
def asked():
    return loading.load("corpus-filtering")


@pytest.fixture(scope="module")
def data(asked):
    return submission.board_data(asked, "small")


def sent(answer, board="small"):
    return Submission(schema_version=2, challenge="corpus-filtering", board=board, answer=answer)


# Compute ----------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [1, 2, 5, 400, 12_800])
@pytest.mark.parametrize(
    "weights", [[1], [1, 0, 1], [1, 3], [1e-300, 1], [0.2] * 7, list(range(3000)), [1] * 5500]
)
def test_as_many_samples_are_seen_whatever_is_kept(samples, weights):
    weights = np.array(weights, dtype=float)
    rows = corpus.seen(weights, samples, 3)
    assert len(rows) == samples
    due = samples * weights / weights.sum()
    assert np.abs(np.bincount(rows, minlength=len(weights)) - due).max() <= 1 + 1e-9


def test_none_is_seen_again_before_all_are():
    rows = corpus.seen(np.ones(100), 330, 0)
    for start in range(0, 300, 100):
        assert len(set(rows[start : start + 100])) == 100
    assert not np.array_equal(rows[:100], rows[100:200])


def test_ids_are_weights_of_one_and_their_order_does_not_count(asked, data):
    ids = data["digits"].pool.ids[:50].tolist()
    plans = [
        evaluate.plans_of(asked, sent(answer), data)["digits"].sets[0].rows
        for answer in ({"ids": ids}, {"ids": ids[::-1]}, {"weights": dict.fromkeys(ids, 0.3)})
    ]
    assert np.array_equal(plans[0], plans[1])
    assert np.array_equal(plans[0], plans[2])


def test_a_weight_of_zero_is_not_seen(asked, data):
    one, other = data["digits"].pool.ids[:2].tolist()
    plan = evaluate.plans_of(asked, sent({"weights": {one: 0.0, other: 2.0}}), data)["digits"]
    assert set(data["digits"].pool.ids[plan.sets[0].rows]) == {other}


@pytest.mark.parametrize("count", [1, 2])
def test_tiny_answers_are_scored(asked, data, count):
    result = evaluate.evaluate(asked, sent({"ids": data["digits"].pool.ids[:count].tolist()}))
    assert result.status == "scored"
    assert result.cost.train_rows == 12_800


# Answers ----------------------------------------------------------------------------------


def refused(asked, data, answer):
    with pytest.raises(Invalid) as error:
        submission.check(sent(answer), asked, data)
    return {problem.rule for problem in error.value.problems}


def test_bad_answers_are_refused(asked, data):
    pool = data["digits"].pool.ids.tolist()
    test = data["digits"].tests["writers"].ids[0]
    rules = refused(asked, data, {"ids": ["0" * 32, test, pool[0], pool[0]]})
    assert rules == {"unknown-id", "test-id", "duplicate-id"}
    assert refused(asked, data, {"weights": {pool[0]: -1.0}}) == {"negative-weight", "no-weight"}
    assert refused(asked, data, {"weights": {pool[0]: 0.0}}) == {"no-weight"}
    assert refused(asked, data, {"weights": {a: 1.7e308 for a in pool[:2]}}) == {"no-weight"}
    assert refused(asked, data, {"ids": []}) == {"empty"}
    assert refused(asked, data, {}) == {"one-form"}
    assert refused(asked, data, {"ids": pool, "weights": {pool[0]: 1.0}}) == {"one-form"}


def npy(values):
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=True)
    return buffer.getvalue()


def pairs(uids):
    halves = [(int(uid[:16], 16), int(uid[16:], 16)) for uid in uids]
    return np.array(halves, dtype=np.dtype("u8,u8"))


def read(asked, content, tmp_path, name="kept.npy"):
    path = tmp_path / name
    path.write_bytes(content)
    return submission.read(path, asked, "small")


@pytest.mark.parametrize("kind", ["pairs", "plain", "fortran"])
def test_datacomp_files_are_read(asked, data, tmp_path, kind):
    uids = data["digits"].pool.ids[:20].tolist()
    values = pairs(uids)
    if kind != "pairs":
        values = np.array([list(each) for each in values.tolist()], dtype="u8")
    if kind == "fortran":
        values = np.asfortranarray(values)
    found = read(asked, npy(values), tmp_path)
    assert found.answer == {"ids": uids}
    submission.check(found, asked, data)


def test_a_uid_that_is_there_twice_is_seen_twice_as_often(asked, data, tmp_path):
    uids = data["digits"].pool.ids[:3].tolist()
    found = read(asked, npy(pairs([*uids, uids[0]])), tmp_path)
    assert found.answer == {"weights": {uids[0]: 2.0, uids[1]: 1.0, uids[2]: 1.0}}


def header_of(shape):
    text = f"{{'descr': '<u8', 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no array",
        npy(np.zeros(3)),
        npy(np.zeros((3, 2), dtype="i8")),
        npy(np.zeros((3, 3), dtype="u8")),
        npy(np.array([{"a": 1}, None], dtype=object)),
        npy(np.zeros(3, dtype=np.dtype("u8,u4"))),
        npy(np.zeros((3, 2), dtype="u8"))[:-1],
        npy(np.zeros((3, 2), dtype="u8")) + b"more",
        header_of("(99999999999999, 2)"),
        header_of("(-1, 2)"),
        header_of("__import__('os')"),
    ],
)
def test_other_arrays_are_refused(asked, tmp_path, content):
    with pytest.raises(Invalid, match="bad-npy"):
        read(asked, content, tmp_path)


def test_folders_and_other_files_are_refused(asked, tmp_path):
    with pytest.raises(Invalid, match="not a .npy file"):
        read(asked, b"x", tmp_path, "kept.txt")
    (tmp_path / "two").mkdir()
    for name in ("a.npy", "b.npy"):
        (tmp_path / "two" / name).write_bytes(npy(pairs(["0" * 32])))
    with pytest.raises(Invalid, match="2 files"):
        submission.read(tmp_path / "two", asked, "small")


# The pool ---------------------------------------------------------------------------------


def test_the_pool_is_what_its_card_says(data):
    part = data["digits"]
    defects, counts = np.unique(part.truth.defects, return_counts=True)
    assert dict(zip(defects.tolist(), counts.tolist())) == {
        "": 1700,
        "wrong caption": 1100,
        "vague caption": 700,
        "junk image": 700,
        "off topic": 700,
        "copy": 600,
    }
    assert {name: len(test.ids) for name, test in part.tests.items()} == {
        "digits": 500,
        "turned": 500,
        "faint": 500,
        "writers": 1797,
    }
    assert all(len(uid) == 32 and int(uid, 16) >= 0 for uid in part.pool.ids.tolist())


def test_no_image_of_a_test_is_in_the_pool(data):
    part = data["digits"]
    pool = {row.tobytes() for row in part.pool.features[:, :196]}
    assert not pool & {row.tobytes() for row in part.tests["digits"].features[:, :196]}


def test_captions_name_what_they_should(data):
    part = data["digits"]
    strategy = registry.load("strategies", "text_filter")
    named = strategy.named(part.pool)
    good = part.truth.defects == ""
    assert np.array_equal(named[good], part.truth.labels[good])
    wrong = part.truth.defects == "wrong caption"
    assert (named[wrong] != part.truth.labels[wrong]).all()
    assert (named[np.isin(part.truth.defects, ["vague caption", "off topic"])] == -1).all()


def test_a_caption_is_words_whatever_their_order():
    one, other, none = captioned_digits.text_features(["the digit seven", "Seven digit THE", ""])
    assert np.array_equal(one, other)
    assert one @ one == pytest.approx(1.0)
    assert not none.any()


# The model --------------------------------------------------------------------------------


def loss(weights, images, texts):
    """Return the symmetric contrastive loss, written as in the paper's figure."""
    first, bias, second, text = weights
    image = np.maximum(images @ first + bias, 0) @ second
    word = texts @ text
    image /= np.linalg.norm(image, axis=1, keepdims=True)
    word /= np.linalg.norm(word, axis=1, keepdims=True)
    scores = image @ word.T / model.TEMPERATURE

    def entropy(rows):
        return -(np.diag(rows) - np.log(np.exp(rows).sum(axis=1))).mean()

    return (entropy(scores) + entropy(scores.T)) / 2


def test_the_gradient_is_that_of_the_loss():
    random = np.random.RandomState(0)
    shapes = ((5, model.HIDDEN), (model.HIDDEN,), (model.HIDDEN, model.WIDTH), (4, model.WIDTH))
    weights = [random.standard_normal(shape) for shape in shapes]
    images, texts = random.standard_normal((7, 5)), random.standard_normal((7, 4))
    slopes = model._gradient(weights, images, texts)
    for which, slope in enumerate(slopes):
        for _ in range(5):
            at = tuple(random.randint(size) for size in slope.shape)
            values = []
            for step in (1e-5, -1e-5):
                moved = [each.copy() for each in weights]
                moved[which][at] += step
                values.append(loss(moved, images, texts))
            assert slope[at] == pytest.approx((values[0] - values[1]) / 2e-5, abs=1e-6)


def test_the_model_learns_and_seeds_differ():
    given = model.example()
    rows = np.tile(np.arange(64), 100)
    told = {"classes": 3, "prompts": given["prompts"]}
    fitted = model.fit(given["features"][rows], None, seeds=[0, 1], **told)
    right = (model.predict(fitted, given["features"]) == given["labels"]).mean(axis=1)
    assert right.min() > 0.8
    assert not np.array_equal(fitted.towers[0][0], fitted.towers[1][0])
    again = model.fit(given["features"][rows], None, seeds=[1], **told)
    assert np.array_equal(again.towers[0][0], fitted.towers[1][0])
    good, bad = given["features"].copy(), given["features"].copy()
    bad[:, 5:] = np.roll(bad[:, 5:], 1, axis=1)
    assert model.similarity(fitted, good).mean() > model.similarity(fitted, bad).mean() + 0.3


@pytest.mark.parametrize(
    "change",
    [
        {"features": np.zeros((1, 9))},
        {"features": np.zeros((5, 4))},
        {"features": np.full((5, 9), np.nan)},
        {"prompts": np.zeros((2, 4))},
        {"seeds": []},
    ],
)
def test_what_cannot_be_trained_on_is_refused(change):
    given = model.example()
    told = {"features": given["features"], "prompts": given["prompts"], "seeds": [0], **change}
    with pytest.raises(ValueError):
        model.fit(told.pop("features"), None, classes=3, **told)


# The finding ------------------------------------------------------------------------------


@pytest.mark.parametrize("board", ["small", "medium"])
def test_a_well_chosen_third_beats_the_whole_pool_at_equal_compute(asked, board):
    scores = {}
    for strategy in ("caption_agreement", "whole_pool", "random_pairs"):
        answer = baselines.answer(asked, board, strategy, seed=0)
        result = evaluate.evaluate(asked, answer)
        scores[strategy] = result.score
        summary = result.tasks["digits"].summary
        kept = 1.0 if strategy == "whole_pool" else 0.3
        assert summary["share of the pool seen"] == pytest.approx(kept)
        assert result.cost.train_rows == asked.boards[board].rules["samples"]
    assert scores["caption_agreement"].low > scores["whole_pool"].high
    assert scores["random_pairs"].value < scores["whole_pool"].value


def test_reference_submissions_are_what_the_strategies_answer(asked):
    folder = loading.folder_of(asked) / "submissions"
    for path in sorted(folder.glob("*.json")):
        kept = json.loads(path.read_text())
        board, _, strategy = path.stem.partition("-")
        assert baselines.answer(asked, board, strategy, seed=0).answer == kept["answer"]
