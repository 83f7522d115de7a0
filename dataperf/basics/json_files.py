"""Read and write JSON: bounded size and depth, all problems at once."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics import validation
from dataperf.errors import Invalid, Problem

LARGEST_FILE = 256 * 2**20
#: Maximum number of values in a file; it bounds the memory that the parsed file takes.
MOST_VALUES = 20_000_000
#: Parsing takes about 20 bytes of memory for each byte of JSON.
LARGEST_JSON = 32 * 2**20
DEEPEST = 32
MOST_FAULTS = 10


def compact_json(content: Any) -> str:
    """Return JSON that people and tools can read: indented by one space, not escaped."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def load_json(
    path: Path, *, lenient: bool = False, room: Callable[[bytes], int] = lambda content: 0
) -> Any:
    """Return the content of a participant's JSON file, parsed strictly; see `parse_json`.

    Parameters
    ----------
    path
        The file.
    lenient
        As in `parse_json`.
    room
        Returns how many bytes the ids of the data can need, given the file's content; called for a
        file over 32 MiB, which may have as many more.

    Raises
    ------
    Invalid
        If the file cannot be read, is too large, or does not hold strict JSON.
    """
    content = read_content(path)
    if len(content) > LARGEST_JSON:
        most = LARGEST_JSON + room(content)
        if len(content) > most:
            what, allowed = f"{len(content) / 2**20:,.1f} MiB", f"{most / 2**20:,.1f} MiB"
            expected = f"at most {allowed}: room for every id of the data, and 32 MiB more"
            raise Invalid(str(path), [Problem("too-large", "", what, expected)])
    return parse_json(content, str(path), lenient=lenient)


def room_for(ids: NDArray[Any]) -> int:
    """Return how many bytes a JSON file can need to name each id once.

    >>> room_for(np.array(["a", "bc"]))
    40
    """
    longest = np.asarray(ids).astype(str).dtype.itemsize  # 4 bytes a character, as UTF-8 at most
    return len(ids) * (longest + 12)  # quotes, a comma, a line break and a class or key


def read_content(path: Path) -> bytes:
    """Return the bytes of a participant's file."""
    try:
        if path.is_dir():
            raise Invalid(str(path), [Problem("not-a-file", "", "this is a folder", "a JSON file")])
        if not path.is_file():
            what = "there is no such file" if not path.exists() else "this is not a regular file"
            raise Invalid(str(path), [Problem("not-a-file", "", what)])
        check_size(path.stat().st_size, str(path))
        return path.read_bytes()
    except OSError as error:
        raise Invalid(str(path), [Problem("unreadable", "", str(error))]) from error


def check_size(size: int, subject: str) -> None:
    """Raise Invalid if a file has more than 256 MiB."""
    if size > LARGEST_FILE:
        what = f"{size / 2**20:,.0f} MiB"
        raise Invalid(subject, [Problem("too-large", "", what, "at most 256 MiB")])


def parse_json(content: bytes, subject: str, *, lenient: bool = False) -> Any:
    """Parse JSON strictly: repeated keys, NaN, deep nesting and too many values are errors.

    Parameters
    ----------
    content
        UTF-8 text.
    subject
        What is parsed, for the error.
    lenient
        Keep the last of repeated keys, as most parsers do.

    Raises
    ------
    Invalid
        If the bytes are not strict JSON; all problems are listed.
    """
    faults: list[Problem] = []
    values = sum(content.count(mark) for mark in (b",", b"[", b"{"))
    if values > MOST_VALUES:  # a value of two bytes takes up to a hundred in memory
        what = f"about {values:,} values"
        raise Invalid(subject, [Problem("too-large", "", what, f"at most {MOST_VALUES:,}")])

    def pairs(items: list[tuple[str, Any]]) -> Mapping[str, Any]:
        unique = dict(items)
        unwritable = next((key for key in unique if not _is_text(key)), None)
        if unwritable is not None and len(faults) < MOST_FAULTS:
            faults.append(Problem("not-text", "", f"the key {validation.shown(unwritable)}"))
        if len(unique) != len(items) and len(faults) < MOST_FAULTS and not lenient:
            counts = Counter(key for key, _ in items)
            repeated = sorted(key for key, count in counts.items() if count > 1)
            for key in repeated[: MOST_FAULTS - len(faults)]:
                what = f"the key {validation.shown(key)} is there more than once"
                faults.append(Problem("repeated-key", "", what, "one of them would be lost"))
        return unique

    def constant(name: str) -> Any:
        raise ValueError(f"{name} is not a JSON value")

    try:
        text = content.decode("utf-8")
        parsed = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except UnicodeDecodeError as error:
        what = f"byte {error.start} is not UTF-8 text"
        raise Invalid(subject, [Problem("not-json", "", what, "a JSON file in UTF-8")]) from error
    except RecursionError:
        raise Invalid(subject, [Problem("too-deep", "", "nested too deeply")]) from None
    except ValueError as error:
        what = str(error) if content.strip() else "the file is empty"
        if content.startswith(codecs.BOM_UTF8):
            what = "it begins with a byte order mark: save it as UTF-8 without one"
        raise Invalid(subject, [Problem("not-json", "", what, "a JSON file in UTF-8")]) from error
    if _deeper_than(parsed, DEEPEST):
        what = f"nested more than {DEEPEST} levels deep"
        raise Invalid(subject, [*faults, Problem("too-deep", "", what)])
    if faults:
        raise Invalid(subject, faults)
    return parsed


def as_json(content: Mapping[Any, Any], subject: str = "submission") -> Any:
    """Return a dict as the JSON of a file would be read; NumPy's values become Python's.

    >>> import numpy as np
    >>> as_json({"drop": np.array([3, 4]), "relabel": {np.int64(5): "cat"}})
    {'drop': [3, 4], 'relabel': {'5': 'cat'}}

    Raises
    ------
    Invalid
        If it holds what JSON cannot.
    """
    try:
        text = json.dumps(_keyed(content), default=_listed, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        problem = Problem("not-json", "", str(error), "values that JSON has")
        raise Invalid(subject, [problem]) from error
    return parse_json(text.encode(), subject)


def _keyed(value: Any) -> Any:
    """Return a value whose keys are texts or plain numbers."""
    if isinstance(value, Mapping):
        return {_key(key): _keyed(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_keyed(part) for part in value]
    if hasattr(value, "tolist"):
        return _keyed(value.tolist())
    return value


def _key(key: Any) -> Any:
    plain = key.item() if hasattr(key, "item") else key
    if isinstance(plain, str) or (isinstance(plain, int | float) and not isinstance(plain, bool)):
        return plain
    raise TypeError(
        f"the key {validation.shown(plain)} is a {type(plain).__name__}, expected an id"
    )


def _listed(value: Any) -> Any:
    raise TypeError(f"a {type(value).__name__} is not a JSON value")


def _is_text(value: str) -> bool:
    """Return whether text can be written; lone surrogates cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = (
            [
                part
                for item in level
                for part in (item.values() if isinstance(item, dict) else item)
                if isinstance(part, dict | list)
            ]
            if (level := [item for item in level if isinstance(item, dict | list)])
            else []
        )
        if not level:
            return False
    return True
