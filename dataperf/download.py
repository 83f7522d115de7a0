"""Official archives to checked files: fetched whole or resumed, and unpacked without surprises."""

from __future__ import annotations

import json
import lzma
import os
import shutil
import stat
import tarfile
import tempfile
import time
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import IO, Any

from dataperf import files
from dataperf.errors import DataperfError, DigestMismatch, Invalid, Problem, Unavailable

CHUNK = 1 << 20
LARGEST = 20 * 2**30
MOST_FILES = 200_000
TRIES = 4
TIMEOUT = 60.0
SUMS = "SHA256SUMS"
UNPACKED = ".unpacked"

Progress = Callable[[int, int | None], None]


# Fetching --------------------------------------------------------------------------------


def fetch(
    address: str,
    path: Path,
    *,
    sha256: str | None = None,
    largest: int = LARGEST,
    progress: Progress | None = None,
    pause: float = 1.0,
) -> str:
    """Download a file whole, or go on where an earlier attempt stopped.

    Parts lie in ``NAME.part`` beside the file, and what they are parts of in
    ``NAME.part.json``; a server whose file has changed since is asked for all of it again.

    Parameters
    ----------
    address
        ``http``, ``https`` or ``file``.
    path
        Where the file goes. If it is there, it is only checked.
    sha256
        What it must be. If None, the digest of the first download is written into
        ``SHA256SUMS`` beside it and held to from then on.
    largest
        Most bytes.
    progress
        Called with the bytes so far and in all (None if not told).
    pause
        Seconds before the second attempt; doubled for every further one.

    Returns
    -------
    str
        The sha256.

    Raises
    ------
    Unavailable
        If the server cannot be reached, refuses, or ends too early, after four attempts.
    DigestMismatch
        If the file is not what was promised or recorded; a new download is removed.
    DataperfError
        If the address is not of those kinds, or the file is larger than allowed.
    """
    if urllib.parse.urlsplit(address).scheme not in ("http", "https", "file"):
        raise DataperfError(f"cannot download {address}: not an http, https or file address")
    promised = sha256 or _recorded(path)
    if path.is_file():
        return _checked(path, address, promised, remove=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    for attempt in range(TRIES):
        try:
            _fetch_once(address, part, largest, progress)
            break
        except _TryAgain as error:
            if attempt == TRIES - 1:
                raise Unavailable(
                    f"cannot download {address}: {error}\n  What has arrived is kept; ask again "
                    "to go on from there."
                ) from error
            time.sleep(pause * 2**attempt)
    found = _checked(part, address, promised, remove=True)
    part.replace(path)
    _state_of(part).unlink(missing_ok=True)
    if promised is None:
        _record(path, found)
    return found


class _TryAgain(Exception):
    """What may go better the next time."""


def _fetch_once(address: str, part: Path, largest: int, progress: Progress | None) -> None:
    state = _read_state(part)
    have = part.stat().st_size if part.is_file() and state.get("address") == address else 0
    request = urllib.request.Request(address, headers={"User-Agent": "dataperf"})
    if have and state.get("validator"):
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", state["validator"])
    try:
        with _OPENER.open(request, timeout=TIMEOUT) as answer:
            _receive(answer, address, part, have, largest, progress)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # our part is no part of the file that is there now
            part.unlink(missing_ok=True)
            raise _TryAgain("the file on the server has changed") from error
        if error.code in (408, 429) or error.code >= 500:
            raise _TryAgain(f"the server answered {error.code} {error.reason}") from error
        raise Unavailable(
            f"cannot download {address}: the server answered {error.code} {error.reason}"
        ) from error
    except (urllib.error.URLError, HTTPException, OSError) as error:
        raise _TryAgain(str(error)) from error


def _receive(
    answer: Any, address: str, part: Path, have: int, largest: int, progress: Progress | None
) -> None:
    goes_on = getattr(answer, "status", None) == 206
    start = have if goes_on else 0
    length = answer.headers.get("Content-Length")
    total = start + int(length) if length and length.isdecimal() else None
    if total is not None and total > largest:
        raise DataperfError(f"{address} has {total:,} bytes, more than the {largest:,} allowed")
    validator = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
    if validator and validator.startswith("W/"):
        validator = None  # a weak validator does not promise the same bytes
    told = {"address": address, "validator": validator}
    files.write_whole(_state_of(part), json.dumps(told).encode())
    done = start
    with part.open("ab" if goes_on else "wb") as out:
        while block := answer.read(CHUNK):
            done += len(block)
            if done > largest:
                raise DataperfError(f"{address} sends more than the {largest:,} bytes allowed")
            out.write(block)
            if progress:
                progress(done, total)
        out.flush()
        os.fsync(out.fileno())
    if total is not None and done != total:
        raise _TryAgain(f"the connection ended after {done:,} of {total:,} bytes")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to the web only."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        if urllib.parse.urlsplit(newurl).scheme not in ("http", "https"):
            raise Unavailable(f"cannot download {req.full_url}: it leads to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_Redirects)


def _state_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_state(part: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads(_state_of(part).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def _checked(path: Path, address: str, promised: str | None, *, remove: bool) -> str:
    found = files.digest_file(path)
    if promised is None or found == promised:
        return found
    if remove:
        path.unlink()
        _state_of(path).unlink(missing_ok=True)
    remedy = (
        f"What {address} sent was removed; its publisher may have changed it. If that is meant,\n"
        f"  take its line out of {SUMS} in {path.parent}."
        if remove
        else f"Remove it and download it again: {address}"
    )
    raise DigestMismatch(str(path), expected=promised, found=found, remedy=remedy)


def _recorded(path: Path) -> str | None:
    sums = path.with_name(SUMS)
    if not sums.is_file():
        return None
    for line in sums.read_text(encoding="utf-8", errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        if name == path.name:
            return digest
    return None


def _record(path: Path, digest: str) -> None:
    sums = path.with_name(SUMS)
    lines = sums.read_text(encoding="utf-8") if sums.is_file() else ""
    files.write_whole(sums, f"{lines}{digest}  {path.name}\n".encode())


# Unpacking -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """A file inside an archive."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def unpack(
    archive: Path,
    folder: Path,
    *,
    largest: int = LARGEST,
    most_files: int = MOST_FILES,
    progress: Progress | None = None,
) -> list[Path]:
    """Unpack a zip or tar archive into a folder: all of it or nothing.

    What is refused: paths that leave the folder, links, devices, names that two systems read
    differently, repeated names, encrypted files, more files or bytes than allowed. Bytes are
    counted as they are written, so that an archive that lies about its sizes is refused too.

    Parameters
    ----------
    archive
        A zip, tar, tar.gz, tar.bz2 or tar.xz file.
    folder
        Where it goes. If this very archive is unpacked there, nothing is done.
    largest, most_files
        Most bytes and files.
    progress
        Called with the bytes so far and in all.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    Invalid
        If the archive is damaged or refused; every problem is listed, nothing is unpacked.
    DataperfError
        If the folder holds something else.
    """
    digest = files.digest_file(archive)
    if _is_unpacked(folder, digest):
        return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != UNPACKED)
    if folder.is_dir() and any(folder.iterdir()):
        raise DataperfError(f"{folder} is not empty; remove it, or choose another --data-dir")
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".unpacking-"))
    try:
        with _opened(archive) as entries:
            _refuse(archive, _problems(entries, largest, most_files))
            _write(archive, _files_of(entries), work, largest, progress)
        (work / UNPACKED).write_text(digest, encoding="utf-8")
        work.chmod(0o755)
        if folder.is_dir():
            folder.rmdir()
        work.replace(folder)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != UNPACKED)


def _is_unpacked(folder: Path, digest: str) -> bool:
    mark = folder / UNPACKED
    return mark.is_file() and mark.read_text(encoding="utf-8", errors="replace") == digest


class _opened:
    """Every member of an archive; closes it."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive

    def __enter__(self) -> list[Any]:
        try:
            if zipfile.is_zipfile(self.archive):
                self.file: Any = zipfile.ZipFile(self.archive)
                return [(self.file, each) for each in self.file.infolist()]
            self.file = tarfile.open(self.archive)
            return [(self.file, each) for each in self.file.getmembers()]
        except _DAMAGE as error:
            problem = Problem("bad-archive", "", str(error)[:200] or type(error).__name__)
            raise Invalid(str(self.archive), [problem]) from error

    def __exit__(self, *_: object) -> None:
        self.file.close()


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
    """Return everything that speaks against unpacking an archive, from its table of contents."""
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
                what = f"is there twice: {seen[key]!r} and {name!r}"
                problems.append(Problem("duplicate-path", name[:200], what))
            seen[key] = name
            total += _size(member)
    for key, name in seen.items():
        for parent in PurePosixPath(key).parents:
            if str(parent) in seen:
                problems.append(Problem("duplicate-path", name[:200], "lies below a file"))
                break
    if len(members) > most_files:
        what = f"{len(members):,} files"
        problems.append(Problem("too-many-files", "", what, f"at most {most_files:,}"))
    if total > largest:
        problems.append(Problem("too-large", "", f"{total:,} bytes", f"at most {largest:,}"))
    return problems


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
        yield Problem("path-escape", shown, "leads out of the folder")
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
                        what = f"more than the {entry.size:,} bytes it says"
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
