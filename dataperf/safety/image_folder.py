"""Images that lie in a folder of yours: image_folder=DIR, named by their prompts' ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dataperf.errors import DataperfError

role = "source"
external = True

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
LARGEST = 32 * 2**20


def numeric_version() -> str:
    """Return "": what counts is the images, whose digests are recorded."""
    return ""


def prepare(option: str) -> Callable[[str, str], bytes | None]:
    """Return what gives the image of a prompt, by id and words; None if it has none.

    Raises
    ------
    DataperfError
        If the option is no folder; later, if an image is too large or cannot be read.
    """
    folder = Path(option)
    if not option or not folder.is_dir():
        raise DataperfError(
            f'image_folder: "{option[:200]}" is no folder.\n'
            f"  Expected image_folder=DIR with an image for each prompt: ID{' or ID'.join(ENDINGS)}"
        )

    def image(uid: str, words: str) -> bytes | None:
        if Path(uid).name != uid:
            return None  # an id with slashes must not lead out of the folder
        found = (folder / f"{uid}{ending}" for ending in ENDINGS)
        path = next((each for each in found if each.is_file()), None)
        if path is None:
            return None
        try:
            if path.stat().st_size > LARGEST:
                raise DataperfError(f"{path.name} has more than the {LARGEST:,} bytes allowed")
            return path.read_bytes()
        except OSError as error:
            raise DataperfError(f"{path.name} cannot be read: {error.strerror}") from error

    return image
