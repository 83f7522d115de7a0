"""Open the images that a safety model scores, within limits, and report what is wrong with one."""

from __future__ import annotations

import io
import warnings

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import printable

#: Maximum number of pixels of an image, and the accepted formats.
LARGEST, FORMATS = 50_000_000, ("PNG", "JPEG", "WEBP")


def open_image(content: bytes) -> NDArray[np.uint8]:
    """Return an image file as (height, width, 3) uint8, or (height, width) if it is grey.

    Parameters
    ----------
    content : bytes
        The file: PNG, JPEG or WebP.

    Returns
    -------
    array of uint8

    Raises
    ------
    ValueError
        If the file has another format, is damaged, or has more than 50 million pixels.
    """
    from PIL import Image, UnidentifiedImageError

    from dataperf.media import embed

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as file:
                width, height = file.size
        if width * height > LARGEST:
            raise ValueError(f"{width:,} x {height:,} pixels are more than {LARGEST:,}")
        return embed.open_image(content)
    except UnidentifiedImageError as error:
        raise ValueError(f"not a readable image: expected {', '.join(FORMATS)}") from error
    except Exception as error:  # decoders raise many types of errors; each means a bad file
        raise ValueError(f"not a readable image: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """Return the first line of an error, with control characters escaped."""
    text = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
    return printable(text)
