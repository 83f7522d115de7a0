"""Read images and sounds: from folders, and from columns that hold files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dataperf.basics.progress import Progress
from dataperf.basics.wording import plural, shorten
from dataperf.errors import DataperfError, refuse
from dataperf.media.embed import Files, Item, MediaKind, embed
from dataperf.media.survey import Survey, survey
from dataperf.reading import folders, text_repair
from dataperf.reading.loaded import Loaded, row_numbers

IMAGES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".avif", ".webp", ".gif", ".bmp"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"),
)
AUDIO = (
    *(".wav", ".wave", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".caf", ".au", ".snd"),
    *(".aiff", ".aif", ".aifc"),
)
ENDINGS: dict[MediaKind, tuple[str, ...]] = {"image": IMAGES, "audio": AUDIO}
#: Names of subfolders that are splits of the data, not classes.
PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"}


def read_folder(folder: Path, *, embedding: str, progress: Progress) -> Loaded:
    """Read a folder of images or of audio whose subfolders are the classes.

    If all subfolders are named like splits (train, test, ...), they become the split, and their
    subfolders are the classes. Files that cannot be read are listed in ``skipped``.

    Parameters
    ----------
    folder
        Holds ``CLASS/FILE`` or ``SPLIT/CLASS/FILE``.
    embedding
        Name of the embedding; see `dataperf.reading.read.read`.
    progress
        Called with the number of files embedded.

    Raises
    ------
    Invalid
        If there are no images or sounds, no subfolders, or no file can be read.
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
    reason = f"the ending is not that of an {kind} file"
    strange = [path for path in paths if path.suffix.lower() not in ENDINGS[kind]]
    skipped += [(folders.name_in(path, folder), reason) for path in strange]
    parted = {name.split("/")[0].lower() for name in names if "/" in name} <= PARTS
    if parted:
        skipped += [
            (name, "not in the subfolder of a class") for name in names if name.count("/") == 1
        ]
    deep = 1 + parted
    rows = [(path, name) for path, name in zip(wanted, names) if name.count("/") >= deep]
    if not rows:
        expected = f"a subfolder for each class: {folder.name}/{names[-1].split('/')[0]}/CLASS/FILE"
        raise refuse(str(folder), "no-classes", "", "splits without subfolders", expected)
    ids = [name for _, name in rows]
    columns = {"label": [name.split("/")[parted] for name in ids]}
    if parted:
        columns["split"] = [name.split("/")[0] for name in ids]
    found = Loaded(
        text_repair.file_name(folder.name),
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
        f"FOLDER/CLASS/FILE with images or audio, such as .png, .jpg, .wav or .mp3: convert other "
        f"forms; to read tables, name one file, or all of them as hf:{folder}"
        if paths
        else "FOLDER/CLASS/FILE with images or audio"
    )
    return refuse(str(folder), "no-media", "", what, expected)


def with_items(
    found: Loaded, kind: MediaKind, items: Sequence[Item], *, embedding: str, progress: Progress
) -> Loaded:
    """Add images or sounds to rows, with their embedding and properties such as the width.

    Rows whose file cannot be read are removed and listed in ``skipped``.

    Parameters
    ----------
    found
        The rows.
    kind
        What the items are.
    items
        A path, or the bytes of a file, for each row.
    embedding
        Name of the embedding; see `dataperf.reading.read.read`.
    progress
        Called with the number of items embedded.

    Raises
    ------
    Invalid
        If no item can be read.
    Unavailable
        If ``embedding="network"`` and its packages are not installed.
    """
    ids = row_numbers(len(items)) if found.ids is None else found.ids
    seen = survey(items) if kind == "image" else Survey()
    vectors, facts, bad, note = embed(
        kind,
        items,
        embedding=embedding,
        limits=seen.limits,
        progress=progress,
        subject=found.name,
    )
    if seen.frames:
        facts = facts | {"frames": [seen.frames.get(row, 1) for row in range(len(items))]}
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
        media=Files(kind, tuple(items[row] for row in good), seen.limits),
        skipped=(*found.skipped, *lost, *note),
        notes=(*found.notes, *seen.notes([str(name) for name in ids])),
        made=(*found.made, *known),
    )


def in_column(found: Loaded, *, embedding: str, progress: Progress) -> Loaded:
    """Replace a column of image or audio files by their embedding; other sources are unchanged.

    Such a column holds objects with ``bytes`` and ``path``, as in Hugging Face datasets and
    their Parquet files. Parameters and errors are those of `with_items`.
    """
    columns = [name for name in found.frame.columns if is_media(found.frame[name])]
    if not columns:
        return found
    name, others = columns[0], columns[1:]
    items = [_item(value) for value in found.frame[name]]
    first = next((item for item in items if item), b"")
    notes = tuple((other, f'not used: "{name}" already shows the rows') for other in others)
    rest = dataclasses.replace(
        found, frame=found.frame.drop(columns=columns), skipped=(*found.skipped, *notes)
    )
    return with_items(rest, _kind_of(first), items, embedding=embedding, progress=progress)


def is_media(series: Any) -> bool:
    """Return whether a column holds objects with the bytes or the path of a file."""
    if series.dtype != object:
        return False
    first = next((value for value in series if value is not None), None)
    return isinstance(first, dict) and set(first) == {"bytes", "path"}


def _item(value: Any) -> Item:
    """Return a file's bytes or its path; empty bytes, which cannot be read, for anything else."""
    file = value if isinstance(value, dict) else {}
    content, path = file.get("bytes"), file.get("path")
    if content is not None and not isinstance(content, bytes | bytearray | memoryview):
        return b""
    if content:
        return bytes(content)
    return Path(path) if isinstance(path, str) and path else b""


def _kind_of(item: Item) -> MediaKind:
    if isinstance(item, Path):
        return "audio" if item.suffix.lower() in AUDIO else "image"
    sound = item[8:12] == b"WAVE" or item[:4] in (b"fLaC", b"OggS", b"FORM", b".snd", b"caff")
    return "audio" if sound or item[:3] == b"ID3" else "image"
