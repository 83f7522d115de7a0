"""Images from your own web service: http_images=URL. Every prompt is sent to this address.

Each prompt is one ``POST`` of ``{"id": ..., "prompt": ...}`` as JSON. The response is an image
(``Content-Type: image/...``), or JSON with an image in base64 (``{"image": "..."}``, or the first
of ``{"images": [...]}``). Redirects are not followed. If ``DATAPERF_IMAGES_TOKEN`` is set, it is
sent as a bearer token. Neither the token nor the query of the address is recorded.
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
#: Maximum time for one image, in seconds, and maximum size of a response, in bytes.
LONGEST, LARGEST = 120.0, 48 * 2**20
CHUNK = 2**16


def numeric_version() -> str:
    """Return "": the service has no version; the digests of its images are recorded."""
    return ""


def shown(option: str) -> str:
    """Return what a record may say of the address: no query and no password, which are secrets.

    >>> shown("http://user:secret@localhost:8000/draw?key=1")
    'http://localhost:8000/draw'
    """
    parts = urlsplit(option)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def prepare(option: str, *, longest: float = LONGEST) -> Callable[[str, str], bytes]:
    """Return a function that gets the image of a prompt from the service.

    Parameters
    ----------
    option : str
        The address, ``http`` or ``https``.
    longest : float
        Maximum time for one image, in seconds.

    Returns
    -------
    callable
        Takes the id and the text of a prompt; returns the bytes of the image. It raises
        DataperfError if the service gives no image.

    Raises
    ------
    DataperfError
        If the option is not such an address, or holds a user name or password.
    """
    try:
        address = urlsplit(option)
        known = address.scheme in ("http", "https") and bool(address.hostname)
        address.port  # noqa: B018  (raises if it is not a number)
        whole = option.isascii() and option.isprintable() and " " not in option
    except ValueError:
        known = whole = False
    if not known or not whole:
        raise DataperfError(
            f'http_images: "{option[:200]}" is not an http or https address.\n'
            "  Expected http_images=http://HOST:PORT/PATH"
        )
    if "@" in address.netloc:
        raise DataperfError(
            "http_images: the address holds a user name or password, which would be recorded.\n"
            f"  Set {TOKEN} instead; it is sent as a bearer token."
        )
    return lambda uid, words: _ask(address, {"id": uid, "prompt": words}, longest)


def _ask(address: SplitResult, body: dict[str, str], longest: float) -> bytes:
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
            connection.request("POST", path, json.dumps(body).encode(), headers)
            found = _image(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError, DataperfError) as error:
        if isinstance(error, DataperfError) and not over.is_set():
            raise
        if not over.is_set():
            what = str(error) or type(error).__name__
            raise DataperfError(f"no response: {what[:200]}") from error
    finally:
        timer.cancel()
        connection.close()
    if over.is_set():  # the response may be incomplete
        raise DataperfError(f"no complete response within {longest:g} s")
    return found


def _end(over: threading.Event, connection: http.client.HTTPConnection, sockets: list[Any]) -> None:
    """End a response that takes too long, however slowly its bytes arrive.

    A connection drops its socket when it has read a response header that closes it, so the socket
    is passed separately.
    """
    over.set()
    for each in [*sockets, connection.sock]:
        with suppress(OSError, AttributeError):
            each.shutdown(socket.SHUT_RDWR)


def _image(response: http.client.HTTPResponse) -> bytes:
    kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    if 300 <= response.status < 400:
        place = (response.getheader("Location") or "nowhere")[:200]
        raise DataperfError(
            f"the service answered {response.status}, a redirect to {place}; pass the final address"
        )
    if response.status != 200:
        raise DataperfError(f"the service answered {response.status} {response.reason[:100]}")
    if not kind.startswith("image/") and kind != "application/json":
        raise DataperfError(
            f'the service answered with "{kind[:60] or "no type"}", expected an image or JSON'
        )
    length = response.getheader("Content-Length") or ""
    if length.isdecimal() and int(length) > LARGEST:
        raise DataperfError(f"the response has {int(length):,} bytes; the maximum is {LARGEST:,}")
    content = bytearray()
    while block := response.read1(CHUNK):
        content += block
        if len(content) > LARGEST:
            raise DataperfError(f"the response has more than {LARGEST:,} bytes, the maximum")
    if length.isdecimal() and len(content) != int(length):
        raise DataperfError(f"the response ended after {len(content):,} of {int(length):,} bytes")
    return bytes(content) if kind != "application/json" else _decoded(bytes(content))


def _decoded(content: bytes) -> bytes:
    try:
        reply: Any = json.loads(content)
        found = reply.get("image") or reply["images"][0]
        return base64.b64decode(found.partition("base64,")[2] or found, validate=True)
    except (ValueError, RecursionError, LookupError, AttributeError, TypeError) as error:
        raise DataperfError('the JSON has no image; expected {"image": "<base64>"}') from error
