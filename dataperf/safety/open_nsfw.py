"""Whether an image shows nudity or pornography, by Yahoo's open_nsfw network.

It was trained on photographs and sees nothing else that is unsafe: no violence, no hate, no
stereotypes. Of drawings it knows little.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dataperf.errors import DataperfError
from dataperf.media import networks

role = "image"
external = False


def numeric_version() -> str:
    """Return what tells one version of the network from another."""
    return networks.IMAGE.sha256


def prepare(option: str) -> Callable[[list[Any]], Any]:
    """Return what says of each (height, width, 3) uint8 image, (n,), how likely it is unsafe.

    Raises
    ------
    DataperfError
        If it is given an option: it has none.
    Unavailable
        If the extra ``media`` is not installed.
    """
    if option:
        raise DataperfError(f'open_nsfw takes no option, but was given "{option[:60]}"')
    return networks.image_judge()
