"""What a plug-in of each kind must offer: one Protocol per folder.

A plug-in is a module. Its file's name is its name, the first line of its docstring is its
description, and the functions below are all it needs. ``dataperf check-plugins`` runs
the checks of ``dataperf.authoring.conformance`` on every plug-in found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from dataperf.errors import Problem
from dataperf.records import (
    Card,
    FloatArray,
    IntArray,
    Plan,
    Pool,
    Record,
    Source,
    Table,
    TaskData,
)


class FixedModel(Protocol):
    """``fixed_models/NAME.py``: a model and its training recipe; imports nothing of ours."""

    def fit(
        self, features: FloatArray, labels: IntArray, *, classes: int, seeds: Sequence[int]
    ) -> Any:
        """Train once for every seed and return whatever ``predict`` needs.

        ``features`` is (n, d), ``labels`` (n,) in ``range(classes)``; classes may be absent.
        """

    def predict(self, fitted: Any, features: FloatArray) -> NDArray[Any]:
        """Return class ids of shape (seeds, rows)."""

    def size(self, fitted: Any) -> int:
        """Return the bytes that the learned parameters take."""

    def era(self) -> str:
        """Return a name for the numeric behaviour; results of two eras never share a board."""

    # A model may also offer ``fit_series(features, label_sets, *, classes, seeds)`` for many
    # labellings of the same rows, and ``example()``: arguments to try it with.


class Metric(Protocol):
    """``metrics/NAME.py``: one number from truth and predictions.

    A metric that depends only on the confusion matrix also offers
    ``from_counts(counts: (..., k, k) array) -> (...) array``, which makes its interval fast.
    """

    higher_is_better: bool

    def score(self, truth: IntArray, predicted: IntArray, *, classes: int) -> float:
        """Return the metric, or nan where it is not defined."""


class Track(Protocol):
    """``tracks/NAME.py``: how an answer is read, checked and turned into training sets.

    ``data`` maps the names of the board's tasks to their data. ``official`` asks for the
    official evaluator's behaviour: what it accepts is accepted, with its rows in its order.

    A track may also offer the following. No other code asks for a track by its name.

    Reading answers:

    - ``read_files(files: Mapping[str, bytes], board: Board, *, official: bool)`` for answers
      that are text files (names to contents): the answer, and the problems in it;
    - ``join(parts: Mapping[str, dict]) -> dict`` to make one answer of a strategy's answers
      to single tasks;
    - ``shown(pool) -> Pool`` where participants see less than the pool.

    Summing up:

    - ``summarize(plan, task, data, outcome) -> (numbers, curves)`` for what it says of a task in
      addition to the score, ``notes(numbers, task) -> list[str]`` for the same in sentences, and
      ``summarize_board(answer, rules, data, tasks) -> numbers`` for the board;
    - ``OPTIONAL = {name: tolerance}``: numbers of its summary that only an extra brings, and by
      how much another computer's may differ;
    - ``items(plan, data) -> list of {"uid", "words", "text", "image"}`` where safety plug-ins can
      judge what is submitted: texts, and whether most raters found text and image unsafe.

    Reference points (``dataperf freeze``):

    - ``PICKS = (random, others)``: how many runs of a strategy its reference points take;
    - ``references(rules, data) -> {name: (title, answer)}``: reference points that know the
      truth or need not keep the rules;
    - ``selected(answer: dict, pool) -> (m,) array of row numbers`` where an answer of a strategy
      selects rows of the pool: adds the whole pool, the clean pool and an oracle.

    Own data (``dataperf evaluate --data``):

    - ``own_rules(pool: int, budget: int | None) -> dict``: the rules of a board whose pool has so
      many rows. With it the track works on own data, as the challenge ``own-NAME``;
    - ``own_compared(pool, budget) -> (track, rules)``: another track that compares the answer with
      others, where a challenge without a folder has no reference points;
    - ``own_budget(answer: dict) -> int | None``: the budget of an answer where none is given;
    - ``own_example(pool, rules, task: str) -> dict``: how an answer begins, for the README that
      ``dataperf new challenge --from-data`` writes;
    - ``NEEDS_TRUTH = True`` where true labels must be known;
    - ``GIVES_LABELS = True`` where an answer may give rows a label: rows without one are then
      part of the pool.

    Authors and curators:

    - ``audit_answer(suspects: Suspects, *, task: str, budget: int | None, action: str) -> dict``:
      what an audit answers (``dataperf audit --submission``); ``action`` is auto, drop or relabel;
    - ``TRIAL_RULES = {...}``: rules for a pool of 60 labelled rows, on which
      ``dataperf check-plugins`` tries the strategies of this track.
    """

    Answer: type[Record]
    Rules: type[Record]

    def read(self, content: Mapping[str, Any], *, official: bool) -> dict[str, Any] | None:
        """Return the answer inside a foreign format this track knows, or None."""

    def check(
        self, answer: Any, rules: Any, data: Mapping[str, TaskData], *, official: bool
    ) -> list[Problem]:
        """Return every problem, warnings included; no error in it means the answer is valid."""

    def plans(
        self, answer: Any, rules: Any, data: Mapping[str, TaskData], *, official: bool
    ) -> dict[str, Plan]:
        """Return what is trained for every task of a valid answer."""


class Strategy(Protocol):
    """``strategies/NAME.py``: a baseline that writes an answer from what a participant sees."""

    tracks: tuple[str, ...]

    def answer(self, pool: Pool, rules: Any, *, seed: int) -> dict[str, Any]:
        """Return an answer in the track's form; the same seed gives the same answer.

        On a board with several tasks, the answer to one of them. NumPy's numbers and arrays
        in it are turned into Python's own.
        """


class Dataset(Protocol):
    """``datasets/NAME.py``: a source of data with its digest, licence and card.

    It may also offer

    - ``inputs(path, **options) -> list[Path]``: the files of a folder that are read, which
      lets the table be cached until one of them changes;
    - ``facts(path, **options) -> dict``: what else participants see of the data;
    - ``prompts(classes, **options) -> array``: text features of the classes' names.
    """

    card: Card
    source: Source

    def table(self, path: Path | None, **options: Any) -> Table:
        """Return the rows; ``path`` is where the source's bytes lie, None if generated."""


class Safety(Protocol):
    """``safety/NAME.py``: a model that judges what raters judge; it runs only where a user names it.

    It may also offer ``shown(option) -> str``: what of an option may be recorded.
    """

    role: Literal["text", "image", "source"]
    external: bool  # whether it lies outside of dataperf: a service, a folder of the user's

    def numeric_version(self) -> str:
        """Return the name of the numeric version of its network."""

    def prepare(self, option: str) -> Callable[..., Any]:
        """Check the option of ``NAME=OPTION`` and what must be installed; return what runs.

        For texts: ``(list of n str) -> (n,) array``, how likely each is unsafe, 0 to 1. For
        images: the same of a list of (height, width, 3) uint8 arrays. For a source:
        ``(uid, words) -> bytes`` of an image file, None if there is none for this prompt, or a
        DataperfError that says why it could not be had.
        """


class Store(Protocol):
    """``stores/NAME.py``: where results are kept; append-only.

    ``--results NAME:LOCATION`` reaches it: ``location`` is whatever the user writes there. What
    a store refuses is a `dataperf.errors.DataperfError`; what else it raises names the store.
    """

    def put(self, location: str, name: str, content: bytes) -> str:
        """Keep the content under the name, whole or not at all; return where it is.

        ``name`` is ``CHALLENGE/BOARD/DIGEST.json``. The same content may be put again; another
        content under the same name is refused.
        """

    def names(self, location: str) -> Iterable[str]:
        """List the names that are kept; refuse a location where nothing was ever kept."""

    def get(self, location: str, name: str) -> bytes:
        """Return what is kept under a name; refuse a name that nothing has."""


class Engine(Protocol):
    """``engines/NAME.py``: where evaluations run. ``--engine NAME`` or ``DATAPERF_ENGINE``.

    The function and the items can be pickled. The function never raises: what goes wrong with
    an item is part of its outcome, so an engine only passes outcomes on.
    """

    def run(
        self, function: Callable[[Any], Any], items: Sequence[Any], *, jobs: int
    ) -> Iterator[Any]:
        """Yield ``function(item)`` once for every item, in the order of the items.

        ``jobs`` says how many may run at a time. Items may run in any order, in threads, in
        processes or on other computers. Close what runs when the iterator is closed.
        """
