"""Write and read results, and find the store that ``--results`` names.

A result's name is the digest of its content.
"""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import plugin_calls, registry
from dataperf.basics import files, json_files, validation
from dataperf.basics.progress import report
from dataperf.basics.wording import in_one_line
from dataperf.errors import DataperfError, Invalid, NotFound, Problem
from dataperf.evaluation import record_check
from dataperf.records import Result
from dataperf.records.fields import SCHEMA_VERSION

LARGEST_ARRAY = 2**26
NAME_LENGTH = 32
#: What can be the name of a store; a single letter is a drive.
STORE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]+")
#: The store of every location that names none.
FOLDER = "folder"


def encode(predictions: NDArray[Any]) -> str:
    """Return class ids of shape (seeds, rows) as short text.

    The predictions of all seeds for a row are adjacent. They mostly agree, so this order is
    compressed faster and smaller.

    >>> decode(encode(np.array([[0, 1, 2], [2, 1, 0]]))).tolist()
    [[0, 1, 2], [2, 1, 0]]
    """
    kind = "|i1" if predictions.size == 0 or predictions.max() < 128 else "<i4"
    packed = zlib.compress(np.ascontiguousarray(predictions.T, dtype=kind).tobytes(), 3)
    shape = "x".join(map(str, predictions.shape))
    return f"{kind[1:]}T:{shape}:{base64.b64encode(packed).decode()}"


def decode(text: str) -> NDArray[np.intp]:
    """Return the class ids that ``encode`` packed.

    Raises
    ------
    Invalid
        If the text is not an encoded array.
    """
    try:
        kind, shape_text, packed = text.split(":")
        kind, turned = kind.removesuffix("T"), kind.endswith("T")
        shape = tuple(int(part) for part in shape_text.split("x"))
        size = math.prod(shape) * {"i1": 1, "i4": 4}[kind]
        if len(shape) != 2 or min(shape) < 1 or size > LARGEST_ARRAY:
            raise ValueError(f"shape {shape}")
        stream = zlib.decompressobj()
        unpacked = stream.decompress(base64.b64decode(packed, validate=True), size + 1)
        if len(unpacked) != size:
            raise ValueError(f"not the {size} bytes of shape {shape}")
        values = np.frombuffer(unpacked, dtype="<" + kind)
        values = values.reshape(shape[::-1]).T if turned else values.reshape(shape)
    except (ValueError, KeyError, zlib.error) as error:
        problem = Problem("bad-predictions", "training_runs.predictions", str(error))
        raise Invalid("result", [problem]) from error
    return values.astype(np.intp, order="C")


def shape_of(text: str) -> tuple[int, ...]:
    """Return the shape that an encoded array states; nothing is decoded.

    >>> shape_of(encode(np.array([[0, 1, 2], [2, 1, 0]])))
    (2, 3)

    Raises
    ------
    Invalid
        If the text states none.
    """
    try:
        return tuple(int(part) for part in text.split(":", 2)[1].split("x"))
    except (ValueError, IndexError) as error:
        what = f"{validation.shown(text)} states no shape"
        problem = Problem("bad-predictions", "training_runs.predictions", what)
        raise Invalid("result", [problem]) from error


def dump(result: Result) -> bytes:
    """Return the record as JSON bytes."""
    content = result.model_dump(mode="json")
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def name_of(result: Result) -> str:
    """Return where a store keeps the record: challenge, board, and the content's digest."""
    return (
        f"{result.challenge}/{result.board}/{files.digest_bytes(dump(result))[:NAME_LENGTH]}.json"
    )


@dataclass(frozen=True)
class Place:
    """The name of a store, and a location in it."""

    store: str
    location: str


def place_of(text: str) -> Place:
    """Return the store and the location that ``--results`` names.

    ``NAME:LOCATION`` or ``NAME://LOCATION`` is the store of that name. Everything else is a
    folder: a path, a Windows drive (``C:/results``), and always the name of an existing folder.

    >>> place_of("dataperf-results")
    Place(store='folder', location='dataperf-results')
    >>> place_of("folder:shared/results")
    Place(store='folder', location='shared/results')
    >>> place_of("C:/results")
    Place(store='folder', location='C:/results')

    Raises
    ------
    NotFound
        If the text reads like ``NAME:LOCATION`` and there is no such store.
    DataperfError
        If no location is named.
    """
    place = Place(FOLDER, text)
    name, colon, location = text.partition(":")
    if colon and name and not Path(text).is_dir():
        known = registry.find("stores")
        stores = {each.replace("-", "_"): each for each in known}
        store = stores.get(name.replace("-", "_"))
        if store is not None:
            place = Place(store, location.removeprefix("//"))
        elif location.startswith("//") or STORE_NAME.fullmatch(name):
            raise NotFound("store", name, known, where=f"a folder of this name is ./{text}")
    if not place.location.strip():
        raise DataperfError("--results names no location: give a folder, or NAME:LOCATION")
    return place


def keep(result: Result, location: str) -> str:
    """Put the record in a store and return its place, as the store describes it.

    Parameters
    ----------
    result
        The record.
    location
        Where to keep it; see `place_of`.

    Raises
    ------
    DataperfError
        If the store fails or refuses it.
    """
    store, place = _store(location)
    with plugin_calls.calling("stores", store, "put(location, name, content)"):
        kept = store.put(place, name_of(result), dump(result))
    return _text(store, "put", kept)


def _store(location: str) -> tuple[Any, str]:
    place = place_of(location)
    return registry.load("stores", place.store), place.location


def names(location: str) -> list[str]:
    """Return the names of the records that a store keeps at a location; see `place_of`.

    Raises
    ------
    DataperfError
        If nothing is kept there, or the store fails.
    """
    store, place = _store(location)
    with plugin_calls.calling("stores", store, "names(location)"):
        found = list(store.names(place))
    return [_text(store, "names", name) for name in found]


def _text(store: Any, function: str, value: Any) -> str:
    """Return what a store's function returned, if it is a text."""
    if isinstance(value, str):
        return value
    what = f"{plugin_calls.named('stores', store)}: {function} returned {type(value).__name__}"
    raise DataperfError(f"{what}, expected str")


def get(location: str, name: str) -> Result:
    """Return the record that a store keeps under a name, which is the digest of its content.

    Raises
    ------
    Invalid
        If it is not a result, or was changed after it was kept.
    DataperfError
        If there is no such record, or the store fails.
    """
    store, place = _store(location)
    with plugin_calls.calling("stores", store, "get(location, name)"):
        content = store.get(place, name)
    if not isinstance(content, bytes):
        what = f"{plugin_calls.named('stores', store)}: get returned {type(content).__name__}"
        raise DataperfError(f"{what}, expected bytes")
    json_files.check_size(len(content), name)
    return _intact(content, name, Path(name).stem)


def parse(content: bytes, subject: str) -> Result:
    """Return the record in JSON bytes.

    Raises
    ------
    Invalid
        If the bytes are not a result, or one whose parts do not fit together.
    """
    parsed = json_files.parse_json(content, subject)
    if isinstance(parsed, dict) and not {"provenance", "submission", "score"} & set(parsed):
        expected = "a record that dataperf evaluate wrote"
        raise Invalid(subject, [Problem("not-a-result", "", "this is not a result", expected)])
    version = parsed.get("schema_version") if isinstance(parsed, dict) else None
    if type(version) is int and version < SCHEMA_VERSION:
        what = f"this result has schema_version {version}"
        expected = (
            f"schema_version {SCHEMA_VERSION}; results never change: evaluate the submission again"
        )
        raise Invalid(subject, [Problem("schema-version", "schema_version", what, expected)])
    result = validation.validate(Result, parsed, subject)
    record_check.check(result, subject)
    return result


def read(path: Path) -> Result:
    """Return the record in a file whose name is the digest of its content.

    Raises
    ------
    Invalid
        If the file is not a result, or was changed after it was written.
    """
    if path.is_dir():
        raise DataperfError(f"{path} is a folder; for all of its results: --results {path}")
    if not path.is_file():
        raise DataperfError(f"there is no file or folder {path}; dataperf evaluate writes results")
    return _intact(json_files.read_content(path), str(path), path.stem)


def _intact(content: bytes, subject: str, stem: str) -> Result:
    result = parse(content, subject)
    found = files.digest_bytes(content)[:NAME_LENGTH]
    if found != stem:
        what, expected = (
            f"its name says {stem[:64]}, its content is {found}",
            "results never change",
        )
        if files.digest_bytes(content.replace(b"\r\n", b"\n"))[:NAME_LENGTH] == stem:
            expected = "its line ends were changed to CRLF, as some tools do: copy the record again"
        elif not _is_digest(stem):
            expected = f"a record is named by its digest: {found}.json"
        raise Invalid(subject, [Problem("changed", "", what, expected)])
    return result


def _is_digest(stem: str) -> bool:
    return len(stem) == NAME_LENGTH and all(each in "0123456789abcdef" for each in stem)


def read_all(location: str, prefix: str = "") -> tuple[list[Result], dict[str, str]]:
    """Return every intact record at a location, and why the others cannot be read.

    One record that is damaged, or of another version, must not hide the rest. Records are found
    however deep they lie: results of several people are often copied into folders of their own. A
    record that lies there twice is read once.

    Parameters
    ----------
    location
        Where results are kept; see `place_of`.
    prefix
        Only results of a challenge or a board: ``CHALLENGE/`` or ``CHALLENGE/BOARD/``. Records
        that lie in the folder of another challenge are not read.

    Returns
    -------
    list of Result, dict of str to str
        The records, and by name the reasons.

    Raises
    ------
    DataperfError
        If nothing is kept at the location, or the store cannot list it.
    """
    intact: dict[str, Result] = {}
    broken = {}
    wanted = [part for part in prefix.split("/") if part]
    there = [name for name in names(location) if not wanted or kept_for(name) in ("", wanted[0])]
    for number, name in enumerate(there):
        report("reading results", number, len(there))
        try:
            found = get(location, name)
        except DataperfError as error:
            broken[name] = in_one_line(str(error).removeprefix(f"{name}: "))
            continue
        if wanted == [found.challenge, found.board][: len(wanted)]:
            intact.setdefault(Path(name).stem, found)
        elif not _is_installed(found.challenge):
            broken[name] = f"a result of {found.challenge}, which is not installed here"
    return list(intact.values()), broken


def kept_for(name: str) -> str:
    """Return the installed challenge whose folder a record lies in; "" for any other place.

    >>> kept_for("ana/speech-selection/digits-60/0a1b.json")
    'speech-selection'
    >>> kept_for("digits-60/0a1b.json")
    ''
    """
    folder = name.split("/")[-3:-2]
    return folder[0] if folder and _is_installed(folder[0]) else ""


def _is_installed(challenge: str) -> bool:
    return challenge in registry.find("challenges") or challenge.startswith("own-")
