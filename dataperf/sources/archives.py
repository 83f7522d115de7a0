"""Unpack archives: all files or none, and only inside the target folder."""

from __future__ import annotations

import json
import lzma
import os
import shutil
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

from dataperf.basics import files
from dataperf.basics.wording import plural
from dataperf.errors import DataperfError, Invalid, Problem

CHUNK = 1 << 20
LARGEST = 20 * 2**30
MOST_FILES = 200_000
#: How many times its size an archive may unpack to; small ones may unpack to ``SMALL`` bytes.
MOST_RATIO, SMALL = 200, 256 * 2**20
#: Maximum size in bytes of a header inside a tar archive, which is read into memory.
LARGEST_HEADER = 2**20
MOST_TRAILING = 64  # chunks to read after the last file of a tar archive
UNPACKED = "UNPACKED.json"
ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class _Entry:
    """A file inside an archive."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def is_archive(name: str) -> bool:
    """Return whether a file name has the ending of a supported archive."""
    return name.endswith(ENDINGS)


def unpack(
    archive: Path,
    place: Path,
    *,
    folder: str = "",
    again: bool = False,
    largest: int = LARGEST,
    most_files: int = MOST_FILES,
    progress: Progress | None = None,
) -> list[str]:
    """Unpack a zip or tar archive into a folder: all of it or nothing.

    Refused are paths that leave the folder, links, devices, names that differ only in case or
    Unicode form, repeated names, encrypted files, and too many files or bytes. Bytes are counted
    while they are written, so that an archive with false sizes is refused too. The unpacked
    files are recorded in ``UNPACKED.json``.

    Parameters
    ----------
    archive
        A zip, tar, tar.gz, tar.bz2 or tar.xz file.
    place
        The target folder; other files in it stay. If the archive was unpacked there before,
        nothing is done.
    folder
        Subfolder of ``place`` for the files, unless the archive has a top-level folder of that
        name.
    again
        Unpack it even if it was unpacked there before, in the place of those files.
    largest, most_files
        Maximum number of bytes and of files.
    progress
        Called with the number of bytes written so far, and None.

    Returns
    -------
    list of str
        Names of the files and folders that were unpacked into ``place``.

    Raises
    ------
    Invalid
        If the archive is damaged or refused; all problems are listed, and nothing is unpacked.
    DataperfError
        If a file or folder in ``place`` already has one of the names.
    """
    digest, notes = files.digest_file(archive), read_notes(place)
    known = notes.get(archive.name, {})
    if known.get("sha256") == digest and known.get("whole") and not again:
        return list(known["entries"])
    place.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=place, prefix=f".unpacking-{os.getpid()}-"))
    try:
        with _opened(archive, largest, most_files) as members:
            _refuse(archive, _problems(members, largest, most_files))
            _refuse(archive, _size_problems(archive, members, place))
            _write(archive, _files_of(members), work, largest, progress)
        if folder and not (work / folder).is_dir():
            work = _inside(work, folder)
        entries = sorted(each.name for each in work.iterdir())
        halfway = known.get("entries", []) if again or known.get("sha256") == digest else []
        _move(
            work,
            place,
            entries,
            halfway,
            lambda whole: _note(place, archive, digest, entries, whole),
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return entries


def _inside(work: Path, folder: str) -> Path:
    """Move the content of the work folder into a subfolder; return the new work folder."""
    outer = Path(tempfile.mkdtemp(dir=work.parent, prefix=f".unpacking-{os.getpid()}-"))
    work.chmod(0o755)
    work.replace(outer / folder)
    return outer


def _move(
    work: Path, place: Path, entries: list[str], halfway: list[str], note: Callable[[bool], None]
) -> None:
    """Move the unpacked files into place; remove what an interrupted attempt left there."""
    taken = [name for name in entries if (place / name).exists() and name not in halfway]
    if taken:
        names = ", ".join(taken[:5])
        raise DataperfError(
            f"{place} already contains {names}\n  Remove it, or use another folder: --data-dir DIR"
        )
    note(False)
    for name in dict.fromkeys([*entries, *halfway]):
        there = place / name
        if there.is_dir() and not there.is_symlink():
            shutil.rmtree(there)
        if name in entries:
            (work / name).replace(there)
        else:
            there.unlink(missing_ok=True)
    note(True)


def read_notes(place: Path) -> dict[str, Any]:
    """Return the record of what was unpacked into a folder.

    Returns
    -------
    dict
        Archive name to its ``sha256``, its ``entries``, and whether it is ``whole``. Empty if the
        record is missing or damaged.
    """
    try:
        found = json.loads((place / UNPACKED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _note(place: Path, archive: Path, digest: str, entries: list[str], whole: bool) -> None:
    notes = read_notes(place)
    notes[archive.name] = {"sha256": digest, "entries": entries, "whole": whole}
    files.write_whole(place / UNPACKED, (json.dumps(notes, indent=1) + "\n").encode())


class _opened:
    """Context manager: opens an archive and gives its members."""

    def __init__(self, archive: Path, largest: int, most_files: int) -> None:
        self.archive = archive
        self.largest, self.most_files = largest, most_files

    def __enter__(self) -> list[Any]:
        try:
            if zipfile.is_zipfile(self.archive):
                self.file: Any = zipfile.ZipFile(self.archive)
                return [(self.file, each) for each in self.file.infolist()]
            self.file = tarfile.open(self.archive, tarinfo=_TarInfo)
            members, total = [], 0
            for each in self.file:
                members.append((self.file, each))
                total += each.size
                if total > self.largest or len(members) > self.most_files:
                    return members  # refused; the rest need not be read
            for _ in range(MOST_TRAILING):  # reading to the end checks the digest of a gzip file
                if not self.file.fileobj.read(CHUNK):
                    break
            return members
        except _DAMAGE as error:
            problem = Problem("bad-archive", "", str(error)[:200] or type(error).__name__)
            raise Invalid(str(self.archive), [problem]) from error

    def __exit__(self, *_: object) -> None:
        self.file.close()


class _TarInfo(tarfile.TarInfo):
    """A member whose header is bounded: a long name or its attributes are read into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        found = super().frombuf(buf, encoding, errors)
        if found.type in HEADERS and found.size > LARGEST_HEADER:
            raise tarfile.ReadError(f"a header of {found.size:,} bytes")
        return found


HEADERS = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)


_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
)


def _refuse(archive: Path, problems: list[Problem]) -> None:
    if problems:
        raise Invalid(str(archive), problems[:100])


def _problems(members: list[Any], largest: int, most_files: int) -> list[Problem]:
    """Return all reasons not to unpack an archive, from its table of contents."""
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    total = 0
    for _, member in members:
        name = _name(member)
        problems += _name_problems(name)
        problems += _kind_problems(name, member)
        key = unicodedata.normalize("NFC", name.rstrip("/")).casefold()
        if not _is_folder(member):
            if key in seen:
                what = f"duplicate path: {seen[key]!r} and {name!r}"
                problems.append(Problem("duplicate-path", name[:200], what))
            seen[key] = name
            total += _size(member)
    for key, name in seen.items():
        for parent in PurePosixPath(key).parents:
            if str(parent) in seen:
                problems.append(Problem("duplicate-path", name[:200], "is inside a file"))
                break
    if len(members) > most_files:
        what = plural(len(members), "file")
        problems.append(Problem("too-many-files", "", what, f"at most {most_files:,}"))
    if total > largest:
        problems.append(Problem("too-large", "", f"{total:,} bytes", f"at most {largest:,}"))
    return problems


def _size_problems(archive: Path, members: list[Any], place: Path) -> list[Problem]:
    """Return why an archive would unpack to more than it can honestly hold, or than fits here."""
    total = sum(_size(member) for _, member in members if not _is_folder(member))
    size = archive.stat().st_size
    most = max(SMALL, MOST_RATIO * size)
    if total > most:
        what = f"{total:,} bytes in an archive of {size:,}"
        return [Problem("bomb", "", what, f"at most {most:,}")]
    free = shutil.disk_usage(place).free
    if total > free:
        what = f"{total:,} bytes to unpack, {free:,} free in {place}"
        return [Problem("no-space", "", what, "make room, or use another disk: --data-dir DIR")]
    return []


def _name(member: Any) -> str:
    return str(member.filename if isinstance(member, zipfile.ZipInfo) else member.name)


def _size(member: Any) -> int:
    return int(member.file_size if isinstance(member, zipfile.ZipInfo) else member.size)


def _is_folder(member: Any) -> bool:
    return bool(member.is_dir() if isinstance(member, zipfile.ZipInfo) else member.isdir())


def _name_problems(name: str) -> Iterator[Problem]:
    shown = name[:200].encode("unicode_escape").decode()
    parts = PurePosixPath(name).parts
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        yield Problem("absolute-path", shown, "an absolute path")
    if ".." in parts:
        yield Problem("path-escape", shown, "leads outside the folder")
    if "\\" in name or any(unicodedata.category(each) == "Cc" for each in name):
        yield Problem("bad-name", shown, "a backslash or control character")
    elif not name.strip("/. "):
        yield Problem("bad-name", shown, "an empty name")
    elif any(len(os.fsencode(part)) > 255 for part in parts):
        yield Problem("bad-name", shown, "a name of more than 255 bytes")


def _kind_problems(name: str, member: Any) -> Iterator[Problem]:
    shown = name[:200]
    if isinstance(member, zipfile.ZipInfo):
        mode = member.external_attr >> 16
        if stat.S_ISLNK(mode):
            yield Problem("link", shown, "a link")
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield Problem("device", shown, "neither a file nor a folder")
        if member.flag_bits & 1:
            yield Problem("encrypted", shown, "is encrypted")
    elif member.issym() or member.islnk():
        yield Problem("link", shown, f"a link to {member.linkname[:200]!r}")
    elif not (member.isfile() or member.isdir()):
        yield Problem("device", shown, "neither a file nor a folder")


def _files_of(members: list[Any]) -> Iterator[_Entry]:
    for file, member in members:
        name = _name(member)
        if _is_folder(member) or name.startswith("__MACOSX/") or name.endswith(".DS_Store"):
            continue
        opener = file.open if isinstance(member, zipfile.ZipInfo) else file.extractfile
        yield _Entry(name, _size(member), partial(opener, member))


def _write(
    archive: Path, entries: Iterator[_Entry], work: Path, largest: int, progress: Progress | None
) -> None:
    done = 0
    for entry in entries:
        target = work / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        try:
            with entry.open() as source, target.open("xb") as out:
                while block := source.read(CHUNK):
                    written += len(block)
                    done += len(block)
                    if written > entry.size or done > largest:
                        what = f"more than its stated {entry.size:,} bytes"
                        _refuse(archive, [Problem("bomb", entry.name[:200], what)])
                    out.write(block)
                    if progress:
                        progress(done, None)
        except _DAMAGE as error:
            if isinstance(error, Invalid):
                raise
            what = str(error)[:200] or type(error).__name__
            _refuse(archive, [Problem("bad-archive", entry.name[:200], what)])
        if written != entry.size:
            what = f"{written:,} of {entry.size:,} bytes"
            _refuse(archive, [Problem("bad-archive", entry.name[:200], what)])
        target.chmod(0o644)
