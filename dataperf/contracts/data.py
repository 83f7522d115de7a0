"""Contracts of data sets and safety plug-ins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from dataperf.records import Card, FloatArray, Source, Table


class Dataset(Protocol):
    """``datasets/NAME.py``: rows with a card and a source that is checked by its digest.

    Attributes
    ----------
    card : Card
        What a reader must know before using the data: licence, attribution, known limits.
    source : Source
        Where the bytes come from.

    Examples
    --------
    >>> from dataperf.datasets import optical_digits
    >>> optical_digits.card.licence
    'CC BY 4.0'
    """

    card: Card
    source: Source

    def table(self, path: Path | None, **options: Any) -> Table:
        """Return the rows.

        Parameters
        ----------
        path : Path or None
            Where the bytes of the source lie; None if our own code makes them.
        **options
            What a challenge file says in ``options``. Name each one as an argument, typed ``int``,
            ``float``, ``str``, ``bool`` or ``Literal[...]``: others are refused before any data is
            loaded.

        Returns
        -------
        Table
            Ids are unique; features are numbers.

        Raises
        ------
        Unavailable
            If data or a package is missing, with how to get it.
        DataperfError
            If the bytes cannot be read as this data set.

        Examples
        --------
        >>> from dataperf.datasets import optical_digits
        >>> optical_digits.table(None).features.shape
        (1797, 64)
        """


class DatasetExtras(Protocol):
    """What a data set may also offer."""

    def inputs(self, path: Path, **options: Any) -> list[Path]:
        """Return the files of a folder that are read: the table is cached until one changes.

        Parameters
        ----------
        path : Path
            Where the bytes of the source lie.
        **options
            As in ``table``.

        Returns
        -------
        list of Path
            Files that exist.

        Raises
        ------
        Unavailable
            If a file is missing.

        Examples
        --------
        >>> from pathlib import Path
        >>> from dataperf.datasets import dataperf_vision
        >>> dataperf_vision.inputs(Path("nowhere"))  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        dataperf.errors.Unavailable: ...
        """

    def facts(self, path: Path | None, **options: Any) -> Mapping[str, Any]:
        """Return what participants learn besides the rows, such as prices.

        Parameters
        ----------
        path : Path or None
            Where the bytes of the source lie.
        **options
            As in ``table``.

        Returns
        -------
        mapping
            It becomes ``Pool.facts``.

        Examples
        --------
        >>> from dataperf.datasets import captioned_digits
        >>> sorted(captioned_digits.facts(None))
        ['names', 'text features']
        """

    def prompts(self, classes: Sequence[str], **options: Any) -> FloatArray:
        """Return text features of the classes, for models that describe classes in words.

        Parameters
        ----------
        classes : sequence of str
            Names of the classes.
        **options
            As in ``table``.

        Returns
        -------
        (classes, d) array of float64

        Examples
        --------
        >>> from dataperf.datasets import captioned_digits
        >>> captioned_digits.prompts(["one", "two"]).shape
        (2, 128)
        """


class Safety(Protocol):
    """``safety/NAME.py``: a model that judges texts or images; no score uses it.

    Attributes
    ----------
    role : "text", "image" or "source"
        What it judges; a source supplies the images.
    external : bool
        Whether it reaches outside of dataperf: a service, or a folder of the user.

    Examples
    --------
    >>> from dataperf.safety import image_folder
    >>> image_folder.role, image_folder.external
    ('source', True)
    """

    role: Literal["text", "image", "source"]
    external: bool

    def numeric_version(self) -> str:
        """Return a name for the version of the model.

        Returns
        -------
        str
            Such as the digest of its weights.

        Examples
        --------
        >>> from dataperf.safety import unsafe_topics
        >>> len(unsafe_topics.numeric_version())
        64
        """

    def prepare(self, option: str) -> Callable[..., Any]:
        """Check the option and the installation, and return what runs.

        Parameters
        ----------
        option : str
            The text after ``NAME=`` on the command line, or "".

        Returns
        -------
        callable
            For texts: from a list of n str to an (n,) array of probabilities of being unsafe.
            For images: the same from a list of (height, width, 3) arrays of uint8. For a
            source: from ``(uid, words)`` to the bytes of an image file, or None if there is no
            image for this prompt.

        Raises
        ------
        DataperfError
            If the option is wrong.
        Unavailable
            If a package is missing.

        Examples
        --------
        >>> from dataperf.safety import unsafe_topics
        >>> unsafe_topics.prepare("something")
        Traceback (most recent call last):
        dataperf.errors.DataperfError: unsafe_topics takes no option, but was given "something"
        """


class SafetyExtras(Protocol):
    """What a safety plug-in may also offer."""

    def shown(self, option: str) -> str:
        """Return the part of an option that a record may hold: no keys, no paths.

        Parameters
        ----------
        option : str
            As in ``prepare``.

        Returns
        -------
        str
            What is recorded.

        Examples
        --------
        >>> from dataperf.safety import http_images
        >>> http_images.shown("http://user:secret@localhost:8000/draw?key=1")
        'http://localhost:8000/draw'
        """
