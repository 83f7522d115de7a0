"""Find clusters of rows (pure)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataperf.evidence import discretize

CLUSTERS = (2, 3, 4, 6, 8, 12)
#: Minimum mean silhouette of clusters.
SILHOUETTE = 0.15
SEEN, JUDGED = 20_000, 2_000


def found(
    features: NDArray[np.float32], seed: int
) -> tuple[NDArray[np.int32] | None, float | None]:
    """Return the cluster of each row, and how well the clusters are separated.

    k-means on at most 20,000 rows, with the k from 2 to 12 that has the highest mean silhouette
    [1]_.

    Parameters
    ----------
    features : (n, d) array
    seed
        Random seed of the sample and the centres.

    Returns
    -------
    clusters : (n,) array of int32, or None
        None if the best mean silhouette is below 0.15: there are no clear clusters.
    silhouette : float or None
        Mean silhouette; None if there are too few different rows.

    References
    ----------
    .. [1] P. Rousseeuw, Silhouettes, Journal of Computational and Applied Mathematics 20 (1987).
    """
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.metrics import silhouette_score

    seen = features[discretize.sample(len(features), SEEN, seed)]
    if not features.shape[1] or len(np.unique(seen[:1000], axis=0)) <= 2 * max(CLUSTERS):
        return None, None
    judged = discretize.sample(len(seen), JUDGED, seed + 1)
    best, kept = -1.0, None
    for count in CLUSTERS:
        model = MiniBatchKMeans(count, random_state=seed, n_init=3, batch_size=2048).fit(seen)
        codes = model.predict(seen[judged])
        if 1 < len(np.unique(codes)) < len(codes):
            value = float(silhouette_score(seen[judged], codes))
            best, kept = (value, model) if value > best else (best, kept)
    if kept is None or best < SILHOUETTE:
        return None, best
    return np.unique(kept.predict(features), return_inverse=True)[1].astype(np.int32), best
