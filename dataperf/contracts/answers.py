"""Contracts of tracks and strategies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from dataperf.errors import Problem
from dataperf.records import Plan, Pool, Record, TaskData


class Track(Protocol):
    """``tracks/NAME.py``: how an answer is read, checked and turned into training sets.

    Attributes
    ----------
    Answer : type of Record
        The form of ``answer`` in a submission.
    Rules : type of Record
        The form of ``rules`` of a board.

    Examples
    --------
    The data of a board maps the names of its tasks to their data:

    >>> import numpy as np
    >>> from dataperf.records import Pool, TaskData
    >>> from dataperf.tracks import selection
    >>> ids, labels = np.array(["a", "b", "c"]), np.array([0, 1, 1])
    >>> pool = Pool(ids, np.zeros((3, 1)), labels, ("no", "yes"), {})
    >>> data = {"digits": TaskData(pool, None, {}, digest="")}
    >>> answer = selection.Answer(samples=["a", "c"])
    >>> selection.check(answer, selection.Rules(budget=2), data, official=False)
    []
    >>> plans = selection.plans(answer, selection.Rules(budget=2), data, official=False)
    >>> plans["digits"].sets[0].rows
    array([0, 2])
    """

    Answer: type[Record]
    Rules: type[Record]

    def read(self, content: Mapping[str, Any], *, official: bool) -> dict[str, Any] | None:
        """Return the answer inside a foreign JSON format that this track knows.

        Parameters
        ----------
        content : mapping
            The file's content.
        official : bool
            Whether to accept everything that the official evaluator accepts.

        Returns
        -------
        dict or None
            The answer in the form of ``Answer``; None if the format is not known.

        Raises
        ------
        Invalid
            If the format is known, but the content is damaged.

        Examples
        --------
        >>> from dataperf.tracks import selection
        >>> selection.read({"targets": {"one": ["a"]}, "nontargets": ["b"]}, official=False)
        {'samples': {'one': ['a'], 'nontarget': ['b']}}
        >>> selection.read({"something": "else"}, official=False) is None
        True
        """

    def check(
        self, answer: Any, rules: Any, data: Mapping[str, TaskData], *, official: bool
    ) -> list[Problem]:
        """Return every problem of an answer.

        Parameters
        ----------
        answer : Answer
            An answer to this track, whose form is already checked.
        rules : Rules
            Rules of the board.
        data : mapping of str to TaskData
            Data of the board's tasks, by name.
        official : bool
            Whether to accept everything that the official evaluator accepts.

        Returns
        -------
        list of Problem
            Warnings included. The answer is valid if none of them is an error.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Pool, TaskData
        >>> from dataperf.tracks import selection
        >>> pool = Pool(np.array(["a", "b"]), np.eye(2), np.array([0, 1]), ("no", "yes"), {})
        >>> data = {"task": TaskData(pool, None, {}, digest="")}
        >>> answer, rules = selection.Answer(samples=["a", "x"]), selection.Rules(budget=1)
        >>> found = selection.check(answer, rules, data, official=False)
        >>> [problem.rule for problem in found if problem.severity == "error"]
        ['unknown-id', 'over-budget']
        """

    def plans(
        self, answer: Any, rules: Any, data: Mapping[str, TaskData], *, official: bool
    ) -> dict[str, Plan]:
        """Return what the frozen model is trained on.

        Parameters
        ----------
        answer : Answer
            A valid answer.
        rules : Rules
            Rules of the board.
        data : mapping of str to TaskData
            Data of the board's tasks, by name.
        official : bool
            Whether rows come as the official evaluator takes them, in its order.

        Returns
        -------
        dict of str to Plan
            One plan for each task.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Pool, TaskData
        >>> from dataperf.tracks import selection
        >>> pool = Pool(np.array(["a", "b"]), np.eye(2), np.array([0, 1]), ("no", "yes"), {})
        >>> data = {"task": TaskData(pool, None, {}, digest="")}
        >>> answer, rules = selection.Answer(samples=["b"]), selection.Rules(budget=1)
        >>> selection.plans(answer, rules, data, official=False)["task"].sets[0].labels
        array([1])
        """


class Strategy(Protocol):
    """``strategies/NAME.py``: a baseline that writes an answer from what a participant sees.

    Attributes
    ----------
    tracks : tuple of str
        Names of the tracks that it answers.

    Examples
    --------
    >>> from dataperf.strategies import random
    >>> random.tracks
    ('selection',)
    """

    tracks: tuple[str, ...]

    def answer(self, pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
        """Return an answer to one task.

        Parameters
        ----------
        pool : Pool
            What a participant sees. True labels and test rows are not in it.
        rules : Rules
            Rules of the board, in the form of its track.
        seed : int
            The same seed gives the same answer.

        Returns
        -------
        dict
            In the form of the track's ``Answer``. NumPy numbers and arrays are allowed.

        Raises
        ------
        DataperfError
            If the strategy cannot answer here, with what is missing.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Pool
        >>> from dataperf.strategies import random
        >>> from dataperf.tracks import selection
        >>> pool = Pool(np.array(["a", "b"]), np.eye(2), np.array([0, 1]), ("no", "yes"), {})
        >>> random.answer(pool, selection.Rules(budget=2), seed=0)
        {'samples': {'no': ['a'], 'yes': ['b']}}
        """
