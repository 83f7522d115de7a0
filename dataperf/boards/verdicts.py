"""The outcome of a comparison in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Compared:
    """The difference of two scores: the first minus the second.

    Parameters
    ----------
    a, b
        Names of the two.
    count
        Number of test rows.
    value, p_value
        The difference and its p-value; None where not defined.
    better
        Whether the first has the better score.
    separable
        Whether the scores are shown to differ.
    """

    a: str
    b: str
    count: int
    value: float | None
    p_value: float | None
    better: bool
    separable: bool


def verdict(found: Compared, *, rows: int | None, seeds: int | None, visible: float | None) -> str:
    """Return the outcome of a comparison in words.

    Parameters
    ----------
    found
        The difference.
    rows, seeds
        Test rows, or seeds, that would show it; None where no number would.
    visible
        The smallest difference that is visible; None if it is not known.
    """
    a, b, value = found.a, found.b, found.value
    if value is None:
        return f"{a} and {b}: the score of one is not defined"
    if found.p_value is None or visible is None:
        return f"{a} and {b}: too few test rows or groups to compare"
    if found.separable:
        first, second = (a, b) if found.better else (b, a)
        size = f"{abs(value):.3f}"
        return f"{first} is better than {second} by {size} ({p_value(found.p_value)})"
    words = f"{a} and {b} are not separable with these {found.count:,} test rows"
    if not value:
        return f"{words}: they score the same (a difference under {visible:.3f} would not be seen)"
    size = f"to show a difference of {abs(value):.3f}"
    if rows is not None:
        return f"{words}; about {about(rows)} would be needed {size}"
    if seeds is not None:
        return f"{words}; no number of rows is enough {size}, but about {about(seeds)} seeds are"
    return f"{words}; more rows and more seeds would be needed {size}"


def about(count: int) -> str:
    """Return a number rounded up to two digits.

    >>> about(1873), about(7), about(101)
    ('1,900', '7', '110')
    """
    step = 10 ** max(len(str(count)) - 2, 0)
    return f"{-(-count // step) * step:,}"


def p_value(value: float | None) -> str:
    """Return a p-value in words.

    >>> p_value(0.0123), p_value(1e-9), p_value(None)
    ('p = 0.012', 'p < 0.001', '-')
    """
    if value is None:
        return "-"
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
