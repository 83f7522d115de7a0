"""What a track may also offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from dataperf.errors import Problem
from dataperf.records import Board, Plan, Pool, TaskData


class TrackExtras(Protocol):
    """What a track may also offer; each is optional.

    Attributes
    ----------
    OPTIONAL : dict of str to float
        Numbers of the summary that need an optional package, with their largest difference between
        two machines.
    PICKS : tuple of two int
        Numbers of runs in the reference points: of the random strategies, and of each other one.

    Examples
    --------
    >>> from dataperf.tracks import corpus
    >>> corpus.PICKS
    (20, 4)
    """

    OPTIONAL: Mapping[str, float]
    PICKS: tuple[int, int]

    def read_files(
        self, files: Mapping[str, bytes], board: Board, *, official: bool
    ) -> tuple[dict[str, Any], list[Problem]]:
        """Read an answer that is not one JSON file.

        Parameters
        ----------
        files : mapping of str to bytes
            Contents, by name.
        board : Board
            The board that is answered.
        official : bool
            Whether to accept everything that the official evaluator accepts.

        Returns
        -------
        answer : dict
            In the form of ``Answer``.
        problems : list of Problem
            Everything that is wrong with the files.

        Examples
        --------
        >>> from dataperf.records import Board
        >>> from dataperf.tracks import corpus
        >>> answer, problems = corpus.read_files(
        ...     {"notes.txt": b""}, Board(tasks=["small"]), official=False
        ... )
        >>> problems[0].rule
        'unknown-file'
        """

    def summarize(
        self, plan: Plan, task: Any, data: TaskData, found: Mapping[str, Any]
    ) -> tuple[dict[str, float], dict[str, list[float]]]:
        """Return numbers that a task's result shows below the score.

        Parameters
        ----------
        plan : Plan
            The training sets.
        task : Task
            The task.
        data : TaskData
            The task's data.
        found : mapping of str to Outcome
            What was predicted, by split.

        Returns
        -------
        numbers : dict of str to float
            By name.
        curves : dict of str to list of float
            Series along the budget, by name.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Plan, Pool, TaskData, TrainingSet
        >>> from dataperf.tracks import corpus
        >>> pool = Pool(np.array(["a", "b"]), np.eye(2), np.array([0, 1]), ("no", "yes"), {})
        >>> plan = Plan([TrainingSet(np.array([0, 0]), np.array([0, 0]))])
        >>> numbers, curves = corpus.summarize(plan, None, TaskData(pool, None, {}, ""), {})
        >>> numbers["share of the pool seen"], curves
        (0.5, {})
        """

    def notes(self, numbers: Mapping[str, float], task: Any) -> list[str]:
        """Return what the summary's numbers mean, in sentences.

        Parameters
        ----------
        numbers : mapping of str to float
            From ``summarize``.
        task : Task
            The task.

        Returns
        -------
        list of str
            Sentences that the scorecard shows.

        Examples
        --------
        >>> from dataperf.tracks import prompts
        >>> len(prompts.notes({"creativity by meaning": 0.5}, None))
        1
        """

    def summarize_board(
        self,
        answer: Any,
        rules: Any,
        data: Mapping[str, TaskData],
        tasks: Mapping[str, Any],
    ) -> dict[str, float]:
        """Return numbers that a board's result shows below the score.

        Parameters
        ----------
        answer : Answer
            The answer.
        rules : Rules
            Rules of the board.
        data : mapping of str to TaskData
            Data of the board's tasks, by name.
        tasks : mapping of str to TaskScores
            Results of the tasks, by name.

        Returns
        -------
        dict of str to float
            By name.

        Examples
        --------
        >>> from types import SimpleNamespace
        >>> from dataperf.tracks import acquisition
        >>> market = SimpleNamespace(summary={"accuracy": 0.5, "cost": 2.0})
        >>> acquisition.summarize_board(None, None, {}, {"market-0": market})
        {'mean accuracy': 0.5, 'mean cost': 2.0}
        """

    def join(self, parts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """Join a strategy's answers to single tasks into one answer.

        Parameters
        ----------
        parts : mapping of str to dict
            Answers, by task.

        Returns
        -------
        dict
            In the form of ``Answer``.

        Examples
        --------
        >>> from dataperf.tracks import acquisition
        >>> acquisition.join({"market-0": {"purchases": [1, 2]}})
        {'purchases': {'market-0': [1, 2]}}
        """

    def items(self, plan: Plan, data: TaskData) -> list[dict[str, Any]]:
        """Return texts of an answer for safety plug-ins to judge.

        Parameters
        ----------
        plan : Plan
            The training sets of the answer.
        data : TaskData
            Data of the task.

        Returns
        -------
        list of dict
            ``uid``, ``words``, and ``text`` and ``image``: whether most raters called it unsafe;
            None if they are evenly divided.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Plan, Pool, TaskData, TestSplit
        >>> from dataperf.tracks import prompts
        >>> votes = np.array([[0, 7, 1, 1]])  # prompt, rater, text is unsafe, image is safe
        >>> facts = {"prompts": [{"uid": "p1", "words": "red paint"}]}
        >>> pool = Pool(np.array(["v"]), votes, np.array([0]), ("no", "yes"), {}, facts)
        >>> test = TestSplit(np.array(["p1"]), np.zeros((1, 1)), np.array([0]), None)
        >>> plan = Plan([], tested=np.array([0]))
        >>> prompts.items(plan, TaskData(pool, None, {"test": test}, ""))
        [{'uid': 'p1', 'words': 'red paint', 'text': True, 'image': False}]
        """

    def shown(self, pool: Pool) -> Pool:
        """Return what participants see, if that is less than the pool.

        Parameters
        ----------
        pool : Pool
            All rows.

        Returns
        -------
        Pool
            What a strategy is given.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Pool
        >>> from dataperf.tracks import acquisition
        >>> pool = Pool(np.array(["a"]), np.eye(1), np.array([0]), ("no", "yes"), {})
        >>> len(acquisition.shown(pool))
        0
        """

    def references(
        self, rules: Any, data: Mapping[str, TaskData]
    ) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return answers for reference points that know the truth or break the rules.

        Parameters
        ----------
        rules : Rules
            Rules of the board.
        data : mapping of str to TaskData
            Data of the board's tasks, by name.

        Returns
        -------
        dict of str to (str, dict)
            A sentence and an answer, by name.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.records import Pool, TaskData, Truth
        >>> from dataperf.tracks import corpus
        >>> pool = Pool(np.array(["a", "b"]), np.eye(2), np.array([0, 1]), ("no", "yes"), {})
        >>> truth = Truth(np.array([0, 0]), np.array(["", "swapped"]))
        >>> found = corpus.references(None, {"small": TaskData(pool, truth, {}, "")})
        >>> found["clean pool"][1]
        {'ids': ['a']}
        """
