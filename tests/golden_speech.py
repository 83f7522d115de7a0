"""Load the golden speech inputs as DataPerf's evaluator does, and score labels as it does.

Row order: targets in the order of the JSON's keys, in a target the rows of its parquet
file; then nontargets by word in order of first appearance, in list order, copies kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "golden" / "speech"
SEEDS = (5, 69, 98, 70, 95, 64, 37, 11, 4, 32)
CLASSES = 6


@dataclass(frozen=True)
class Rows:
    """Features (n, 1024) float32 and class ids (n,) of one file of clip ids."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]


@cache
def expected() -> dict[str, Any]:
    """Return the official scores and where they come from."""
    content: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    return content


def eval_rows(language: str) -> Rows:
    """Return the evaluation rows of a language."""
    return _rows(_evaluation(language), language, "eval", _ids(language))


def train_rows(name: str, *, shifted: bool = False) -> Rows:
    """Return the rows of ``submissions/clean/en_25`` or ``cases/baseline/en_25``.

    ``shifted`` numbers the keys that are there, as the official script does; otherwise a
    class keeps its number when another one is left out.
    """
    path = FOLDER / f"{name}_train.json"
    clips = json.loads(path.read_text(encoding="utf-8"))
    language = path.name[:2]
    words = {word: i + 1 for i, word in enumerate(sorted(clips["targets"]))}
    return _rows(clips, language, "train", words if shifted else _ids(language))


@cache
def _evaluation(language: str) -> dict[str, Any]:
    text = (FOLDER / f"dataperf_{language}_data" / "eval.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def _ids(language: str) -> dict[str, int]:
    return {word: i + 1 for i, word in enumerate(sorted(_evaluation(language)["targets"]))}


@cache
def _word(language: str, part: str, word: str) -> dict[str, NDArray[np.float32]]:
    path = FOLDER / f"dataperf_{language}_data" / f"{part}_embeddings" / f"{word}.parquet"
    frame = pd.read_parquet(path)
    vectors = (np.asarray(v, dtype=np.float32) for v in frame["mswc_embedding_vector"])
    return dict(zip(frame["clip_id"], vectors, strict=True))


def _rows(clips: dict[str, Any], language: str, part: str, ids: dict[str, int]) -> Rows:
    features, labels = [], []
    for word, chosen in clips["targets"].items():
        wanted = set(chosen)
        found = [v for clip, v in _word(language, part, word).items() if clip in wanted]
        features += found
        labels += [ids[word]] * len(found)
    by_word: dict[str, list[str]] = {}
    for clip in clips["nontargets"]:
        by_word.setdefault(Path(clip).parts[0], []).append(clip)
    for word, chosen in by_word.items():
        features += [_word(language, part, word)[clip] for clip in chosen]
        labels += [0] * len(chosen)
    return Rows(np.array(features), np.array(labels, dtype=np.int64))


def macro_f1(truth: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Return the mean of 2TP / (2TP + FP + FN) over classes in the truth or the prediction."""
    scores = []
    for c in np.union1d(truth, predicted):
        hits = np.count_nonzero((truth == c) & (predicted == c))
        scores.append(
            2.0 * hits / (np.count_nonzero(truth == c) + np.count_nonzero(predicted == c))
        )
    return float(np.mean(scores))
