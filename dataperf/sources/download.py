"""Official files from their publishers: fetched whole or resumed, checked, unpacked."""

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
from dataperf.errors import DataperfError, DigestMismatch, Unavailable
from dataperf.records import Archive, Folder, Source, Url
from dataperf.sources import archives, locate
from dataperf.sources.archives import CHUNK, LARGEST, Progress

TRIES = 4
TIMEOUT = 60.0
SUMS = "SHA256SUMS"


def get(dataset: str, source: Source, *, progress: Callable[[str], Progress] | None = None) -> Path:
    """Download what a dataset needs into its folder, and unpack it; what is there is checked.

    Parameters
    ----------
    dataset
        Its name.
    source
        Its source.
    progress
        Called with the name of each step, gives what `fetch` and ``unpack`` call.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DataperfError
        If nothing is to be downloaded for it, or as `fetch` and ``unpack`` do.
    """
    if isinstance(source, Url):
        wanted: tuple[Archive, ...] = (Archive(source.address, source.filename, source.sha256),)
    elif isinstance(source, Folder):
        wanted = source.archives
        if not wanted:
            raise Unavailable(
                f"no address is known for the data of {dataset}.\n  Get it from its publisher "
                f"({source.layout}) and name its folder: --data-dir DIR"
            )
    else:
        raise DataperfError(f"nothing to download: {dataset} comes with the installation")
    place = locate.data_folder(dataset)
    for each in wanted:
        notes = archives.read_notes(place).get(each.filename, {})
        if notes.get("whole") and not (place / each.filename).exists():
            continue  # unpacked, and the archive removed since
        told = progress(each.filename) if progress else None
        fetch(each.address, place / each.filename, sha256=each.sha256, progress=told)
        if isinstance(source, Folder) and archives.is_archive(each.filename):
            told = progress(f"unpacking {each.filename}") if progress else None
            archives.unpack(place / each.filename, place, folder=each.folder, progress=told)
    return place


def is_needed(source: Source) -> bool:
    """Return whether a source's bytes do not come with an installation."""
    return isinstance(source, Url | Folder)


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
