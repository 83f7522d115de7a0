"""5,500 image-caption pairs of digits, most of them faulty as in web data; four test sets.

1,700 of the pairs are good: different digits, each with a caption that names it. The others have
the faults of web data: captions of another digit, captions that name no digit, images without
content, pairs about something else, and repeated pairs.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.datasets import mnist_5k, optical_digits
from dataperf.datasets.digit_concepts import halved
from dataperf.records import Card, FloatArray, Generated, Table

card = Card(
    title="Captioned digits",
    description="14 x 14 grey values of a digit and 128 features of its caption (hashed words). "
    "Pool: 1,700 good pairs; 1,100 with a caption of another digit, 700 with a caption that names "
    "no digit, 700 with an image without content, 700 about something else, 600 copies of 30 good "
    "pairs. Tests: 500 other digits, 500 rotated, 500 faint and noisy, and 1,797 digits of other "
    "writers.",
    licence="CC BY-SA 3.0 (MNIST), CC BY 4.0 (optical digits)",
    source="mnist_5k, optical_digits",
    attribution="Yann LeCun, Corinna Cortes, Christopher J. C. Burges; E. Alpaydin, C. Kaynak",
    known_limits="Images are real; captions and faults are generated. Words are hashed, so two "
    "words may share a feature.",
)

source = Generated(inputs=("mnist_5k", "optical_digits"))

SEED = 20_230_427
SIDE, TEXT = 14, 128
TESTED = 150  # test images of every digit, a third for each of three test sets
GOOD, WRONG, VAGUE, JUNK, OTHER, COPIES = 1700, 1100, 700, 700, 700, 600
COPIED = 30

NAMES = {word: (word, str(number)) for number, word in enumerate(mnist_5k.WORDS)}
FORMS = (
    "a handwritten {}",
    "the digit {}",
    "number {}",
    "scan of the digit {}",
    "{} written by hand in ink",
    "{}",
    "a photo of the number {}",
    "my best {}",
)
EMPTY = (
    "img {}",
    "scan page {}",
    "a number on paper",
    "handwriting sample",
    "untitled",
    "click to enlarge",
    "best price free shipping",
    "photo of a digit",
)
THINGS = ("boat", "chair", "kite", "lamp", "apple", "bridge", "shoe", "tree", "cup", "window")
COLOURS = ("blue", "old", "small", "wooden", "bright", "broken")
#: For each digit, the digit that half of its wrong captions name.
CONFUSED_WITH = (6, 7, 3, 8, 9, 3, 0, 1, 5, 4)


def table(path: Path | None) -> Table:
    """Return the pool's pairs in random order, then the test sets.

    Returns
    -------
    Table
        Ids: 32 hexadecimal digits, as in DataComp. Features: (n, 324) float32, 196 grey values of
        the image (0 to 1) and 128 caption features (zeros in tests). Columns: ``part`` (``pool``
        or the name of a test set), ``caption``, ``digit`` (``zero`` to ``nine``, "?" for images
        without a digit) and ``defect`` ("" for good pairs).
    """
    digits = mnist_5k.table(None)
    number = np.array([mnist_5k.WORDS.index(word) for word in digits.columns["digit"]])
    random = np.random.RandomState(SEED)
    order = random.permutation(len(number))
    place = np.empty(len(number), dtype=np.intp)
    for digit in range(10):
        own = order[number[order] == digit]
        place[own] = np.arange(len(own))
    tested, rest = order[place[order] < TESTED], order[place[order] >= TESTED]
    pool = _pool(random, digits.features, number, rest)
    thirds = [tested[place[tested] % 3 == third] for third in range(3)]
    tests = _tests(random, digits.features, number, thirds)
    return _joined([pool, *tests])


Part = tuple[str, FloatArray, list[str], NDArray[np.intp], list[str]]


def _pool(
    random: np.random.RandomState, images: FloatArray, number: NDArray[Any], rows: NDArray[np.intp]
) -> Part:
    good, wrong, vague = np.split(rows[: GOOD + WRONG + VAGUE], [GOOD, GOOD + WRONG])
    wrong_digits = [_other(random, digit) for digit in number[wrong].tolist()]
    copied = np.repeat(good[:COPIED], COPIES // COPIED)
    pixels = [
        halved(images[good]),
        halved(images[wrong]),
        halved(images[vague]),
        _nothing(random, JUNK),
        _strokes(random, OTHER),
        halved(_shifted(random, images[copied])),
    ]
    good_captions = [_named(random, digit) for digit in number[good].tolist()]
    captions = [
        *good_captions,
        *(_named(random, digit) for digit in wrong_digits),
        *(EMPTY[random.randint(len(EMPTY))].format(random.randint(1000)) for _ in vague),
        *(_named(random, digit) for digit in random.randint(0, 10, JUNK).tolist()),
        *(_thing(random) for _ in range(OTHER)),
        *(good_captions[at] for at in np.repeat(np.arange(COPIED), COPIES // COPIED)),
    ]
    unknown = np.full(JUNK + OTHER, -1)
    digit = np.concatenate([number[good], number[wrong], number[vague], unknown, number[copied]])
    counts = (GOOD, WRONG, VAGUE, JUNK, OTHER, COPIES)
    kinds = ("", "wrong caption", "vague caption", "junk image", "off topic", "copy")
    defects = np.repeat(kinds, counts)
    mixed = random.permutation(len(digit))
    return (
        "pool",
        np.concatenate(pixels)[mixed],
        [captions[at] for at in mixed],
        digit[mixed],
        defects[mixed].tolist(),
    )


def _tests(
    random: np.random.RandomState,
    images: FloatArray,
    number: NDArray[Any],
    thirds: Sequence[NDArray[np.intp]],
) -> Iterable[Part]:
    others = optical_digits.table(None)
    theirs = np.array([mnist_5k.WORDS.index(word) for word in others.columns["digit"]])
    plain, turned, faint = (images[rows] for rows in thirds)
    pale = 0.45 * halved(faint)
    sets = {
        "digits": (halved(plain), number[thirds[0]]),
        "turned": (halved(_turned(random, turned)), number[thirds[1]]),
        "faint": (
            np.clip(pale + 0.12 * random.standard_normal(pale.shape), 0.0, 1.0),
            number[thirds[2]],
        ),
        "writers": (halved(optical_digits.as_mnist(others.features)), theirs),
    }
    for name, (pixels, digit) in sets.items():
        yield name, pixels, [""] * len(pixels), digit, [""] * len(pixels)


def _joined(parts: Sequence[Part]) -> Table:
    names = [name for name, pixels, *_ in parts for _ in range(len(pixels))]
    captions = [caption for _, _, texts, *_ in parts for caption in texts]
    digit = np.concatenate([each for *_, each, _ in parts])
    images = np.concatenate([pixels for _, pixels, *_ in parts])
    features = np.hstack([images, text_features(captions)]).astype(np.float32)
    return Table(
        ids=np.array([_uid(f"{name} {row}") for row, name in enumerate(names)]),
        features=features,
        columns={
            "part": np.array(names),
            "caption": np.array(captions),
            "digit": np.array([*mnist_5k.WORDS, "?"])[digit],
            "defect": np.array([each for *_, defects in parts for each in defects]),
        },
    )


def facts(path: Path | None) -> dict[str, Any]:
    """Return the number of caption features and the words that name each class.

    Returns
    -------
    dict
        ``text features`` (int) and ``names`` ({class: [word, ...]}).
    """
    return {"text features": TEXT, "names": {word: list(names) for word, names in NAMES.items()}}


def prompts(classes: Sequence[str]) -> FloatArray:
    """Return the text features of a caption for every class, (classes, 128)."""
    return text_features([f"a handwritten {name}" for name in classes])


def text_features(captions: Sequence[str]) -> FloatArray:
    """Return text features of captions: signed counts of hashed words, scaled to length 1.

    Parameters
    ----------
    captions : sequence of n str

    Returns
    -------
    (n, 128) array of float

    Examples
    --------
    >>> one, other = text_features(["a seven", "A SEVEN!"])
    >>> bool((one == other).all()), round(float(one @ one), 6)
    (True, 1.0)
    """
    found: NDArray[np.float64] = np.zeros((len(captions), TEXT))
    for row, caption in enumerate(captions):
        for word in re.findall(r"\w+", caption.casefold()):
            column, sign = _hashed(word)
            found[row, column] += sign
    length = np.sqrt((found**2).sum(axis=1, keepdims=True))
    found /= np.where(length > 0, length, 1.0)
    return found


@functools.lru_cache(maxsize=10_000)
def _hashed(word: str) -> tuple[int, float]:
    value = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
    return value % TEXT, 1.0 if value >> 63 else -1.0


def _uid(name: str) -> str:
    return hashlib.sha256(f"captioned digits {SEED} {name}".encode()).hexdigest()[:32]


def _named(random: np.random.RandomState, digit: int) -> str:
    word, figure = NAMES[mnist_5k.WORDS[digit]]
    name = word if random.random_sample() < 0.7 else figure
    return FORMS[random.randint(len(FORMS))].format(name)


def _other(random: np.random.RandomState, digit: int) -> int:
    """Return another digit; half of the time the one in ``CONFUSED_WITH``."""
    if random.random_sample() < 0.5:
        return CONFUSED_WITH[digit]
    return int((digit + random.randint(1, 10)) % 10)


def _thing(random: np.random.RandomState) -> str:
    thing, colour = THINGS[random.randint(len(THINGS))], COLOURS[random.randint(len(COLOURS))]
    return f"a {colour} {thing}"


def _nothing(random: np.random.RandomState, count: int) -> FloatArray:
    """Return images of noise, of one grey value, and of black, in turn."""
    images: FloatArray = np.zeros((count, SIDE * SIDE))
    images[::3] = random.random_sample((len(images[::3]), SIDE * SIDE))
    images[1::3] = random.random_sample((len(images[1::3]), 1))
    return images


def _strokes(random: np.random.RandomState, count: int) -> FloatArray:
    """Return images of a few straight bars."""
    images: FloatArray = np.zeros((count, SIDE, SIDE))
    for image in images:
        for _ in range(random.randint(2, 5)):
            at, start = random.randint(1, SIDE - 1), random.randint(0, SIDE - 5)
            span = slice(start, start + random.randint(4, SIDE))
            if random.random_sample() < 0.5:
                image[at, span] = 1.0
            else:
                image[span, at] = 1.0
    return images.reshape(count, -1)


def _shifted(random: np.random.RandomState, images: FloatArray) -> FloatArray:
    shifted = images.reshape(-1, 28, 28).copy()
    for place, image in enumerate(shifted):
        shifted[place] = np.roll(image, tuple(random.randint(-1, 2, 2)), axis=(0, 1))
    return shifted.reshape(len(images), -1)


def _turned(random: np.random.RandomState, images: FloatArray) -> FloatArray:
    """Return images rotated by 15 to 30 degrees to either side, nearest pixel."""
    found = np.empty_like(images).reshape(-1, 28, 28)
    y, x = np.mgrid[:28, :28] - 13.5
    for place, image in enumerate(images.reshape(-1, 28, 28)):
        angle = np.deg2rad(random.uniform(15, 30)) * random.choice([-1, 1])
        rows = np.rint(y * np.cos(angle) - x * np.sin(angle) + 13.5).astype(np.intp)
        columns = np.rint(y * np.sin(angle) + x * np.cos(angle) + 13.5).astype(np.intp)
        inside = (rows >= 0) & (rows < 28) & (columns >= 0) & (columns < 28)
        found[place] = np.where(inside, image[rows.clip(0, 27), columns.clip(0, 27)], 0.0)
    return found.reshape(len(images), -1)
