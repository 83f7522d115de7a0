"""Contracts of stores and engines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol


class Store(Protocol):
    """``stores/NAME.py``: where results are kept; nothing is ever changed or removed.

    ``--results NAME:LOCATION`` reaches it; the location is whatever the user writes there. A store
    refuses with a `DataperfError`; any other exception is reported as a fault of the store.

    Examples
    --------
    >>> import tempfile
    >>> from dataperf.stores import folder
    >>> with tempfile.TemporaryDirectory() as place:
    ...     kept = folder.put(place, "board/one.json", b"{}")
    ...     (list(folder.names(place)), folder.get(place, "board/one.json"))
    (['board/one.json'], b'{}')
    """

    def put(self, location: str, name: str, content: bytes) -> str:
        """Keep the content under the name, whole or not at all.

        The same content may be put again; other content under the same name is refused.

        Parameters
        ----------
        location : str
            The place, in this store's own words: a folder, an address.
        name : str
            ``CHALLENGE/BOARD/DIGEST.json``.
        content : bytes
            What is kept.

        Returns
        -------
        str
            Where it is, for people.

        Raises
        ------
        DataperfError
            If the name has other content, or the place cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> from dataperf.stores import folder
        >>> with tempfile.TemporaryDirectory() as place:
        ...     folder.put(place, "one.json", b"{}").endswith("one.json")
        True
        """

    def names(self, location: str) -> Iterable[str]:
        """List the names of everything that is kept.

        Parameters
        ----------
        location : str
            The place.

        Returns
        -------
        iterable of str
            In a fixed order.

        Raises
        ------
        DataperfError
            If the place cannot be read, or nothing was ever kept there.

        Examples
        --------
        >>> import tempfile
        >>> from dataperf.stores import folder
        >>> with tempfile.TemporaryDirectory() as place:
        ...     list(folder.names(place))
        []
        """

    def get(self, location: str, name: str) -> bytes:
        """Return what is kept under a name.

        Parameters
        ----------
        location : str
            The place.
        name : str
            One of ``names``.

        Returns
        -------
        bytes
            The content that was put there.

        Raises
        ------
        DataperfError
            If nothing has the name.

        Examples
        --------
        >>> from dataperf.stores import folder
        >>> folder.get("nowhere", "one.json")  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        dataperf.errors.DataperfError: ...
        """


class Engine(Protocol):
    """``engines/NAME.py``: where evaluations run: ``--engine NAME`` or ``DATAPERF_ENGINE``.

    The function never raises: what goes wrong with an item is part of its outcome, so an engine
    only passes outcomes on.

    Examples
    --------
    >>> from dataperf.engines import in_process
    >>> list(in_process.run(abs, [-1, 2], jobs=1))
    [1, 2]
    """

    def run(
        self, function: Callable[[Any], Any], items: Sequence[Any], *, jobs: int
    ) -> Iterator[Any]:
        """Yield ``function(item)`` once for every item, in the order of the items.

        Items may run in any order, in threads, in processes or on other machines. Stop what runs
        when the iterator is closed.

        Parameters
        ----------
        function : callable
            A function that can be pickled.
        items : sequence
            The function's arguments; they can be pickled.
        jobs : int
            Maximum number of items at a time.

        Returns
        -------
        iterator
            One result for each item.

        Raises
        ------
        DataperfError
            If an item cannot be run, such as one that kills its worker twice.

        Examples
        --------
        >>> from dataperf.engines import in_process
        >>> list(in_process.run(len, ["a", "bc"], jobs=2))
        [1, 2]
        """
