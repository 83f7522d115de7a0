"""Check that a file that arrived is what its name claims, where no digest is promised.

A publisher's server may send a login page, an error or half a file with the answer "200 OK".
"""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from pathlib import Path

from dataperf.errors import Invalid, Problem
from dataperf.sources.archives import is_archive

#: What files begin with, by their ending.
MAGIC = {
    (".parquet", ".pq"): b"PAR1",
    (".npy",): b"\x93NUMPY",
    (".gz", ".tgz"): b"\x1f\x8b",
    (".bz2",): b"BZh",
    (".xz",): b"\xfd7zXZ\x00",
    (".zst",): b"\x28\xb5\x2f\xfd",
    (".png",): b"\x89PNG",
    (".jpg", ".jpeg"): b"\xff\xd8\xff",
    (".wav",): b"RIFF",
    (".pdf",): b"%PDF",
}
#: Endings of texts, which hold no zero bytes, and of pages and markup, which may begin as a page.
TEXTS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".md", ".toml", ".yaml", ".yml")
PAGES = (".html", ".htm", ".xml", ".svg")
PAGE = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<?xml", b"<error", b"<!--")
#: Bytes that are looked at from either end of a file.
LOOK = 4096


def check(path: Path, name: str, address: str, *, sizes: tuple[int, int] | None = None) -> None:
    """Raise Invalid if a file is not what its name claims.

    Parameters
    ----------
    path
        The file that arrived.
    name
        What it will be called; its ending says what it should be.
    address
        Where it came from.
    sizes
        Smallest and largest size in bytes that the publisher's file may have.
    """
    what = _wrong(path, name.lower(), sizes)
    if what:
        expected = "nothing of it is kept: try again, or get the file in a browser and put it there"
        raise Invalid(address, [Problem("not-what-it-claims", name, what, expected)])


def _wrong(path: Path, name: str, sizes: tuple[int, int] | None) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(LOOK)
        file.seek(max(0, size - LOOK))
        last = file.read(LOOK)
    if not size:
        return "an empty file arrived"
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()[:32].lower()
    if start.startswith(PAGE) and not name.endswith(PAGES):
        return "a web page arrived instead, as of a login or an error"
    if sizes and not sizes[0] <= size <= sizes[1]:
        return f"{size:,} bytes arrived, expected {sizes[0]:,} to {sizes[1]:,}"
    for endings, magic in MAGIC.items():
        if name.endswith(endings) and not first.startswith(magic):
            return f"it does not begin as a {endings[0]} file"
    if name.endswith((".parquet", ".pq")) and not (size >= 12 and last.endswith(b"PAR1")):
        return "it ends before the end of a Parquet file"
    if name.endswith(TEXTS) and b"\0" in first + last and not first.startswith((b"\xff", b"\xfe")):
        return "it is not a text"
    if name.endswith(".json") and (start[:1], last.rstrip()[-1:]) not in BRACKETS:
        return "it does not begin and end as JSON"
    return _broken_archive(path) if is_archive(name) or name.endswith(".npz") else ""


BRACKETS = ((b"{", b"}"), (b"[", b"]"))


def _broken_archive(path: Path) -> str:
    """Return why an archive's table of contents cannot be read; "" if it can."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as file:
                return "" if file.namelist() else "an empty archive arrived"
        with tarfile.open(path) as tar:
            return "" if tar.next() else "an empty archive arrived"
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        OSError,
        EOFError,
        ValueError,
        zlib.error,
    ) as error:
        return f"it is not a whole archive: {str(error)[:100]}"
