"""Compressed files: recognise them by their first bytes, open them, and write them back."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dataperf.basics.wording import plural, shorten
from dataperf.errors import refuse

#: First bytes of a compressed file: the program, and the ending of such files.
SIGNS = {
    rb"\x1f\x8b": ("gzip", ".gz"),
    rb"BZh[1-9]1AY&SY": ("bzip2", ".bz2"),
    rb"\x28\xb5\x2f\xfd": ("zstd", ".zst"),
    rb"\xfd7zXZ\0": ("xz", ".xz"),
    rb"PK\x03\x04": ("zip", ".zip"),
}
ENDINGS = tuple(ending for _, ending in SIGNS.values())
#: A file that decodes to more than `LARGE` bytes and `DENSE` times its size is refused.
LARGE, DENSE = 2**30, 300
#: What the decoders raise for a damaged file.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)


def program_and_ending(path: Path) -> tuple[str, str] | None:
    """Return the program that compressed a file and its ending; None if it is not compressed.

    An unreadable file counts as not compressed: whoever reads it reports the reason.
    """
    try:
        with path.open("rb") as file:
            start = file.read(10)
    except OSError:
        return None
    return next((found for sign, found in SIGNS.items() if re.match(sign, start)), None)


def endings(path: Path) -> tuple[str, str]:
    """Return the ending of a file, and that of the program that compressed it ("" for none).

    >>> endings(Path("t.csv")), endings(Path("t.CSV.gz")), endings(Path("t.zip"))
    (('.csv', ''), ('.csv', '.gz'), ('', '.zip'))
    """
    found = ["", *(each.lower() for each in path.suffixes)]
    if found[-1] in ENDINGS:
        return found[-2], found[-1]
    return found[-1], ""


def member_of(path: Path, known: Sequence[str]) -> str:
    """Return the name of the one table in a zip archive.

    A text file (``.txt``) next to a file of another form is taken for its description.

    Parameters
    ----------
    path
        The archive.
    known
        Endings of tables.

    Raises
    ------
    Invalid
        If the archive is damaged, or holds no table or several.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [each.filename for each in archive.infolist() if not each.is_dir()]
    except DAMAGE as error:
        raise refuse(str(path), "bad-archive", "", _reason(error), "copy it again") from error
    names = [name for name in names if not re.search(r"(^|/)(__MACOSX/|\.)", name)]
    tables = [name for name in names if Path(name).suffix.lower() in known]
    tables = [name for name in tables if not name.lower().endswith(".txt")] or tables
    if len(tables) == 1:
        return tables[0]
    shown = shorten([_short(name) for name in tables or names], 5)
    what = f"the archive holds {plural(len(tables), 'table')}" if tables else "no table is in it"
    what += f": {shown}" if shown else ""
    expected = f"one file that ends in one of {', '.join(known)}; else unpack it and name one file"
    raise refuse(str(path), "bad-archive", "", what, f"{expected}, or the folder")


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:28]}...{name[-28:]}"


def _reason(error: BaseException) -> str:
    return str(error)[:300] or type(error).__name__


class _Bounded(io.RawIOBase):
    """A stream that refuses to decode to far more than its file can honestly hold."""

    def __init__(self, path: Path, stream: Any) -> None:
        self._path, self._stream, self._done = path, stream, 0
        self._most = max(LARGE, DENSE * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block: bytes = self._stream.read(self._most + 1 if size is None or size < 0 else size)
        self._done += len(block)
        if self._done > self._most:
            what = f"it decodes to more than {self._most:,} bytes, {DENSE} times its size"
            expected = "if that is right, decompress it and name the decompressed file"
            raise refuse(str(self._path), "too-large", "", what, expected)
        return block


@contextmanager
def opened(path: Path, member: str = "") -> Iterator[Any]:
    """Open a file, decompressed as its ending says, for reading bytes.

    Parameters
    ----------
    path
        The file.
    member
        Name of the file in a zip archive; see `member_of`.

    Yields
    ------
    pyarrow.NativeFile
        Reading from it raises `Invalid` if the file decodes to far more than it can honestly hold,
        and one of `DAMAGE` if it is damaged.
    """
    import pyarrow as pa

    packed = endings(path)[1]
    if not packed:
        with pa.input_stream(str(path), compression=None) as plain:
            yield plain
        return
    with _decoder(path, packed, member) as stream, pa.PythonFile(_Bounded(path, stream)) as file:
        yield file


@contextmanager
def _decoder(path: Path, packed: str, member: str) -> Iterator[Any]:
    import pyarrow as pa

    if packed == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(member) as inner:
            yield inner
    elif packed == ".xz":
        with lzma.open(path) as inner:
            yield inner
    else:
        program = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}[packed]
        with pa.input_stream(str(path), compression=program) as inner:
            yield inner


def unpacked(path: Path, member: str = "") -> bytes:
    """Return the whole content of a file, decompressed; errors as in `opened`."""
    parts = []
    with opened(path, member) as stream:
        while part := stream.read(2**22):
            parts.append(part)
    return b"".join(parts)


def packed(path: Path, content: bytes, member: str = "") -> bytes:
    """Return new content in the compressed form of a file; other files of an archive stay."""
    import pyarrow as pa

    ending = endings(path)[1]
    if ending == ".zip":
        return _zipped(path, content, member)
    if ending == ".zst":
        target = pa.BufferOutputStream()
        with pa.CompressedOutputStream(target, "zstd") as stream:
            stream.write(content)
        found: bytes = target.getvalue().to_pybytes()
        return found
    if ending == ".gz":
        return gzip.compress(content, mtime=0)
    if ending == ".xz":
        return lzma.compress(content)
    return bz2.compress(content) if ending == ".bz2" else content


def _zipped(path: Path, content: bytes, member: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for each in old.infolist():
            new.writestr(each, content if each.filename == member else old.read(each))
    return target.getvalue()
