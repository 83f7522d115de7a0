"""Images that a service of yours draws: http_images=URL; every prompt is sent there.

Each prompt is one ``POST`` of ``{"id": ..., "prompt": ...}`` as JSON. The answer is an image
(``Content-Type: image/...``), or JSON with one in base64 (``{"image": "..."}``, or the first
of ``{"images": [...]}``). Redirects are not followed. If ``DATAPERF_IMAGES_TOKEN`` is set, it is
sent as a bearer token; neither it nor the address's query is recorded.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from dataperf.errors import DataperfError

role = "source"
external = True

TOKEN = "DATAPERF_IMAGES_TOKEN"
#: Seconds that one image may take, from the first to the last byte; most bytes of an answer.
LONGEST, LARGEST = 120.0, 48 * 2**20
CHUNK = 2**16


def numeric_version() -> str:
    """Return "": what counts is the images, whose digests are recorded."""
    return ""


def shown(option: str) -> str:
    """Return what a record may say of the address: no query and no password, which are secrets.

    >>> shown("http://user:secret@localhost:8000/draw?key=1")
    'http://localhost:8000/draw'
    """
    parts = urlsplit(option)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def prepare(option: str, *, longest: float = LONGEST) -> Callable[[str, str], bytes]:
    """Return what gives the image of a prompt, by id and words.

    Parameters
    ----------
    option
        The address, ``http`` or ``https``.
    longest
        Seconds that one image may take.

    Raises
    ------
    DataperfError
        If the address is none; later, if an image cannot be had.
    """
    try:
        address = urlsplit(option)
        known = address.scheme in ("http", "https") and bool(address.hostname)
        address.port  # noqa: B018  (raises if it is no number)
        whole = option.isascii() and option.isprintable() and " " not in option
    except ValueError:
        known = whole = False
    if not known or not whole:
        raise DataperfError(
            f'http_images: "{option[:200]}" is no http or https address.\n'
            "  Expected http_images=http://HOST:PORT/PATH"
        )
    if "@" in address.netloc:
        raise DataperfError(
            "http_images: the address holds a user's name or password, which would be recorded.\n"
            f"  Set {TOKEN} instead; it is sent as a bearer token."
        )
    return lambda uid, words: _ask(address, {"id": uid, "prompt": words}, longest)


def _ask(address: SplitResult, told: dict[str, str], longest: float) -> bytes:
    headers = {"Content-Type": "application/json", "Accept": "image/*, application/json"}
    headers["User-Agent"] = "dataperf"
    if token := os.environ.get(TOKEN):
        headers["Authorization"] = f"Bearer {token}"
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=longest)
    over = threading.Event()
    sockets: list[Any] = []
    timer = threading.Timer(longest, _end, (over, connection, sockets))
    timer.daemon = True
    timer.start()
    found = b""
    try:
        connection.connect()
        sockets.append(connection.sock)
        if not over.is_set():
            connection.request("POST", path, json.dumps(told).encode(), headers)
            found = _image(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError, DataperfError) as error:
        if isinstance(error, DataperfError) and not over.is_set():
            raise
        if not over.is_set():
            what = str(error) or type(error).__name__
            raise DataperfError(f"no answer: {what[:200]}") from error
    finally:
        timer.cancel()
        connection.close()
    if over.is_set():  # and what was read may have been cut off
        raise DataperfError(f"no whole answer in {longest:g} s")
    return found


def _end(over: threading.Event, connection: http.client.HTTPConnection, sockets: list[Any]) -> None:
    """End an answer that takes too long, however slowly its bytes trickle in.

    A connection forgets its socket once an answer has begun that will close it.
    """
    over.set()
    for each in [*sockets, connection.sock]:
        with suppress(OSError, AttributeError):
            each.shutdown(socket.SHUT_RDWR)


def _image(answer: http.client.HTTPResponse) -> bytes:
    kind = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    if 300 <= answer.status < 400:
        place = (answer.getheader("Location") or "nowhere")[:200]
        raise DataperfError(
            f"the service answered {answer.status} and leads to {place}: give the final address"
        )
    if answer.status != 200:
        raise DataperfError(f"the service answered {answer.status} {answer.reason[:100]}")
    if not kind.startswith("image/") and kind != "application/json":
        raise DataperfError(
            f'the service answered with "{kind[:60] or "no type"}", expected an image or JSON'
        )
    length = answer.getheader("Content-Length") or ""
    if length.isdecimal() and int(length) > LARGEST:
        raise DataperfError(f"the answer has {int(length):,} bytes, at most {LARGEST:,} are read")
    content = bytearray()
    while block := answer.read1(CHUNK):
        content += block
        if len(content) > LARGEST:
            raise DataperfError(f"the answer has more than the {LARGEST:,} bytes that are read")
    if length.isdecimal() and len(content) != int(length):
        raise DataperfError(f"the answer ended after {len(content):,} of {int(length):,} bytes")
    return bytes(content) if kind != "application/json" else _inside(bytes(content))


def _inside(content: bytes) -> bytes:
    expected = 'the JSON has no image, expected {"image": "<base64>"}'
    try:
        told: Any = json.loads(content)
        found = told.get("image") or told["images"][0]
        return base64.b64decode(found.partition("base64,")[2] or found, validate=True)
    except (ValueError, RecursionError, LookupError, AttributeError, TypeError) as error:
        raise DataperfError(expected) from error
