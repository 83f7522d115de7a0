"""Turn text into features: tf-idf of words or of characters, reduced by truncated SVD."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.reading import writing

if TYPE_CHECKING:
    import pandas as pd

#: Maximum number of texts that the SVD is fitted on, and texts per batch.
LEARNED, BATCH = 20_000, 20_000
#: Number of hash buckets for words and word pairs, or for sequences of characters.
WORDS = 2**17
#: Shortest and longest sequence of characters.
CHARACTERS = (1, 4)
#: Texts that are looked at to choose words or characters.
LOOK = 2_000


def text_block(
    name: str, texts: pd.Series, most: int
) -> tuple[tuple[str, ...], Callable[[NDArray[np.float32]], None]]:
    """Return the feature names of a text column, and a function that writes the features.

    Words and word pairs (one to four characters in short texts and in those without blanks) are
    hashed and weighted by tf-idf with sublinear counts. A truncated
    singular value decomposition with a fixed seed keeps the main directions (latent semantic
    analysis, Deerwester et al. 1990). Rows have length 1; texts without a known word are 0.

    Parameters
    ----------
    name
        Name of the column.
    texts : Series of n str
        Missing texts count as empty.
    most
        Maximum number of features.

    Returns
    -------
    names : tuple of str
        The column's name, once per feature; empty if the texts share no words.
    write
        Writes the features into an (n, features) array of float32.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.preprocessing import normalize

    words = _vectorizer(texts)
    rows = len(texts)
    drawn = np.random.default_rng(0).permutation(rows)[:LEARNED] if rows > LEARNED else slice(None)
    counts = words.transform(_plain(texts.iloc[drawn])).tocsc()
    shared = np.flatnonzero(np.diff(counts.indptr) >= 2)  # a word in one text only compares nothing
    shared = shared if len(shared) > 1 else np.flatnonzero(np.diff(counts.indptr))
    if len(shared) < 2:
        return (), lambda out: None
    counts = counts[:, shared].tocsr()
    weigh = TfidfTransformer(sublinear_tf=True).fit(counts)
    width = max(1, min(most, len(shared) - 1, counts.shape[0] - 1))
    reduce = TruncatedSVD(width, n_iter=4, random_state=0)
    with np.errstate(invalid="ignore"):  # equal texts have no variance
        reduce.fit(weigh.transform(counts))

    def write(out: NDArray[np.float32]) -> None:
        for start in range(0, rows, BATCH):
            part = words.transform(_plain(texts.iloc[start : start + BATCH]))[:, shared]
            out[start : start + BATCH] = normalize(reduce.transform(weigh.transform(part)))

    return (name,) * width, write


def _vectorizer(texts: pd.Series) -> Any:
    """Return what counts the words of texts, or the characters of short ones."""
    from sklearn.feature_extraction.text import HashingVectorizer

    options: dict[str, Any] = {"alternate_sign": False, "norm": None, "dtype": np.float32}
    there = texts[texts.notna()]
    sample = _plain(there.iloc[:: max(1, len(there) // LOOK)].iloc[:LOOK])
    if not writing.by_characters(sample):
        return HashingVectorizer(n_features=WORDS, ngram_range=(1, 2), **options)
    blanks = any(" " in text for text in sample)
    return HashingVectorizer(
        n_features=WORDS,
        analyzer="char_wb" if blanks else "char",
        lowercase=blanks,  # a molecule's letters differ in case
        ngram_range=CHARACTERS,
        **options,
    )


def _plain(texts: pd.Series) -> list[str]:
    found: list[str] = texts.astype(object).where(texts.notna(), "").map(str).tolist()
    return found
