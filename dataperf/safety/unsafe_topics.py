"""Whether a text is about violence, sex, self-harm or hate, by what its sentence means.

A logistic regression on sentence vectors (`dataperf.media.sentences`), fitted to the 64 sentences
of ``unsafe_topics.json``, which we wrote. It sees what a prompt is openly about, in English.
It cannot see what adversarial prompts live from: coded language, harmless words for what
looks alike ("red paint"), safe parts that are unsafe together; nor can it see stereotypes.
Each of the 64 left out in turn, it told 60 right; that is all that is known of how good it
is, and its numbers are no calibrated probabilities.
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

TOLD = Path(__file__).with_suffix(".json")
#: Strength of the fit: large, since 384 numbers describe each of 64 sentences.
INVERSE_PENALTY = 10.0


def numeric_version() -> str:
    """Return what tells one version of the network from another."""
    return sentences.NETWORK.sha256


def prepare(option: str) -> Callable[[Sequence[str]], Any]:
    """Return what says of each text, (n,), how likely it is unsafe.

    Raises
    ------
    DataperfError
        If it is given an option: it has none.
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

    told = json.loads(TOLD.read_text(encoding="utf-8"))
    known = sentences.vectors([*told["unsafe"], *told["safe"]])
    unsafe = np.repeat([1, 0], [len(told["unsafe"]), len(told["safe"])])
    return LogisticRegression(C=INVERSE_PENALTY).fit(known, unsafe)
