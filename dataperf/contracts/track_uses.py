"""What a track may also offer for own data, audits, reference points and authors.

Other code never checks the name of a track; it uses these if the track has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dataperf.records import IntArray, Pool, Suspects


class TrackOwnData(Protocol):
    """What makes a track work on own data: ``dataperf evaluate --data``.

    ``own_rules`` is enough; the challenge is then called ``own-NAME``.

    Attributes
    ----------
    NEEDS_TRUTH : bool
        Whether true labels must be known.
    GIVES_LABELS : bool
        Whether an answer may give a row a label, so that rows without one belong to the pool.
    OWN_DEFAULT : bool
        Whether own data is on this track where none is named; one track of dataperf's own says so.

    Examples
    --------
    >>> from dataperf.tracks import cleaning, repair
    >>> cleaning.NEEDS_TRUTH, repair.GIVES_LABELS
    (True, True)
    """

    NEEDS_TRUTH: bool
    GIVES_LABELS: bool
    OWN_DEFAULT: bool

    def own_rules(self, pool: int, budget: int | None) -> dict[str, Any]:
        """Return the rules of a board.

        Parameters
        ----------
        pool : int
            Rows of the pool.
        budget : int or None
            Maximum number of rows in an answer, if the user gives it.

        Returns
        -------
        dict
            In the form of ``Rules``.

        Examples
        --------
        >>> from dataperf.tracks import selection
        >>> selection.own_rules(100, None)
        {'budget': 100}
        """

    def own_compared(self, pool: int, budget: int | None) -> tuple[str, dict[str, Any]]:
        """Return another track that compares the answer with others.

        A challenge with a folder has reference points and is not compared.

        Parameters
        ----------
        pool, budget : int
            As in ``own_rules``.

        Returns
        -------
        track : str
            The track's name.
        rules : dict
            In the form of its ``Rules``.

        Examples
        --------
        >>> from dataperf.tracks import selection
        >>> selection.own_compared(100, 10)
        ('subset', {'budget': 10})
        """

    def own_budget(self, answer: Mapping[str, Any]) -> int | None:
        """Return the budget of an answer where the user gives none.

        Parameters
        ----------
        answer : mapping
            The answer as it is in the file, not checked.

        Returns
        -------
        int or None
            None for the default of ``own_rules``.

        Examples
        --------
        >>> from dataperf.tracks import cleaning
        >>> cleaning.own_budget({"orders": {"own": ["r3", "r1"]}})
        2
        """

    def own_example(self, pool: Pool, rules: Any, task: str) -> dict[str, Any]:
        """Return the beginning of an answer, for the README of a new challenge.

        Parameters
        ----------
        pool : Pool
            Rows of the user's data.
        rules : Rules
            Rules of the board.
        task : str
            Name of the board's task.

        Returns
        -------
        dict
            In the form of ``Answer``.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Pool
        >>> from dataperf.tracks import cleaning
        >>> pool = Pool(np.array(["a", "b"]), np.eye(2), np.array([0, 1]), ("no", "yes"), {})
        >>> cleaning.own_example(pool, cleaning.Rules(), "own")
        {'orders': {'own': ['a', 'b']}}
        """

    def own_changes(self, answer: Any, pool: Pool) -> tuple[NDArray[np.bool_], dict[int, int]]:
        """Return what an answer changes in the user's data: ``dataperf apply``.

        Parameters
        ----------
        answer : Answer
            An unchecked answer; unknown ids and classes in it are ignored.
        pool : Pool
            All rows of the data, without features.

        Returns
        -------
        keep : (n,) array of bool
            Rows that stay.
        relabel : dict of int to int
            New class of each row that gets another label, by row number.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Pool
        >>> from dataperf.tracks import repair
        >>> pool = Pool(np.array(["a", "b"]), np.eye(2), np.array([0, 1]), ("no", "yes"), {})
        >>> keep, relabel = repair.own_changes(repair.Answer(drop=["a"], relabel={"b": "no"}), pool)
        >>> keep.tolist(), relabel
        ([False, True], {1: 0})
        """


class TrackUses(Protocol):
    """What a track may also offer to audits, reference points and authors; each is optional.

    Attributes
    ----------
    TRIAL_RULES : dict
        Rules for a pool of 60 labelled rows on which ``dataperf check-plugins`` tries the
        strategies of the track. Without them it looks only at how a strategy is called.

    Examples
    --------
    >>> from dataperf.tracks import repair
    >>> repair.TRIAL_RULES
    {'budget': 9}
    """

    TRIAL_RULES: dict[str, Any]

    def audit_answer(
        self, suspects: Suspects, *, task: str, budget: int | None, action: str
    ) -> dict[str, Any]:
        """Return what an audit answers: ``dataperf audit --submission``.

        Parameters
        ----------
        suspects : Suspects
            The rows of the pool, as the audit judges them.
        task : str
            Name of the board's task.
        budget : int or None
            Maximum number of rows in the answer; None for all that are flagged.
        action : str
            What to do with a suspicious row: ``"relabel"``, ``"drop"`` or ``"auto"``.

        Returns
        -------
        dict
            In the form of ``Answer``.

        Raises
        ------
        DataperfError
            If there is no answer, such as a selection of no rows.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Suspects
        >>> from dataperf.tracks import repair
        >>> ids, none = np.array(["a", "b"]), np.array([False, True])
        >>> labels, other = np.array([0, 0]), np.array([1, 1])
        >>> scores, sure = np.array([-0.5, 0.8]), np.array([0.2, 0.9])
        >>> suspects = Suspects(ids, labels, ("no", "yes"), scores, other, sure, none)
        >>> repair.audit_answer(suspects, task="own", budget=None, action="auto")
        {'drop': [], 'relabel': {'b': 'yes'}}
        """

    def selected(self, answer: Mapping[str, Any], pool: Pool) -> IntArray:
        """Return the rows that a strategy's answer selects, if answers of the track select rows.

        Boards with one task then also have the whole pool, the clean pool and an oracle as
        reference points.

        Parameters
        ----------
        answer : mapping
            From a strategy.
        pool : Pool
            What the strategy was given.

        Returns
        -------
        (m,) array of int
            Row numbers of the pool, ascending.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Pool
        >>> from dataperf.tracks import selection
        >>> pool = Pool(np.array(["a", "b"]), np.eye(2), np.array([0, 1]), ("no", "yes"), {})
        >>> selection.selected({"samples": {"yes": ["b"]}}, pool)
        array([1])
        """
