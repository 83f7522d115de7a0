"""A Result to bytes and back; its name is its content's digest."""

from __future__ import annotations

import base64
import json
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import registry
from dataperf.basics import files, json_files, validation
from dataperf.errors import DataperfError, Invalid, Problem
from dataperf.records import Result

LARGEST_ARRAY = 2**26
NAME_LENGTH = 32


def encode(predictions: NDArray[Any]) -> str:
    """Return class ids of shape (seeds, rows) as short text.

    A row's seeds lie side by side: they mostly agree, which packs them quicker and smaller.

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


def dump(result: Result) -> bytes:
    """Return the record as the JSON bytes that are kept."""
    content = result.model_dump(mode="json")
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def name_of(result: Result) -> str:
    """Return where a store keeps the record: challenge, board, and the content's digest."""
    return (
        f"{result.challenge}/{result.board}/{files.digest_bytes(dump(result))[:NAME_LENGTH]}.json"
    )


def keep(result: Result, location: str, store: str = "folder") -> str:
    """Put the record in a store and return where it is."""
    kept: str = registry.load("stores", store).put(location, name_of(result), dump(result))
    return kept


def parse(content: bytes, subject: str) -> Result:
    """Return the record in JSON bytes.

    Raises
    ------
    Invalid
        If it is not one.
    """
    return validation.validate(Result, json_files.parse_json(content, subject), subject)


def read(path: Path) -> Result:
    """Return the record in a file whose name is the digest of its content.

    Raises
    ------
    Invalid
        If the file is not a result, or was changed after it was written.
    """
    if not path.is_file():
        raise DataperfError(f"{path} is no file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataperfError(f"{path} cannot be read: {error}") from error
    result = parse(content, str(path))
    found = files.digest_bytes(content)
    if found[:NAME_LENGTH] != path.stem:
        what = f"its name says {path.stem[:64]}, its content is {found[:NAME_LENGTH]}"
        raise Invalid(str(path), [Problem("changed", "", what, "results never change")])
    return result


def read_all(
    location: str, prefix: str = "", store: str = "folder"
) -> tuple[list[Result], dict[str, str]]:
    """Return every intact record of a store under a prefix, and why the others cannot be read.

    One record that is damaged, or of another version, must not hide the rest.
    """
    kept = registry.load("stores", store)
    intact, broken = [], {}
    for name in kept.names(location):
        if not name.startswith(prefix):
            continue
        try:
            content = kept.get(location, name)
            if files.digest_bytes(content)[:NAME_LENGTH] != Path(name).stem:
                raise DataperfError("its name is not the digest of its content")
            intact.append(parse(content, name))
        except DataperfError as error:
            broken[name] = str(error)
    return intact, broken
