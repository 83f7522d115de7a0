"""Digests, and atomic writes."""

from __future__ import annotations

import ast
import errno
import functools
import hashlib
import importlib.util
import io
import json
import mmap
import os
import tempfile
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dataperf.errors import DataperfError, Unavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray


def digest_bytes(content: bytes | memoryview) -> str:
    """Return the sha256 of bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def digest_file(path: Path) -> str:
    """Return the sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_json(value: Any) -> str:
    """Return the sha256 of a value's canonical JSON: sorted keys, no white space.

    >>> digest_json({"b": 1, "a": 2}) == digest_json({"a": 2, "b": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return digest_bytes(text.encode("utf-8", "surrogatepass"))


def cache_folder() -> Path:
    """Return where computed features are kept: ``DATAPERF_CACHE`` or the user's cache folder.

    Raises
    ------
    Unavailable
        If the user has no home folder. A folder that others can write to, such as ``/tmp``, is
        never taken instead: compiled code is kept in the cache and run from there.
    """
    if named := os.environ.get("DATAPERF_CACHE"):
        return Path(named)
    import platformdirs

    try:
        return Path(platformdirs.user_cache_dir("dataperf"))
    except RuntimeError as error:  # neither HOME nor an entry of passwd names a folder
        raise Unavailable(
            "there is no folder for the cache: this user has no home folder (HOME).\n"
            "  Name a folder that only you can write to: DATAPERF_CACHE=FOLDER"
        ) from error


def optional_cache_folder() -> Path | None:
    """Return the cache folder, or None for a user without one: what is computed is not kept."""
    try:
        return cache_folder()
    except DataperfError:
        return None


def stamp(path: Path) -> list[int]:
    """Return a file's size, mtime and ctime (ns): they change when the file changes.

    Size and mtime alone would miss a same-size edit whose mtime was restored (as ``cp -p``
    does). ctime cannot be restored; on Windows it is the time of creation.
    """
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


@functools.lru_cache(maxsize=256)
def digest_code(content: bytes) -> str:
    """Return a digest of a Python file's code: comments, docstrings and blank lines do not count.

    Rewording a sentence must not make earlier results incomparable; changing a statement must.
    """
    return digest_bytes(_code_only(importlib.util.decode_source(content)).encode())


def _code_only(text: str) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    tree = ast.parse(text)
    documentation = docstrings(tree)
    inside: set[int] = set()  # lines that go on within a string: blanks count there
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in documentation:
        rows = range(node.lineno - 1, node.end_lineno or node.lineno)
        before = lines[rows[0]].encode()[: node.col_offset]
        after = lines[rows[-1]].encode()[node.end_col_offset :]
        if before.strip() or after.strip():
            continue  # a statement shares the line; it must count
        for row in rows:
            lines[row] = ""
    for part in (node for node in ast.walk(tree) if isinstance(node, ast.expr)):
        text_part = isinstance(part, ast.Constant) and isinstance(part.value, str | bytes)
        if (text_part or isinstance(part, ast.JoinedStr)) and part not in documentation:
            inside.update(range(part.lineno - 1, (part.end_lineno or part.lineno) - 1))
    kept = [
        (row in inside or row - 1 in inside, row in inside, line) for row, line in enumerate(lines)
    ]
    return "\n".join(
        line if open_ended else line.rstrip()
        for within, open_ended, line in kept
        if within or line.strip()
    )


def docstrings(tree: ast.Module) -> list[ast.Constant]:
    """Return the docstrings of a module, its classes and functions."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = node.body[0] if node.body else None
            if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
                continue
            if isinstance(first.value.value, str):
                found.append(first.value)
    return found


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically: all of it or nothing, even if the process is killed.

    The bytes are written to a temporary file in the same folder and flushed to disk; the file
    is then renamed in one step.
    """
    with _whole(path) as file:
        file.write(content)


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array as a ``.npy`` file atomically."""
    import numpy as np

    with _whole(path) as file:
        np.save(file, array, allow_pickle=False)


def release(array: NDArray[Any]) -> None:
    """Free the memory that holds the pages of a mapped file; the file keeps their content.

    The pages are read again when they are next used. Nothing happens to an array that is not
    a mapped file, or whose changes are not written to its file (mode ``"c"``).
    """
    base: Any = array
    while base is not None and not isinstance(base, mmap.mmap):
        if getattr(base, "mode", None) == "c":
            return
        base = getattr(base, "base", None)
    if base is not None and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


def move_into_place(scratch: Path, path: Path) -> None:
    """Flush a written file to disk and rename it."""
    with scratch.open("rb") as file:
        os.fsync(file.fileno())
    scratch.chmod(0o666 & ~_umask())
    scratch.replace(path)
    _sync_folder(path.parent)


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    path = path.resolve()  # write to the target of a link, keep the link
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(
        dir=path.parent, prefix=f".writing-{os.getpid()}-", suffix=".part"
    )
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def seal(content: bytes) -> bytes:
    """Return the content with its digest in front, so that `unseal` can detect damage."""
    return digest_bytes(content).encode() + b"\n" + content


def unseal(sealed: bytes) -> bytes | None:
    """Return the content of sealed bytes, or None if they are damaged.

    >>> unseal(seal(b"abc"))
    b'abc'
    >>> unseal(seal(b"abc")[:-1]) is None
    True
    """
    stamp, content = sealed[:64], sealed[65:]
    whole = sealed[64:65] == b"\n" and digest_bytes(content).encode() == stamp
    return content if whole else None


def first_line(paragraphs: str | None) -> str:
    """Return the first line of a docstring."""
    return (paragraphs or "").strip().partition("\n")[0].strip()
