"""Probability that an image shows nudity or pornography (Yahoo's open_nsfw network).

The network was trained on photographs and recognises nothing else that is unsafe: no violence,
no hate, no stereotypes. It is unreliable on drawings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dataperf.errors import DataperfError
from dataperf.media import networks

role = "image"
external = False


def numeric_version() -> str:
    """Return the sha256 of the network."""
    return networks.IMAGE.sha256


def prepare(option: str) -> Callable[[list[Any]], Any]:
    """Return a function that scores images.

    Parameters
    ----------
    option : str
        Must be empty.

    Returns
    -------
    callable
        Takes n images, each a (height, width, 3) array of uint8; returns (n,) probabilities that
        they are unsafe.

    Raises
    ------
    DataperfError
        If an option is given.
    Unavailable
        If the extra ``media`` is not installed.
    """
    if option:
        raise DataperfError(f'open_nsfw takes no option, but was given "{option[:60]}"')
    return networks.image_judge()
