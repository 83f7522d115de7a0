"""A folder of images or sounds as a new folder: files dropped, or moved to another class."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from dataperf.errors import Invalid, Problem
from dataperf.own_data.changes import Edit
from dataperf.reading import folders
from dataperf.records.rows import Rows


def places(rows: Rows, edit: Edit, folder: Path) -> dict[str, str]:
    """Return the name in the cleaned folder of each file of a folder.

    A file whose label changes moves to the subfolder of its new class. If a file of that name is
    there already, the old class becomes part of the name. Files that are not rows, such as a
    README, stay; in a selection they are left out.

    Parameters
    ----------
    rows
        The folder as it was read; the ids are names of files.
    edit
        The changes.
    folder
        The folder.
    """
    paths, _ = folders.files_in(folder)
    row_of = {name: row for row, name in enumerate(rows.ids.tolist())}
    found: dict[str, str] = {}
    for path in paths:
        name = folders.name_in(path, folder)
        row = row_of.get(name)
        stays = edit.unread if row is None else edit.keep[row] and row not in edit.relabel
        if stays:
            found[name] = name
    taken = set(found.values())
    for row, number in edit.relabel.items():
        name = str(rows.ids[row])
        found[name] = _moved(name, rows, row, rows.classes[number], taken)
        taken.add(found[name])
    return found


def _moved(name: str, rows: Rows, row: int, new: str, taken: set[str]) -> str:
    old = rows.classes[rows.labels[row]]
    parts = name.split("/")
    place = 0 if rows.split is None else 1
    parts[place] = new
    first, stem, suffix = "/".join(parts), Path(parts[-1]).stem, Path(parts[-1]).suffix
    count, target = 1, first
    while target in taken:
        more = f"-{count}" if count > 1 else ""
        target = "/".join([*parts[:-1], f"{stem}-was-{old}{more}{suffix}"])
        count += 1
    return target


def copy(folder: Path, target: Path, where: Mapping[str, str]) -> None:
    """Copy files into a new folder, whole or not at all.

    Parameters
    ----------
    folder
        The folder that was read.
    target
        The folder to make; it must not exist.
    where
        Names below ``folder`` to names below ``target``.

    Raises
    ------
    Invalid
        If ``target`` exists, or a file is no longer there.
    """
    paths = {folders.name_in(path, folder): path for path in folders.files_in(folder)[0]}
    problems = [
        Problem("no-file", name, "the file is no longer there")
        for name in where
        if name not in paths
    ]
    if target.exists():
        what = f"{target} exists already"
        problems.append(Problem("bad-target", "--output", what, "a new folder"))
    if problems:
        raise Invalid(str(folder), problems)
    scratch = target.with_name(f".{target.name}.part")
    try:
        for name, new in where.items():
            place = scratch / new
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(paths[name], place)
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
