"""Images from your own folder: image_folder=DIR, each file named by its prompt's id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dataperf.errors import DataperfError

role = "source"
external = True

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
LARGEST = 32 * 2**20


def numeric_version() -> str:
    """Return "": a folder has no version; the digests of its images are recorded."""
    return ""


def prepare(option: str) -> Callable[[str, str], bytes | None]:
    """Return a function that reads the image of a prompt from the folder.

    Parameters
    ----------
    option : str
        The folder.

    Returns
    -------
    callable
        Takes the id and the text of a prompt; returns the bytes of the image, None if there is no
        file. It raises DataperfError if the file is too large or cannot be read.

    Raises
    ------
    DataperfError
        If the option is not a folder.
    """
    folder = Path(option)
    if not option or not folder.is_dir():
        raise DataperfError(
            f'image_folder: "{option[:200]}" is not a folder.\n'
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
