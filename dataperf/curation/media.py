"""Pictures and sounds: folders of them, what they show, and numbers for what they look like."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dataperf.curation import characters, folders, kept, sounds
from dataperf.curation.loaded import Loaded, Progress, plural, refuse, row_numbers, shorten
from dataperf.errors import DataperfError, Unavailable, did_you_mean

MediaKind = Literal["image", "audio"]
Item = Path | bytes

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
AUDIO = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".au", ".opus")
ENDINGS: dict[MediaKind, tuple[str, ...]] = {"image": IMAGES, "audio": AUDIO}
#: Names of subfolders that are parts of the data, not classes.
PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"}
EMBEDDINGS: dict[MediaKind, tuple[str, ...]] = {
    "image": ("auto", "network", "pixels"),
    "audio": ("auto", "network", "mfcc"),
}
#: Side of the grey picture that ``pixels`` makes of an image.
SIDE = 32


@dataclass(frozen=True)
class Files:
    """Pictures or sounds in files or in memory, opened when they are shown.

    Parameters
    ----------
    kind
        ``"image"`` or ``"audio"``.
    items
        One path, or the bytes of one file, for each row.
    """

    kind: MediaKind
    items: Sequence[Item]

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Return the picture, or the spectrogram of the sound."""
        if self.kind == "image":
            return open_image(self.items[row])
        return sounds.spectrogram(*sounds.open_sound(self.items[row]))

    def sound(self, row: int) -> tuple[NDArray[np.float32], int] | None:
        """Return samples in -1..1 and their rate in Hz; None for pictures."""
        return None if self.kind == "image" else sounds.open_sound(self.items[row])


@dataclass(frozen=True)
class Pictures:
    """Rows of numbers that are pictures.

    Parameters
    ----------
    values : (n, height, width) or (n, height, width, channels) array
    low, high
        What is drawn black and white.
    """

    values: NDArray[Any]
    low: float
    high: float
    kind: Literal["image"] = "image"

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Return the picture of a row."""
        span = (self.high - self.low) or 1.0
        shares = np.clip((np.asarray(self.values[row], np.float64) - self.low) / span, 0.0, 1.0)
        drawn = np.round(np.nan_to_num(shares) * 255).astype(np.uint8)
        return drawn[..., 0] if drawn.ndim == 3 and drawn.shape[2] == 1 else drawn

    def sound(self, row: int) -> None:
        """Return None: there is no sound."""


def open_image(item: Item) -> NDArray[np.uint8]:
    """Return an image as (height, width, 3); grey ones as (height, width).

    It is turned the way its camera was held; what is transparent becomes white; images of
    16 bits are brought to 8.

    Raises
    ------
    ValueError, OSError
        If it cannot be read.
    """
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(item) if isinstance(item, bytes) else item) as file:
        file.load()
        image = ImageOps.exif_transpose(file)
        if image.mode.startswith(("I", "F")):
            values = np.asarray(image, dtype=np.float64)
            high = 65_535.0 if values.max() > 255 else 255.0
            return np.clip(values / high * 255, 0, 255).astype(np.uint8)
        if image.mode in ("L", "1"):
            return np.asarray(image.convert("L"))
        if "A" in image.mode or "transparency" in image.info:
            behind = Image.new("RGBA", image.size, "white")
            return np.asarray(Image.alpha_composite(behind, image.convert("RGBA")).convert("RGB"))
        return np.asarray(image.convert("RGB"))


def read_folder(folder: Path, *, embedding: str, progress: Progress) -> Loaded:
    """Return a folder of images or of audio whose subfolders are the classes.

    Subfolders that are all named like parts of the data (train, test, ...) hold the classes'
    folders, and become the split. Files that cannot be read are listed in ``skipped``.

    Raises
    ------
    Invalid
        If there are no files, no subfolders, or none that can be read.
    """
    import pandas as pd

    paths, denied = folders.files_in(folder)
    counts = {
        kind: sum(path.suffix.lower() in endings for path in paths)
        for kind, endings in ENDINGS.items()
    }
    kind: MediaKind = "image" if counts["image"] >= counts["audio"] else "audio"
    wanted = [path for path in paths if path.suffix.lower() in ENDINGS[kind]]
    if not wanted:
        raise _nothing_to_read(folder, paths)
    names = [folders.name_in(path, folder) for path in wanted]
    loose = [name for name in names if "/" not in name]
    if len(loose) == len(names):
        expected = f"a subfolder for each class: {folder.name}/CLASS/{loose[0]}"
        what = f"{plural(len(loose), 'file')} and no subfolders"
        raise refuse(str(folder), "no-classes", "", what, expected)
    skipped = denied + [(name, "not in the subfolder of a class") for name in loose]
    told = f"no {kind} by its ending"
    strange = [path for path in paths if path.suffix.lower() not in ENDINGS[kind]]
    skipped += [(folders.name_in(path, folder), told) for path in strange]
    parted = {name.split("/")[0].lower() for name in names if "/" in name} <= PARTS
    if parted:
        skipped += [
            (name, "not in the subfolder of a class") for name in names if name.count("/") == 1
        ]
    deep = 1 + parted
    rows = [(path, name) for path, name in zip(wanted, names) if name.count("/") >= deep]
    if not rows:
        expected = f"a subfolder for each class: {folder.name}/{names[-1].split('/')[0]}/CLASS/FILE"
        raise refuse(str(folder), "no-classes", "", "parts without subfolders", expected)
    ids = [name for _, name in rows]
    columns = {"label": [name.split("/")[parted] for name in ids]}
    if parted:
        columns["split"] = [name.split("/")[0] for name in ids]
    found = Loaded(
        characters.file_name(folder.name),
        pd.DataFrame(columns),
        ids=np.array(ids, dtype=np.str_),
        roles={role: role for role in columns},
        skipped=tuple(skipped),
    )
    items = [path for path, _ in rows]
    return with_items(found, kind, items, embedding=embedding, progress=progress)


def _nothing_to_read(folder: Path, paths: list[Path]) -> DataperfError:
    endings = sorted({path.suffix.lower() for path in paths})
    what = f"only files that end in {shorten(endings)}" if paths else "the folder is empty"
    expected = (
        "FOLDER/CLASS/FILE with images or audio; to read tables, name one file, or all of "
        f"them as hf:{folder}"
        if paths
        else "FOLDER/CLASS/FILE with images or audio"
    )
    return refuse(str(folder), "no-media", "", what, expected)


def with_items(
    found: Loaded, kind: MediaKind, items: Sequence[Item], *, embedding: str, progress: Progress
) -> Loaded:
    """Return rows with their pictures or sounds, an embedding of them, and facts about them.

    Rows whose file cannot be read are left out and listed in ``skipped``.

    Raises
    ------
    Invalid
        If none of them can be read.
    Unavailable
        If ``embedding="network"`` and its packages are not installed.
    """
    vectors, facts, bad, note = embed(
        kind, items, embedding=embedding, progress=progress, subject=found.name
    )
    ids = row_numbers(len(items)) if found.ids is None else found.ids
    lost = [(str(ids[row]), bad[row]) for row in sorted(bad)]
    good = np.array([row for row in range(len(items)) if row not in bad], dtype=np.intp)
    if not len(good):
        what = f"none of {plural(len(items), 'file')} can be read: {lost[0][0]}: {lost[0][1]}"
        raise refuse(found.name, "unreadable", "", what)
    known = {
        name: [values[row] for row in good]
        for name, values in facts.items()
        if name not in found.frame.columns
    }
    frame = found.frame.iloc[good].reset_index(drop=True).assign(**known)
    return dataclasses.replace(
        found,
        frame=frame,
        vectors={name: values[good] for name, values in found.vectors.items()} | {kind: vectors},
        ids=ids[good],
        only_vectors=True,
        media=Files(kind, tuple(items[row] for row in good)),
        skipped=(*found.skipped, *lost, *note),
    )


def in_column(found: Loaded, *, embedding: str, progress: Progress) -> Loaded:
    """Return what was loaded with the pictures or sounds that one of its columns holds.

    Such a column holds objects with ``bytes`` and ``path``, as Hugging Face datasets and the
    Parquet files made of them do.
    """
    columns = [name for name in found.frame.columns if is_media(found.frame[name])]
    if not columns:
        return found
    name, others = columns[0], columns[1:]
    items = [_item(value) for value in found.frame[name]]
    first = next((item for item in items if item), b"")
    told = tuple((other, f'not used: the rows are shown by "{name}"') for other in others)
    rest = dataclasses.replace(
        found, frame=found.frame.drop(columns=columns), skipped=(*found.skipped, *told)
    )
    return with_items(rest, _kind_of(first), items, embedding=embedding, progress=progress)


def is_media(series: Any) -> bool:
    """Return whether a column holds objects with the bytes or the path of a file."""
    if series.dtype != object:
        return False
    first = next((value for value in series if value is not None), None)
    return isinstance(first, dict) and set(first) == {"bytes", "path"}


def _item(value: Any) -> Item:
    """Return a file's bytes or its path; no bytes, which cannot be read, of anything else."""
    told = value if isinstance(value, dict) else {}
    content, path = told.get("bytes"), told.get("path")
    if content is not None and not isinstance(content, bytes | bytearray | memoryview):
        return b""
    if content:
        return bytes(content)
    return Path(path) if isinstance(path, str) and path else b""


def _kind_of(item: Item) -> MediaKind:
    if isinstance(item, Path):
        return "audio" if item.suffix.lower() in AUDIO else "image"
    sound = item[8:12] == b"WAVE" or item[:4] in (b"fLaC", b"OggS", b"FORM", b".snd")
    return "audio" if sound or item[:3] == b"ID3" else "image"


Embedded = tuple[NDArray[np.float32], dict[str, list[Any]], dict[int, str], list[tuple[str, str]]]


def embed(
    kind: MediaKind, items: Sequence[Item], *, embedding: str, progress: Progress, subject: str
) -> Embedded:
    """Return an embedding of every readable item, facts about each, and what was wrong.

    Returns
    -------
    vectors : (readable, d) array of float32
    facts : mapping of name to a list with one value for each item
    bad : mapping of item number to reason
    note : list of (str, str)
        Which embedding was taken, where another would have been better.
    """
    if embedding not in EMBEDDINGS[kind]:
        hint = did_you_mean(embedding, EMBEDDINGS[kind]) or f"one of {shorten(EMBEDDINGS[kind])}"
        raise refuse(subject, "unknown-embedding", "embedding", f'"{embedding}"', f"{hint}")
    from dataperf.curation import networks

    note = []
    if embedding == "auto":
        lacking = networks.lacking(kind)
        embedding = "network" if not lacking else EMBEDDINGS[kind][-1]
        if lacking:
            told = f"{embedding}: the better one needs pip install 'dataperf[media]' ({lacking})"
            note = [("embedding", told)]
    describe: Callable[[list[Any]], NDArray[np.float32]]
    if embedding != "network":
        describe = _pixels if kind == "image" else sounds.mfcc_statistics
        return (*_in_batches(kind, items, describe, progress=progress), note)
    describe = networks.image_network() if kind == "image" else networks.speech_network()
    by = f"{kind} {networks.digest(kind)}{sounds.without(kind)}"
    found = kept.or_made(items, by, lambda: _in_batches(kind, items, describe, progress=progress))
    return (*found, note)


def _in_batches(
    kind: MediaKind,
    items: Sequence[Item],
    describe: Callable[[list[Any]], NDArray[np.float32]],
    *,
    progress: Progress,
) -> kept.Described:
    names = ("width", "height") if kind == "image" else ("seconds", "rate", "loudness")
    facts: dict[str, list[Any]] = {name: [] for name in names}
    bad: dict[int, str] = {}
    found: list[NDArray[np.float32]] = []
    waiting: list[Any] = []
    lacking: Unavailable | None = None
    for number, item in enumerate(items):
        try:
            opened, told = _open(kind, item)
        except Exception as error:  # decoders fail in ways of their own; each is one bad file
            lacking = error if isinstance(error, Unavailable) else lacking
            bad[number] = f"unreadable: {_reason(error)}"
            opened, told = None, (None,) * len(names)
        for name, value in zip(names, told):
            facts[name].append(value)
        waiting += [] if opened is None else [opened]
        if waiting and (len(waiting) == 16 or number == len(items) - 1):
            found.append(describe(waiting))
            waiting = []
        progress(f"embedding {kind}", number + 1, len(items))
    if waiting:
        found.append(describe(waiting))
    if lacking and len(bad) == len(items):
        raise lacking
    return np.concatenate(found) if found else np.empty((0, 1), np.float32), facts, bad


def _reason(error: Exception) -> str:
    """Return a decoder's complaint in one line, without the address of an object in memory."""
    lines = re.sub(r"<_io\.BytesIO object at \w+>", "in these bytes", str(error)).splitlines()
    return lines[0][:120] if lines else type(error).__name__


def _open(kind: MediaKind, item: Item) -> tuple[Any, tuple[Any, ...]]:
    if not item:
        raise ValueError("there are neither bytes of a file nor a path to one")
    if kind == "image":
        image = open_image(item)
        return image, (image.shape[1], image.shape[0])
    samples, rate = sounds.open_sound(item)
    loudness = float(20 * np.log10(np.sqrt(np.mean(np.square(samples))) + 1e-6))
    return (samples, rate), (len(samples) / rate, rate, loudness)


def _pixels(images: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Return each image as 32 x 32 grey values in 0..1, and its mean red, green and blue."""
    from PIL import Image

    found = []
    for image in images:
        picture = Image.fromarray(image)
        small = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
        colours = np.asarray(picture.convert("RGB"), np.float32).mean(axis=(0, 1)) / 255
        found.append(np.concatenate([np.asarray(small, np.float32).reshape(-1) / 255, colours]))
    return np.stack(found).astype(np.float32)
