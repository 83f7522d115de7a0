"""Rows on a map: a sample of them in two dimensions, similar rows close together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.threads import one_thread
from dataperf.records import FloatArray, IntArray
from dataperf.records.rows import Rows

#: Maximum number of rows on the map, and of rows that t-SNE places; others follow their nearest.
MOST, PLACED = 4_000, 2_000
#: Below this number of rows t-SNE is not used.
FEW = 50


@dataclass(frozen=True)
class Layout:
    """Where rows lie on the map.

    Parameters
    ----------
    rows : (m,) array of int
        Row numbers, sorted.
    places : (m, 2) array of float64
        From 0 to 1, with the aspect ratio kept.
    method
        Name of the method that placed them.
    """

    rows: IntArray
    places: FloatArray
    method: str


def layout(rows: Rows, first: IntArray, *, most: int = MOST, seed: int = 0) -> Layout:
    """Place a sample of rows in two dimensions.

    At most 50 principal components of the sample go into t-SNE [1]_, which places at most
    ``PLACED`` rows. Every other row is placed at the mean of its three nearest placed rows,
    weighted by 1/distance. Fewer than ``FEW`` rows, or one or two features, are placed by
    principal components alone.

    Parameters
    ----------
    rows
        The data.
    first : array of int
        Rows to include in the sample (up to a third of it), the most important first.
    most
        Maximum number of rows.
    seed
        Random seed of the sample and of the layout.

    References
    ----------
    .. [1] L. van der Maaten & G. Hinton, Visualizing data using t-SNE, JMLR 9, 2008.
    """
    picked = sample(len(rows), first, most=most, seed=seed)
    features = np.asarray(rows.features[picked], dtype=np.float32)
    shape = min(features.shape[1], len(features) - 1, 50)
    if shape < 1 or not np.ptp(features, axis=0).any():
        return Layout(picked, np.full((len(picked), 2), 0.5), "all rows are equal")
    from sklearn.decomposition import PCA

    with one_thread():
        whole = PCA(shape, random_state=seed).fit_transform(features)
        if len(features) < FEW or features.shape[1] < 3:
            flat = np.pad(whole[:, :2], ((0, 0), (0, max(0, 2 - shape))))
            return Layout(picked, _fitted(flat), "principal components")
        return Layout(picked, _fitted(_tsne(whole, seed)), "t-SNE")


def sample(count: int, first: IntArray, *, most: int, seed: int) -> IntArray:
    """Return sorted row numbers: all if they are few, otherwise the wanted and random others."""
    if count <= most:
        return np.arange(count)
    wanted = np.asarray(list(dict.fromkeys(first.tolist())), dtype=np.intp)[: most // 3]
    drawn = np.random.default_rng(seed).choice(count, most, replace=False)
    rest = drawn[~np.isin(drawn, wanted)][: most - len(wanted)]
    return np.sort(np.concatenate([wanted, rest]).astype(np.intp))


def _tsne(whole: NDArray[np.float32], seed: int) -> FloatArray:
    from sklearn.manifold import TSNE
    from sklearn.neighbors import NearestNeighbors

    order = np.random.default_rng(seed).permutation(len(whole))
    placed, rest = order[:PLACED], order[PLACED:]
    near = min(30.0, (len(placed) - 1) / 3)
    fit = TSNE(2, perplexity=near, init="pca", max_iter=500, random_state=seed)
    found = np.empty((len(whole), 2))
    found[placed] = fit.fit_transform(whole[placed])
    if len(rest):
        index = NearestNeighbors(n_neighbors=3).fit(whole[placed])
        apart, nearest = index.kneighbors(whole[rest])
        weight = 1 / np.maximum(apart, 1e-9)
        weight /= weight.sum(axis=1, keepdims=True)
        found[rest] = np.einsum("ij,ijk->ik", weight, found[placed][nearest])
    return found


def _fitted(places: FloatArray) -> FloatArray:
    """Scale places into the unit square; the farthest 0.05 % on each side lie on its edge."""
    low, high = np.quantile(places, [0.0005, 0.9995], axis=0)
    size = float(np.max(high - low)) or 1.0
    middle = (low + high) / 2
    found: FloatArray = np.clip((places - middle) / size + 0.5, 0.0, 1.0)
    return found
