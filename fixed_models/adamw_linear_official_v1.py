"""Two linear layers trained by AdamW, with a tuned threshold, as DataPerf's debugging ran them.

Linear(d, 128) and Linear(128, 1) with nothing between them, binary cross-entropy of the
logit (mean), AdamW with learning rate 0.01 and weight decay 0.9, 20 epochs over batches of 64
rows in the order given, all in float32. Then, of the thresholds 0.1, 0.15, ... 0.95, the first
that labels most training rows right (accuracy rounded to two digits).

It is PyTorch's arithmetic without PyTorch. Initial weights are Mersenne Twister draws of
``torch.manual_seed``: 24 bits each, scaled to +-1 / sqrt(fan in), in the order W1, b1, W2, b2.
With nothing between the layers a row's logit is x.u + c with u = W1'w2, and the gradient of
W1 is the outer product of w2 and s = X'g, so that a step costs four products of a matrix and
a vector, and AdamW's update of 128 x d numbers is what takes the time.

References
----------
Loshchilov & Hutter (2019), Decoupled weight decay regularization.
He, Zhang, Ren & Sun (2015), Delving deep into rectifiers (the bound of initial weights).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numba  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import ArrayLike, NDArray

Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

HIDDEN = 128
EPOCHS = 20
BATCH = 64
RATE, DECAY = 0.01, 0.9
FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8  # AdamW's averages, and what keeps it from zero
THRESHOLDS = np.arange(0.1, 1, 0.05)


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learned, one of each for every seed.

    Attributes
    ----------
    direction : (seeds, d) float32
        u, what a row is multiplied with.
    offset : (seeds,) float32
        c, added to it.
    threshold : (seeds,) float32
        Above it the predicted chance says 1.
    """

    direction: Singles
    offset: Singles
    threshold: Singles


def era() -> str:
    """Return a name for the numeric behaviour."""
    return "float32, AdamW of PyTorch 2"


def size(fitted: Fitted) -> int:
    """Return the bytes of the learned parameters, both layers' weights and the threshold."""
    seeds, width = fitted.direction.shape
    return seeds * 4 * (HIDDEN * width + 2 * HIDDEN + 2)


def example() -> dict[str, Any]:
    """Return arguments to try the model with."""
    random = np.random.RandomState(0)
    labels = np.tile([0, 1], 20)
    features = random.normal(size=(40, 6)) + 2.0 * labels[:, None]
    return {"features": features, "labels": labels, "classes": 2, "test": features[:9]}


def fit(features: ArrayLike, labels: ArrayLike, *, classes: int, seeds: Sequence[int]) -> Fitted:
    """Train on the rows, once for every seed.

    Parameters
    ----------
    features : (n, d) array of finite numbers
        Turned into float32.
    labels : (n,) of 0 and 1
    classes : int
        Must be 2.
    seeds : sequence of int in [0, 2**32)

    Returns
    -------
    Fitted

    Raises
    ------
    ValueError
        Not two classes, no rows, numbers that are not finite, or shapes that do not fit.
    """
    return next(fit_series(features, [labels], classes=classes, seeds=seeds))


def fit_series(
    features: ArrayLike, label_sets: Sequence[ArrayLike], *, classes: int, seeds: Sequence[int]
) -> Iterator[Fitted]:
    """Train on the same rows with one labelling after the other; the same as `fit` on each."""
    rows = np.ascontiguousarray(features, dtype=np.float32)
    if rows.ndim != 2 or not rows.size or not len(seeds):
        raise ValueError(f"features of shape {rows.shape}, {len(seeds)} seeds")
    if classes != 2:
        raise ValueError(f"this model tells two classes apart, not {classes}")
    if not np.isfinite(rows).all():
        raise ValueError("features must be finite")
    starts = [_initial(rows.shape[1], seed) for seed in seeds]
    for labels in label_sets:
        truth = np.asarray(labels)
        if truth.shape != (len(rows),) or not np.isin(truth, (0, 1)).all():
            raise ValueError(f"labels must be {len(rows)} times 0 or 1")
        found = [_train(rows, truth.astype(np.float32), *start) for start in starts]
        yield Fitted(
            np.stack([direction for direction, _, _ in found]),
            np.array([offset for _, offset, _ in found], dtype=np.float32),
            np.array([threshold for _, _, threshold in found], dtype=np.float32),
        )


def predict(fitted: Fitted, features: ArrayLike) -> Ints:
    """Return the label of every row for every seed.

    Parameters
    ----------
    fitted : Fitted
    features : (n, d) array of finite numbers

    Returns
    -------
    (seeds, n) int64

    Raises
    ------
    ValueError
        Not a table as wide as the training rows, or not finite.
    """
    rows = np.asarray(features, dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] != fitted.direction.shape[1]:
        raise ValueError(f"features have shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError("features must be finite")
    found = [
        _chance(rows @ direction + offset) > threshold
        for direction, offset, threshold in zip(
            fitted.direction, fitted.offset, fitted.threshold, strict=True
        )
    ]
    return np.stack(found).astype(np.int64)


def _initial(width: int, seed: int) -> tuple[Singles, Singles, Singles, Singles]:
    """Return W1 (128, d), b1 (128,), W2 (128,) and b2 (1,) as PyTorch draws them."""
    twister = np.random.RandomState(seed)

    def draw(count: int, fan_in: int) -> Singles:
        bits = twister.randint(0, 2**32, count, dtype=np.uint32) & np.uint32(2**24 - 1)
        bound = 1.0 / np.sqrt(fan_in)
        uniform = bits.astype(np.float32) * np.float32(2.0**-24)
        return uniform * np.float32(2.0 * bound) - np.float32(bound)

    first = draw(HIDDEN * width, width).reshape(HIDDEN, width)
    return first, draw(HIDDEN, width), draw(HIDDEN, HIDDEN), draw(1, HIDDEN)


def _train(
    rows: Singles, truth: Singles, w1: Singles, b1: Singles, w2: Singles, b2: Singles
) -> tuple[Singles, np.float32, np.float32]:
    """Return direction, offset and threshold."""
    w1, small = w1.copy(), np.concatenate([b1, w2, b2])
    moments = [np.zeros_like(w1), np.zeros_like(w1), np.zeros_like(small), np.zeros_like(small)]
    slopes = np.empty_like(small)
    step = 0
    for _ in range(EPOCHS):
        for start in range(0, len(rows), BATCH):
            part, said = rows[start : start + BATCH], truth[start : start + BATCH]
            b1, w2, b2 = small[:HIDDEN], small[HIDDEN:-1], small[-1]
            logits = part @ (w2 @ w1) + (b1 @ w2 + b2)
            error = (_chance(logits) - said) / np.float32(len(part))
            pulled, total = error @ part, error.sum()
            slopes[:HIDDEN] = w2 * total
            slopes[HIDDEN:-1] = w1 @ pulled + b1 * total
            slopes[-1] = total
            step += 1
            factors = _factors(step)
            _update(w1, moments[0], moments[1], w2.copy(), pulled, factors)
            _update(small[None], moments[2][None], moments[3][None], ONE, slopes, factors)
    b1, w2, b2 = small[:HIDDEN], small[HIDDEN:-1], small[-1]
    direction, offset = w2 @ w1, np.float32(b1 @ w2 + b2)
    chance = _chance(rows @ direction + offset)
    scores = [round(float(np.mean((chance > np.float32(t)) == truth)), 2) for t in THRESHOLDS]
    return direction, offset, np.float32(THRESHOLDS[int(np.argmax(scores))])


ONE = np.ones(1, dtype=np.float32)


def _chance(logits: Singles) -> Singles:
    """Return 1 / (1 + exp(-logits)) in float32."""
    with np.errstate(over="ignore"):
        return np.float32(1.0) / (np.float32(1.0) + np.exp(-logits))


def _factors(step: int) -> Singles:
    """Return what an update takes: decay, step size, root, averages' shares, epsilon."""
    size_of_step = RATE / (1.0 - FIRST**step)
    root = np.sqrt(1.0 - SECOND**step)
    values = [1.0 - RATE * DECAY, size_of_step, root, 1.0 - FIRST, SECOND, 1.0 - SECOND, EPSILON]
    return np.array(values, dtype=np.float32)


@numba.njit(  # type: ignore[untyped-decorator]
    "void(float32[:,::1],float32[:,::1],float32[:,::1],float32[::1],float32[::1],float32[::1])",
    error_model="numpy",
    cache=True,
)
def _update(
    weights: Singles, first: Singles, second: Singles, left: Singles, right: Singles, f: Singles
) -> None:
    """Move weights by AdamW where the gradient is the outer product of two vectors."""
    decay, size_of_step, root, new, kept, squared, epsilon = f[0], f[1], f[2], f[3], f[4], f[5], f[6]
    for i in range(weights.shape[0]):
        factor = left[i]
        w, a, b = weights[i], first[i], second[i]
        for j in range(weights.shape[1]):
            slope = factor * right[j]
            mean = a[j] + new * (slope - a[j])
            square = b[j] * kept + squared * slope * slope
            a[j] = mean
            b[j] = square
            w[j] = w[j] * decay - size_of_step * (mean / (np.sqrt(square) / root + epsilon))
