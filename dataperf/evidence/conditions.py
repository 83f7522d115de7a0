"""Find readable conditions on one or two columns, counted all at once (pure)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataperf.evidence.discretize import Coded, interval_name
from dataperf.records import FloatArray, IntArray
from dataperf.records.rows import Kind


@dataclass(frozen=True)
class Term:
    """A condition: the code of a column is in ``range(low, high)``."""

    column: int
    low: int
    high: int


@dataclass(frozen=True)
class Counted:
    """Conditions with their numbers of rows and errors.

    Parameters
    ----------
    terms : list of tuples of one or two Term
        The conditions.
    rows, errors : (c,) arrays of int
        Number of rows and of errors that meet each condition.
    tests
        Number of conditions counted, including those that are not listed.
    """

    terms: list[tuple[Term, ...]]
    rows: IntArray
    errors: IntArray
    tests: int


def ranges(coded: Coded) -> list[tuple[int, int]]:
    """Return the ranges of codes that make a readable condition.

    These are all runs of neighbouring intervals except the whole; each single category; and
    ``missing``; but not ``(other)``.

    >>> ranges(Coded("x", np.zeros(0, np.int32), ("a", "b"), np.arange(3.0)))
    [(0, 1), (1, 2)]
    """
    if coded.edges is None:
        return [(code, code + 1) for code in range(len(coded.names)) if code != coded.other]
    last = len(coded.edges) - 1
    found = [(low, high) for low in range(last) for high in range(low + 1, last + 1)]
    found = [each for each in found if each != (0, last) or coded.missing >= 0]
    return found + ([(coded.missing, coded.missing + 1)] if coded.missing >= 0 else [])


def singles(coded: Sequence[Coded], wrong: NDArray[np.bool_], least: int) -> Counted:
    """Count all conditions on one column that at least ``least`` rows meet."""
    parts: list[Counted] = []
    for number, each in enumerate(coded):
        spans = ranges(each)
        of_wrong = np.bincount(each.codes[wrong], minlength=len(each.names))
        rows, errors = _totals(each.counts, spans), _totals(of_wrong, spans)
        kept = np.flatnonzero(rows >= least)
        terms: list[tuple[Term, ...]] = [(Term(number, *spans[place]),) for place in kept]
        parts.append(Counted(terms, rows[kept], errors[kept], len(kept)))
    return joined(parts)


def pairs(
    coded: Sequence[Coded],
    wrong: NDArray[np.bool_],
    least: int,
    *,
    chosen: Sequence[int],
    keep: float,
) -> Counted:
    """Count all conditions on two columns that at least ``least`` rows meet.

    Parameters
    ----------
    coded
        All columns.
    wrong : (n,) array of bool
        Whether each row is an error.
    least
        Minimum number of rows of a condition.
    chosen
        Indices of the columns to combine.
    keep
        Only conditions whose error rate has at least this z-score are returned; ``tests`` counts
        all of them.
    """
    rate = float(wrong.mean()) if len(wrong) else 0.0
    bad = np.flatnonzero(wrong)
    return joined(
        [_pair(coded, (a, b), bad, least, keep, rate) for a, b in itertools.combinations(chosen, 2)]
    )


def _pair(
    coded: Sequence[Coded],
    pair: tuple[int, int],
    bad: IntArray,
    least: int,
    keep: float,
    rate: float,
) -> Counted:
    first, second = (coded[number] for number in pair)
    shape = len(first.names), len(second.names)
    spans = ranges(first), ranges(second)
    place = first.codes * shape[1] + second.codes
    rows, errors = (
        _rectangles(np.bincount(part, minlength=shape[0] * shape[1]).reshape(shape), spans)
        for part in (place, place[bad])
    )
    z = z_scores(rows, errors, rate)
    counted = rows >= least
    where = np.argwhere(counted & (z >= keep))
    terms: list[tuple[Term, ...]] = [
        (Term(pair[0], *spans[0][a]), Term(pair[1], *spans[1][b])) for a, b in where
    ]
    found = (where[:, 0], where[:, 1])
    return Counted(terms, rows[found], errors[found], int(counted.sum()))


def _totals(counts: IntArray, spans: list[tuple[int, int]]) -> IntArray:
    below = np.concatenate([[0], np.cumsum(counts)])
    return np.array([below[high] - below[low] for low, high in spans], dtype=np.intp)


def _rectangles(table: IntArray, spans: tuple[list[tuple[int, int]], ...]) -> IntArray:
    below = np.pad(table.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    (a, b), (c, d) = (np.array(part, dtype=np.intp).reshape(-1, 2).T for part in spans)
    corners = (np.ix_(b, d), np.ix_(a, d), np.ix_(b, c), np.ix_(a, c))
    found: IntArray = below[corners[0]] - below[corners[1]] - below[corners[2]] + below[corners[3]]
    return found


def joined(parts: Sequence[Counted]) -> Counted:
    """Concatenate counts."""
    none = [np.empty(0, dtype=np.intp)]
    return Counted(
        [terms for part in parts for terms in part.terms],
        np.concatenate([part.rows for part in parts] or none),
        np.concatenate([part.errors for part in parts] or none),
        sum(part.tests for part in parts),
    )


def z_scores(rows: IntArray, errors: IntArray, rate: float) -> FloatArray:
    """Return the distance of each error rate from the rate of all rows, in standard errors.

    >>> z_scores(np.array([100]), np.array([20]), 0.1).round(2).tolist()
    [3.33]
    """
    spread = np.sqrt(np.maximum(rate * (1 - rate) * rows, 1e-12))
    found: FloatArray = (errors - rate * rows) / spread
    return found


def met(coded: Sequence[Coded], terms: tuple[Term, ...]) -> NDArray[np.bool_]:
    """Return whether each row meets a condition, (n,)."""
    found = np.ones(len(coded[0].codes), dtype=bool)
    for term in terms:
        codes = coded[term.column].codes
        found &= (codes >= term.low) & (codes < term.high)
    return found


def in_words(coded: Sequence[Coded], terms: tuple[Term, ...], kinds: Mapping[str, Kind]) -> str:
    """Return a condition as text, such as ``age over 60 and sex = f``."""
    return " and ".join(_words(coded[term.column], term, kinds) for term in terms)


def _words(coded: Coded, term: Term, kinds: Mapping[str, Kind]) -> str:
    if coded.edges is None or term.low == coded.missing:
        name = coded.names[term.low]
        known = term.low != coded.missing
        return f"{coded.name} = {name}" if known else f"{coded.name} is missing"
    kind = kinds.get(coded.name, "numeric")
    words = interval_name(coded.edges, kind, term.low, term.high)
    return f"{coded.name} is not missing" if words == "any" else f"{coded.name} {words}"
