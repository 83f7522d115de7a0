"""Download files from their publishers: resume, verify and unpack them."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

from dataperf.basics import files
from dataperf.errors import DataperfError, DigestMismatch, Invalid, Unavailable
from dataperf.records import Archive, Folder, Source, Url
from dataperf.sources import archives, arrivals, leftovers, locate
from dataperf.sources.archives import CHUNK, LARGEST, Progress

TRIES = 4
TIMEOUT = 60.0
#: Fewest bytes a second, over `TIMEOUT`, before the connection is given up.
SLOWEST = 1024
SUMS = "SHA256SUMS"


def get(
    dataset: str,
    source: Source,
    *,
    again: bool = False,
    progress: Callable[[str], Progress] | None = None,
    on_message: Callable[[str], None] | None = None,
) -> Path:
    """Download and unpack the files of a dataset; existing files are only verified.

    Parameters
    ----------
    dataset
        Name of the dataset.
    source
        Where the data comes from.
    again
        Download and unpack existing files anew. The old ones stay until the new ones are here and
        whole.
    progress
        Called with the name of each step; returns the callback for `fetch` or
        `archives.unpack`.
    on_message
        Called with a line for each digest that is recorded because none is promised.

    Returns
    -------
    Path
        The dataset's folder.

    Raises
    ------
    Unavailable
        If no address is known, or as `fetch` does.
    DataperfError
        If the dataset comes with the installation, or as `fetch` and `archives.unpack` do.
    """
    wanted = _wanted(dataset, source)
    place = locate.data_folder(dataset)
    _make(place)
    leftovers.remove(place)
    for each in wanted:
        path = place / each.filename
        notes = archives.read_notes(place).get(each.filename, {})
        if notes.get("whole") and not path.exists() and not again:
            continue  # it was unpacked, and then the archive was removed
        fetched = again or not path.exists()
        on_bytes = progress(each.filename) if progress else None
        fetch(
            each.address,
            path,
            sha256=each.sha256,
            sizes=each.sizes,
            again=again,
            progress=on_bytes,
            on_message=on_message,
        )
        if isinstance(source, Folder) and archives.is_archive(each.filename):
            on_bytes = progress(f"unpacking {each.filename}") if progress else None
            try:
                archives.unpack(path, place, folder=each.folder, again=again, progress=on_bytes)
            except Invalid:
                if fetched:  # what is refused is neither kept nor expected from now on
                    path.unlink(missing_ok=True)
                    _record(path, None)
                raise
    return place


def _make(place: Path) -> None:
    """Make the folder of a dataset, or name the option that names another."""
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # such as the home folder of another user
        raise Unavailable(
            f"{place} cannot be written to: {error.strerror}\n"
            "  Name another folder: --data-dir FOLDER (or DATAPERF_DATA=FOLDER)"
        ) from error


def _wanted(dataset: str, source: Source) -> tuple[Archive, ...]:
    """Return the files to download."""
    if isinstance(source, Url):
        return (Archive(source.address, source.filename, source.sha256, sizes=source.sizes),)
    if not isinstance(source, Folder):
        raise DataperfError(f"nothing to download: {dataset} comes with the installation")
    if not source.archives:
        raise Unavailable(
            f"no address is known for the data of {dataset}.\n  Get it from its publisher "
            f"({source.layout}) and give its folder: --data-dir DIR"
        )
    return source.archives


def is_needed(source: Source) -> bool:
    """Return whether a source must be downloaded: it does not come with the installation."""
    return isinstance(source, Url | Folder)


def fetch(
    address: str,
    path: Path,
    *,
    sha256: str | None = None,
    sizes: tuple[int, int] | None = None,
    again: bool = False,
    largest: int = LARGEST,
    progress: Progress | None = None,
    on_message: Callable[[str], None] | None = None,
    pause: float = 1.0,
) -> str:
    """Download a file, or resume an earlier attempt.

    An incomplete file is kept as ``NAME.part``, with its address and version in
    ``NAME.part.json``. If the file on the server has changed, it is downloaded from the start.

    Parameters
    ----------
    address
        ``http``, ``https`` or ``file``.
    path
        The target file. If it exists, it is only verified.
    sha256
        Expected digest. If None, the file must be what its name claims (see `arrivals.check`). The
        digest of the first download is recorded in ``SHA256SUMS`` in the same folder and expected
        from then on.
    sizes
        Smallest and largest size in bytes of a file without an expected digest.
    again
        Download an existing file anew and forget its recorded digest.
    largest
        Maximum number of bytes.
    progress
        Called with the number of bytes so far and in total (None if unknown).
    on_message
        Called with a line that says which digest is recorded.
    pause
        Seconds before the second attempt; doubled for each further attempt.

    Returns
    -------
    str
        The sha256 of the file.

    Raises
    ------
    Unavailable
        If the server cannot be reached, refuses, or ends the connection, after four attempts.
    DigestMismatch
        If the file does not have the expected digest; a new download is removed.
    Invalid
        If no digest is expected and the file is not what its name claims; a new one is removed.
    DataperfError
        If the address has another scheme, or the file is too large.
    """
    if urllib.parse.urlsplit(address).scheme not in ("http", "https", "file"):
        raise DataperfError(f"cannot download {address}: not an http, https or file address")
    expected = sha256 or (None if again else _recorded(path))
    part = path.with_name(path.name + ".part")
    if path.is_file() and not again:
        for left in (part, _state_of(part)):  # of an earlier attempt that was killed
            left.unlink(missing_ok=True)
        if sha256 is None:
            arrivals.check(path, path.name, f"{path}, from {address}", sizes=sizes)
        return _checked(path, address, expected, remove=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    _fetch_part(address, part, largest, progress, pause)
    if sha256 is None or files.digest_file(part) != sha256:
        try:
            arrivals.check(part, path.name, address, sizes=sizes)
        except Invalid:
            _remove(part)
            raise
    found = _checked(part, address, expected, remove=True)
    if expected is None:
        _record(path, found)
    size = part.stat().st_size
    part.replace(path)
    _state_of(part).unlink(missing_ok=True)
    if expected is None and on_message:
        on_message(
            f"{path.name}: its publisher promises no digest. This file has {size:,} bytes and "
            f"sha256 {found}; {path.with_name(SUMS)} records it, and later downloads must have it"
        )
    return found


def _fetch_part(
    address: str, part: Path, largest: int, progress: Progress | None, pause: float
) -> None:
    """Download into the file of an incomplete download, with several attempts."""
    for attempt in range(TRIES):
        try:
            return _fetch_once(address, part, largest, progress)
        except _TryAgain as error:
            if attempt == TRIES - 1:
                raise Unavailable(
                    f"cannot download {address}: {error}\n  The incomplete file is kept; run the command "
                    "again to resume."
                ) from error
            time.sleep(pause * 2**attempt)


class _TryAgain(Exception):
    """A failure that another attempt may not have."""


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
        if error.code == 416:  # our part does not belong to the current file
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
    part_sent = answer.headers.get("Content-Range")
    if goes_on and part_sent and not part_sent.startswith(f"bytes {have}-"):
        part.unlink(missing_ok=True)
        raise _TryAgain("the server sent another part of the file than was asked for")
    start = have if goes_on else 0
    length = answer.headers.get("Content-Length")
    total = start + int(length) if length and length.isdecimal() else None
    if total is not None and total > largest:
        raise DataperfError(f"{address} has {total:,} bytes, more than the {largest:,} allowed")
    validator = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
    if validator and validator.startswith("W/"):
        validator = None  # a weak validator does not promise the same bytes
    state = {"address": address, "validator": validator}
    files.write_whole(_state_of(part), json.dumps(state).encode())
    done, since, mark = start, time.monotonic(), start
    with part.open("ab" if goes_on else "wb") as out:
        while block := answer.read1(CHUNK):
            done += len(block)
            if time.monotonic() - since > TIMEOUT:
                if done - mark < SLOWEST * TIMEOUT:
                    raise _TryAgain(f"the server sends fewer than {SLOWEST:,} bytes a second")
                since, mark = time.monotonic(), done
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
    """Follow redirects to http and https only, and none from https to http."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        here, there = (urllib.parse.urlsplit(each).scheme for each in (req.full_url, newurl))
        if there not in ("http", "https") or (here == "https" and there == "http"):
            raise Unavailable(f"cannot download {req.full_url}: it redirects to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_Redirects)


def _state_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_state(part: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads(_state_of(part).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def _checked(path: Path, address: str, expected_digest: str | None, *, remove: bool) -> str:
    found = files.digest_file(path)
    if expected_digest is None or found == expected_digest:
        return found
    if remove:
        _remove(path)
    remedy = (
        f"The download from {address} was removed; its publisher may have changed the file.\n"
        f"  If the change is intended: dataperf data get NAME --again, or remove its line from "
        f"{SUMS} in {path.parent}."
        if remove
        else f"Replace it with: dataperf data get NAME --again, or download it again: {address}"
    )
    raise DigestMismatch(str(path), expected=expected_digest, found=found, remedy=remedy)


def _recorded(path: Path) -> str | None:
    sums = path.with_name(SUMS)
    if not sums.is_file():
        return None
    for line in sums.read_text(encoding="utf-8", errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        if name == path.name:
            return digest
    return None


def _record(path: Path, digest: str | None) -> None:
    """Record the digest of a file in the place of an earlier one; None only forgets that."""
    sums = path.with_name(SUMS)
    lines = sums.read_text(encoding="utf-8", errors="replace") if sums.is_file() else ""
    kept = [each for each in lines.splitlines() if each.partition("  ")[2] != path.name]
    kept += [f"{digest}  {path.name}"] if digest else []
    if kept:
        files.write_whole(sums, "".join(f"{each}\n" for each in kept).encode())
    else:
        sums.unlink(missing_ok=True)


def _remove(part: Path) -> None:
    part.unlink(missing_ok=True)
    _state_of(part).unlink(missing_ok=True)
