"""Results as files in a folder; a file appears whole or not at all, and is never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dataperf.basics import files, json_files
from dataperf.errors import DataperfError


def put(location: str, name: str, content: bytes) -> str:
    """Write ``content`` to ``location/name`` unless it is there; return the path.

    Raises
    ------
    DataperfError
        If other content is kept under the name, or the folder cannot be written.
    """
    path = Path(location) / name
    try:
        if path.exists():
            if path.read_bytes() != content:
                raise DataperfError(f"{path} exists with other content; results never change")
        else:
            files.write_whole(path, content)
    except OSError as error:
        raise DataperfError(f"the result cannot be kept in {location}: {error}") from error
    return str(path)


def names(location: str) -> Iterable[str]:
    """List the names of what is kept, sorted; half-written files do not count.

    Raises
    ------
    DataperfError
        If the folder does not exist, or the system refuses to list it.
    """
    folder = Path(location)
    if folder.is_file():
        raise DataperfError(f"{location} is a file, expected a folder of results")
    if not folder.is_dir():
        raise DataperfError(f"there is no folder {location}; dataperf evaluate makes it")
    try:
        return sorted(
            path.relative_to(folder).as_posix()
            for path in _files(folder, {folder.resolve()})
            if path.suffix.lower() == ".json" and path.name[0] != "." and path.is_file()
        )
    except OSError as error:
        raise DataperfError(f"the results in {location} cannot be listed: {error}") from error


def _files(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield what lies in a folder and its sub-folders; links are followed, each folder once."""
    for path in sorted(folder.iterdir()):
        if not path.is_dir():
            yield path
        elif (there := path.resolve()) not in seen:
            seen.add(there)
            yield from _files(path, seen)


def get(location: str, name: str) -> bytes:
    """Return what is kept under a name.

    Raises
    ------
    DataperfError
        If nothing is kept under the name, or a file of more than 256 MiB.
    """
    path = Path(location) / name
    try:
        json_files.check_size(path.stat().st_size, name)
        return path.read_bytes()
    except OSError as error:
        raise DataperfError(f"{name} is not in {location}: {error}") from error
