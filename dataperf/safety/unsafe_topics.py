"""Whether a text is about violence, sex, self-harm or hate, by the meaning of its sentence.

A logistic regression on sentence vectors (`dataperf.media.sentences`), fitted to 64 sentences of
our own in ``unsafe_topics.json``. It recognises what an English prompt is openly about. It does
not recognise what adversarial prompts use: coded language, harmless words for what looks alike
("red paint"), safe parts that are unsafe in combination; nor stereotypes. In leave-one-out
validation it classified 60 of the 64 sentences correctly. Nothing else is known of its accuracy,
and its numbers are not calibrated probabilities.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dataperf.errors import DataperfError
from dataperf.media import sentences

role = "text"
external = False

SENTENCES = Path(__file__).with_suffix(".json")
#: C of the regression: weak regularisation, because 64 sentences have 384 features each.
INVERSE_PENALTY = 10.0


def numeric_version() -> str:
    """Return the sha256 of the network."""
    return sentences.NETWORK.sha256


def prepare(option: str) -> Callable[[Sequence[str]], Any]:
    """Return a function that scores texts.

    Parameters
    ----------
    option : str
        Must be empty.

    Returns
    -------
    callable
        Takes n texts; returns (n,) numbers from 0 to 1, higher for unsafe topics.

    Raises
    ------
    DataperfError
        If an option is given.
    Unavailable
        If the extra ``meaning`` is not installed.
    """
    if option:
        raise DataperfError(f'unsafe_topics takes no option, but was given "{option[:60]}"')
    model = _fitted()
    return lambda texts: model.predict_proba(sentences.vectors(texts))[:, 1]


@functools.lru_cache(maxsize=1)
def _fitted() -> Any:
    from sklearn.linear_model import LogisticRegression

    examples = json.loads(SENTENCES.read_text(encoding="utf-8"))
    known = sentences.vectors([*examples["unsafe"], *examples["safe"]])
    unsafe = np.repeat([1, 0], [len(examples["unsafe"]), len(examples["safe"])])
    return LogisticRegression(C=INVERSE_PENALTY).fit(known, unsafe)
