"""Text to numbers: weighted words and pairs of words, reduced to their main directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

#: Texts that the directions are learned from, and how many are read at a time.
LEARNED, BATCH = 20_000, 20_000
#: Hashed words and pairs of words.
WORDS = 2**17


def text_block(
    name: str, texts: pd.Series, most: int
) -> tuple[tuple[str, ...], Callable[[NDArray[np.float32]], None]]:
    """Return the feature names of a column of text, and what writes the features.

    Words and pairs of words are hashed, counted sublinearly and weighted by how rare they
    are (tf-idf); a truncated singular value decomposition with a fixed seed keeps the main
    directions (latent semantic analysis, Deerwester et al. 1990); rows have length 1, but
    for texts without a known word, which are 0.

    Parameters
    ----------
    name
        The column's name.
    texts : Series of n str
        Missing ones count as empty.
    most
        The most features to yield.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
    from sklearn.preprocessing import normalize

    words: Any = HashingVectorizer(
        n_features=WORDS, ngram_range=(1, 2), alternate_sign=False, norm=None, dtype=np.float32
    )
    rows = len(texts)
    drawn = np.random.default_rng(0).permutation(rows)[:LEARNED] if rows > LEARNED else slice(None)
    counts = words.transform(_plain(texts.iloc[drawn])).tocsc()
    shared = np.flatnonzero(np.diff(counts.indptr) >= 2)  # in one text only: nothing to compare
    shared = shared if len(shared) > 1 else np.flatnonzero(np.diff(counts.indptr))
    if len(shared) < 2:
        return (), lambda out: None
    counts = counts[:, shared].tocsr()
    weigh = TfidfTransformer(sublinear_tf=True).fit(counts)
    width = max(1, min(most, len(shared) - 1, counts.shape[0] - 1))
    reduce = TruncatedSVD(width, n_iter=4, random_state=0)
    with np.errstate(invalid="ignore"):  # texts that are all alike vary by nothing
        reduce.fit(weigh.transform(counts))

    def write(out: NDArray[np.float32]) -> None:
        for start in range(0, rows, BATCH):
            part = words.transform(_plain(texts.iloc[start : start + BATCH]))[:, shared]
            out[start : start + BATCH] = normalize(reduce.transform(weigh.transform(part)))

    return (name,) * width, write


def _plain(texts: pd.Series) -> list[str]:
    found: list[str] = texts.astype(object).where(texts.notna(), "").map(str).tolist()
    return found
