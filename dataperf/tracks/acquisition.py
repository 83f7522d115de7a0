"""Buy rows from sellers within a budget, from prices, sizes, summaries and samples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field, StrictBool, StrictInt

from dataperf.errors import Problem, did_you_mean
from dataperf.records import (
    Board,
    IntArray,
    Plan,
    Pool,
    Record,
    TaskData,
    TaskScores,
    TrainingSet,
    replace,
)
from dataperf.tracks._checks import no_official, task_names

#: Weights in the official score: of accuracy, and of the unspent share of the budget.
ACCURACY, SAVED = 0.98, 0.02
OFFICIAL_SEED, OFFICIAL_DRAWS = 1111, 10
PICKS = (30, 6)


class Rules(Record):
    """A board's limits. Each market has its own budget.

    Parameters
    ----------
    draw_seeds
        One seed for each draw of the bought rows; the score is the mean over draws.
    official
        Whether this is a board of DataPerf's data acquisition.
    """

    OLD_KEYS = {"draws": "draw_seeds"}

    draw_seeds: Annotated[list[StrictInt], Field(min_length=1)]
    official: StrictBool = False


class Answer(Record):
    """What to buy.

    Parameters
    ----------
    purchases
        Number of rows to buy from each seller, in the order of sellers, by market.
    """

    purchases: dict[str, list[StrictInt]]


def read(content: Mapping[str, Any], *, official: bool) -> None:
    """Return None: this track reads no foreign JSON format."""


def read_files(
    files: Mapping[str, bytes], board: Board, *, official: bool
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the answer in DataPerf's format: ``NUMBER.csv`` for the market of that number.

    A file holds whole numbers, separated by commas in one line or one on each line. The official
    evaluator drops decimals.
    """
    problems: list[Problem] = []
    wanted = {f"{name.rpartition('-')[2]}.csv": name for name in board.tasks}
    purchases = {}
    for name in wanted.keys() - files.keys():
        problems.append(Problem("missing-file", name, "the file is missing", "one a market"))
    for name, content in files.items():
        if name not in wanted:
            hint = did_you_mean(name, wanted) or f"files: {', '.join(sorted(wanted))}"
            if not official:
                problems.append(Problem("unknown-file", name, "no market has this name", hint))
            continue
        try:
            purchases[wanted[name]] = _numbers(content, official)
        except (ValueError, OverflowError) as error:
            expected = "whole numbers separated by commas, one for each seller"
            problems.append(Problem("bad-numbers", name, str(error)[:200], expected))
    return {"purchases": purchases}, problems


def _numbers(content: bytes, official: bool) -> list[int]:
    lines = [line.strip() for line in content.decode("utf-8").splitlines() if line.strip()]
    if len(lines) > 1 and any("," in line for line in lines):
        raise ValueError(f"{len(lines)} lines")
    cells = [cell.strip() for line in lines for cell in line.split(",")]
    if official:
        return [int(float(cell)) for cell in cells]
    strange = [cell[:20] for cell in cells if not re.fullmatch(r"[+-]?[0-9]{1,18}", cell)]
    if strange:
        raise ValueError(f"{strange[0]!r} is not a whole number")
    return [int(cell) for cell in cells]


def check(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> list[Problem]:
    """Return every problem of an answer, warnings included."""
    if official and not rules.official:
        return no_official()
    nothing = "nothing is bought in this market"
    problems = task_names(
        "answer.purchases", answer.purchases, data, nothing=nothing, noun="market"
    )
    for name, counts in answer.purchases.items():
        if name in data:
            place, facts = f"answer.purchases.{name}", data[name].pool.facts
            problems += _problems(place, counts, facts, official)
    return problems


def _problems(
    place: str, counts: Sequence[int], facts: Mapping[str, Any], official: bool
) -> Iterator[Problem]:
    rows = facts["rows"]
    if len(counts) != len(rows):
        yield Problem("wrong-length", place, f"{len(counts)} numbers", f"{len(rows)}, one a seller")
        return
    for seller, (count, most) in enumerate(zip(counts, rows, strict=True)):
        if not 0 <= count <= most:
            shown = count if abs(count) < 10**18 else "far too many"
            yield Problem("not-for-sale", f"{place}[{seller}]", f"{shown} rows", f"0 to {most:,}")
    if not any(counts):
        yield Problem("empty", place, "nothing is bought")
    if not any(counts) or max(map(abs, counts)) >= 10**18:  # then there is no price
        return
    spent = cost_of(counts, facts)
    if not official and spent > facts["budget"] * (1 + 1e-12):
        yield Problem("over-budget", place, f"costs {spent:.6g}", f"at most {facts['budget']:g}")


def cost_of(counts: Sequence[int], facts: Mapping[str, Any]) -> float:
    """Return the price of a purchase: each seller's price times the bought share of its rows."""
    terms = zip(counts, facts["prices"], facts["rows"], strict=True)
    return float(sum(price * (count / rows) for count, price, rows in terms))


def plans(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], *, official: bool
) -> dict[str, Plan]:
    """Return one training set a draw for every market.

    Each draw shuffles a seller's rows by the draw's seed and the seller's number and hands over
    the first ones. So no row comes twice, a larger purchase contains a smaller one, and a
    purchase from one seller does not change the rows of another. The official evaluator draws
    with replacement from one stream for all sellers, draws and markets.
    """
    stream = np.random.RandomState(OFFICIAL_SEED)
    found = {}
    for name, part in data.items():
        counts, facts = answer.purchases[name], part.pool.facts
        starts = np.concatenate([[0], np.cumsum(facts["rows"])[:-1]])
        if official:
            sets = [_drawn(counts, facts["rows"], starts, stream) for _ in range(OFFICIAL_DRAWS)]
        else:
            sets = [_handed_over(counts, facts["rows"], starts, seed) for seed in rules.draw_seeds]
        share = 1.0 / len(sets)
        left = (facts["budget"] - cost_of(counts, facts)) / facts["budget"]
        found[name] = Plan(
            [TrainingSet(rows, part.pool.labels[rows], share) for rows in sets],
            scale=ACCURACY,
            offset=SAVED * left,
            lines_are_sampled=True,
        )
    return found


def _drawn(
    counts: Sequence[int], rows: Sequence[int], starts: IntArray, stream: np.random.RandomState
) -> IntArray:
    drawn = [
        start + stream.choice(most, size=count, replace=True)
        for count, most, start in zip(counts, rows, starts, strict=True)
        if count
    ]
    return np.concatenate(drawn).astype(np.intp)


def _handed_over(
    counts: Sequence[int], rows: Sequence[int], starts: IntArray, seed: int
) -> IntArray:
    drawn = [
        start + np.random.RandomState([seed, seller]).permutation(most)[:count]
        for seller, (count, most, start) in enumerate(zip(counts, rows, starts, strict=True))
    ]
    return np.concatenate(drawn).astype(np.intp)


def summarize(
    plan: Plan, task: Any, data: TaskData, found: Mapping[str, Any]
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Return accuracy and cost, and the accuracy of every draw."""
    outcome = found[task.ranking[0]]
    draws = (outcome.predicted == outcome.truth).mean(axis=1)
    left = plan.offset / SAVED
    budget = float(data.pool.facts["budget"])
    numbers = {
        "accuracy": float(outcome.mean(draws)),
        "cost": budget - left * budget,
        "budget": budget,
        "spread of draws": float(draws.std(ddof=1)) if len(draws) > 1 else 0.0,
    }
    return numbers, {"accuracy of draws": [float(value) for value in draws]}


def summarize_board(
    answer: Answer, rules: Rules, data: Mapping[str, TaskData], tasks: Mapping[str, TaskScores]
) -> dict[str, float]:
    """Return mean accuracy and cost over the markets."""
    keys = ("accuracy", "cost")
    return {
        f"mean {key}": float(np.mean([part.summary[key] for part in tasks.values()]))
        for key in keys
    }


def shown(pool: Pool) -> Pool:
    """Return what a buyer sees: prices, sizes, summaries and samples, but no rows."""
    none = np.zeros(0, dtype=np.intp)
    seen: Pool = replace(
        pool, ids=pool.ids[:0], features=pool.features[:0], labels=none, columns={}
    )
    return seen


def references(rules: Rules, data: Mapping[str, TaskData]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return a purchase that no budget allows: all rows of all sellers."""
    everything = {name: part.pool.facts["rows"] for name, part in data.items()}
    return {"all rows": ("all rows of all sellers, whatever they cost", {"purchases": everything})}


def join(parts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return one answer from a strategy's answers to single markets."""
    return {"purchases": {name: part["purchases"] for name, part in parts.items()}}
