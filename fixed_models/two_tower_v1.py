"""Two towers, one for images and one for captions, trained to tell which belong together.

The image tower is input - 128 - 32 (ReLU between), the text tower input - 32 linear; both
outputs are scaled to length one. A batch of pairs has the symmetric loss of CLIP: with
similarities s = <image i, text j> / T, cross-entropy of every row and of every column of s
against the diagonal, the mean of both (Radford et al. 2021, figure 3; van den Oord et al.
2018). A row is classified by the prompt, a class's name in words, whose text is nearest.

Pinned rules of v1
    T = 0.2. Adam (Kingma & Ba 2015): rate 2e-3, falling to zero by a half cosine over the
    steps; decay rates 0.9 and 0.98, epsilon 1e-8, no weight decay.
    Rows are seen once, in the order given, in batches of 128; a last part of a batch with
    fewer than 2 rows is left out. How many samples are seen is the caller's business.
    Every time an image is seen, normal noise of deviation 0.3 is added to its features.
    Weights start uniform in +-1/sqrt(inputs), drawn from RandomState(seed) in the order
    image 1, image 2, text, and the noise after them; biases, of the image tower only, start
    at zero.
    Inputs are taken as they are. All arithmetic is float64.
    Labels are ignored; one model is trained for every seed.
    Where two prompts are equally near, the first class wins.

References
----------
Radford et al. (2021), Learning transferable visual models from natural language supervision.
van den Oord, Li & Vinyals (2018), Representation learning with contrastive predictive coding.
Kingma & Ba (2015), Adam: a method for stochastic optimization.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HIDDEN, WIDTH, BATCH = 128, 32, 128
TEMPERATURE, NOISE, RATE, DECAY, SMALL = 0.2, 0.3, 2e-3, (0.9, 0.98), 1e-8


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learned.

    Attributes
    ----------
    towers : list, one for every seed, of four arrays
        Image weights (d, 128) and biases (128,), image weights (128, 32), text weights (t, 32).
    prompts : (classes, t) float64
        Text features of the classes.
    """

    towers: list[list[Floats]]
    prompts: Floats


def era() -> str:
    """Return the name of the numeric behaviour."""
    return "numpy float64"


def size(fitted: Fitted) -> int:
    """Return the bytes of all towers."""
    return sum(array.nbytes for tower in fitted.towers for array in tower)


def fit(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    classes: int,
    seeds: Sequence[int],
    prompts: ArrayLike,
) -> Fitted:
    """Train both towers once for every seed.

    Parameters
    ----------
    features : (n, d + t) float
        Pairs in the order in which they are seen: image features, then text features.
    labels
        Ignored.
    classes : int
    seeds : sequence of int in [0, 2**32)
    prompts : (classes, t) float
        Text features of the classes' names.

    Returns
    -------
    Fitted

    Raises
    ------
    ValueError
        Fewer than two rows, shapes that do not fit, values that are not finite, no seeds.
    """
    told = np.asarray(prompts, dtype=np.float64)
    pairs = np.asarray(features)
    if told.ndim != 2 or len(told) != classes:
        raise ValueError(f"prompts must be ({classes}, t), got {told.shape}")
    if pairs.ndim != 2 or pairs.shape[1] <= told.shape[1] or len(pairs) < 2:
        raise ValueError(
            f"features must be two pairs or more, (n, d + {told.shape[1]}), got {pairs.shape}"
        )
    if not np.isfinite(pairs).all() or not np.isfinite(told).all():
        raise ValueError("features and prompts must be finite")
    if len(seeds) == 0:
        raise ValueError("at least one seed is needed")
    return Fitted([_train(pairs, told.shape[1], seed) for seed in seeds], told)


def predict(fitted: Fitted, features: ArrayLike) -> Ints:
    """Return the class whose prompt is nearest, (seeds, rows) int64.

    Parameters
    ----------
    fitted : Fitted
    features : (rows, d + t) float
        As in ``fit``; the text features do not count.
    """
    given = np.asarray(features, dtype=np.float64)
    width = given.shape[1] - fitted.prompts.shape[1]
    return np.stack([_nearest(tower, given[:, :width], fitted.prompts) for tower in fitted.towers])


def similarity(fitted: Fitted, features: ArrayLike) -> Floats:
    """Return how well image and text of every row go together, (seeds, rows) in -1..1."""
    given = np.asarray(features, dtype=np.float64)
    width = given.shape[1] - fitted.prompts.shape[1]
    found = []
    for first, bias, second, text in fitted.towers:
        image, _ = _unit(np.maximum(given[:, :width] @ first + bias, 0.0) @ second)
        found.append((image * _unit(given[:, width:] @ text)[0]).sum(axis=1))
    return np.stack(found)


def example() -> dict[str, Any]:
    """Return arguments to try the model with: 64 pairs, 3 classes."""
    random = np.random.RandomState(0)
    labels = random.randint(0, 3, 64)
    images = random.standard_normal((64, 5)) + 2.0 * np.eye(5)[labels]
    pairs = np.hstack([images, np.eye(4)[labels]])
    return {
        "features": pairs,
        "labels": labels,
        "classes": 3,
        "test": pairs[:20],
        "prompts": np.eye(4)[:3],
    }


# ------------------------------------------------------------------- training


def _train(pairs: NDArray[Any], texts: int, seed: int) -> list[Floats]:
    random = np.random.RandomState(seed)
    inputs = pairs.shape[1] - texts
    shapes = [(inputs, HIDDEN), (HIDDEN, WIDTH), (texts, WIDTH)]
    first, second, text = (
        (2.0 * random.random_sample(shape) - 1.0) / np.sqrt(shape[0]) for shape in shapes
    )
    weights = [first, np.zeros(HIDDEN), second, text]
    means = [np.zeros_like(each) for each in weights]
    squares = [np.zeros_like(each) for each in weights]
    starts = [at for at in range(0, len(pairs), BATCH) if len(pairs) - at >= 2]
    for step, start in enumerate(starts):
        batch = pairs[start : start + BATCH].astype(np.float64)
        noise = NOISE * random.standard_normal((len(batch), inputs))
        slopes = _gradient(weights, batch[:, :inputs] + noise, batch[:, inputs:])
        rate = RATE * 0.5 * (1.0 + np.cos(np.pi * step / len(starts)))
        later = [1.0 - decay ** (step + 1) for decay in DECAY]
        for weight, mean, square, slope in zip(weights, means, squares, slopes, strict=True):
            mean += (1.0 - DECAY[0]) * (slope - mean)
            square += (1.0 - DECAY[1]) * (slope * slope - square)
            weight -= rate * (mean / later[0]) / (np.sqrt(square / later[1]) + SMALL)
    return weights


def _gradient(weights: list[Floats], images: Floats, texts: Floats) -> list[Floats]:
    """Return the gradient of a batch's loss by every weight."""
    first, bias, second, text = weights
    hidden = np.maximum(images @ first + bias, 0.0)
    image, image_length = _unit(hidden @ second)
    word, word_length = _unit(texts @ text)
    scores = image @ word.T / TEMPERATURE
    both = (_softmax(scores) + _softmax(scores.T).T) / 2.0
    slope = (both - np.eye(len(images))) / (len(images) * TEMPERATURE)
    by_image = _through_unit(slope @ word, image, image_length)
    by_word = _through_unit(slope.T @ image, word, word_length)
    by_hidden = (by_image @ second.T) * (hidden > 0.0)
    return [
        images.T @ by_hidden,
        by_hidden.sum(axis=0),
        hidden.T @ by_image,
        texts.T @ by_word,
    ]


def _unit(vectors: Floats) -> tuple[Floats, Floats]:
    """Return rows scaled to length one, and their lengths; rows of zeros stay."""
    length = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    length = np.where(length > 0.0, length, 1.0)
    return vectors / length, length


def _through_unit(slope: Floats, unit: Floats, length: Floats) -> Floats:
    return (slope - unit * (slope * unit).sum(axis=1, keepdims=True)) / length


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _nearest(tower: list[Floats], images: Floats, prompts: Floats) -> Ints:
    first, bias, second, text = tower
    image = np.maximum(images @ first + bias, 0.0) @ second
    return np.argmax(image @ _unit(prompts @ text)[0].T, axis=1)
