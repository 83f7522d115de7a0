"""How the order of a board depends on the weights of its tasks, splits and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataperf import registry, statistics
from dataperf.basics.wording import shorten
from dataperf.records import Result

#: Entries that lead under fewer weightings are not named in the sentence.
LEAST_SHARE = 0.05
MOST_NAMED = 3


@dataclass(frozen=True)
class Weightings:
    """How the order of entries depends on the weights of some parts of the score.

    Parameters
    ----------
    kind
        What the parts are: ``"tasks"``, ``"splits"`` or ``"metrics"``.
    parts
        Names of the parts.
    entries
        Names of the entries, in the order of the board.
    found
        Shares of weightings under which each leads, and ranks.
    """

    kind: str
    parts: list[str]
    entries: list[str]
    found: statistics.Sensitivity

    @property
    def sentences(self) -> list[str]:
        """Who leads under how many weightings, and what changes without one part."""
        parts = f"of the {len(self.parts)} {self.kind} ({shorten(self.parts, 4)})"
        always = [
            name for name, worst in zip(self.entries, self.found.worst, strict=True) if worst == 1
        ]
        if always:
            return [f"{' and '.join(always)} leads under all weightings {parts}"]
        order = np.argsort(-self.found.leads, kind="stable").tolist()
        named = [each for each in order if self.found.leads[each] >= LEAST_SHARE][:MOST_NAMED]
        named = named or order[:1]
        shares = [f"{self.entries[each]} under {_share(self.found.leads[each])}" for each in named]
        first = shares[0].replace(" under ", " leads under ", 1)
        lines = [", ".join([f"{first} of all weightings {parts}", *shares[1:]])]
        leaders = self.found.ranks == 1
        changed = [
            f"{part} ({shorten(self._leaders(ranks), MOST_NAMED)})"
            for part, ranks in zip(self.parts, self.found.without, strict=True)
            if not np.array_equal(ranks == 1, leaders)
        ]
        words = f"with equal weights {shorten(self._leaders(self.found.ranks), MOST_NAMED)} leads"
        if changed:
            lines.append(f"{words}; another leads without {shorten(changed, 4)}")
        else:
            lines.append(f"{words}, also without any one of the {self.kind}")
        return lines

    def _leaders(self, ranks: Any) -> list[str]:
        return [name for name, rank in zip(self.entries, ranks, strict=True) if rank == 1]


def _share(share: float) -> str:
    if 0.995 <= share < 1:
        return "over 99 %"
    return f"{share:.0%}".replace("%", " %")


def of_results(results: Sequence[Result], names: Sequence[str]) -> list[Weightings]:
    """Return how the order of a board depends on the weights of its parts.

    Parameters
    ----------
    results
        The ranked results of a board, the best first.
    names
        Their names.

    Returns
    -------
    list of Weightings
        The tasks, if there are several; else the splits with their headline metrics, and the
        metrics of the ranking split. Parts that are not defined for an entry are left out.
    """
    if len(results) < 2:
        return []
    first = results[0].tasks
    if len(first) > 1:
        up = _up(next(iter(next(iter(first.values())).splits.values())).metric)
        found = {
            name: [_value(each.tasks[name].score.value, up) for each in results] for name in first
        }
        return _families({"tasks": found}, names)
    ((task, part),) = first.items()
    splits = {split: [_headline(each, task, split) for each in results] for split in part.splits}
    ranking = next(iter(part.splits))
    metrics = {
        name: [
            _value(each.tasks[task].splits[ranking].metrics[name].value, _up(name))
            for each in results
        ]
        for name in part.splits[ranking].metrics
    }
    return _families({"splits": splits, "metrics": metrics}, names)


def _headline(result: Result, task: str, split: str) -> float:
    scores = result.tasks[task].splits[split]
    return _value(scores.metrics[scores.metric].value, _up(scores.metric))


def _up(metric: str) -> bool:
    return bool(registry.load("metrics", metric).higher_is_better)


def _value(value: float | None, up: bool) -> float:
    """Return a value of which more is better; nan if it is not defined."""
    if value is None:
        return float("nan")
    return value if up else -value


def of_parts(
    kind: str, parts: Mapping[str, Sequence[float]], names: Sequence[str], *, up: bool = True
) -> list[Weightings]:
    """Return how the order of entries depends on the weights of some parts.

    Parameters
    ----------
    kind
        What the parts are, in the plural.
    parts
        The values of all entries, by part.
    names
        Names of the entries.
    up
        Whether a higher value is better.
    """
    turned = {part: [_value(each, up) for each in values] for part, values in parts.items()}
    return _families({kind: turned}, names)


def _families(
    families: Mapping[str, Mapping[str, Sequence[float]]], names: Sequence[str]
) -> list[Weightings]:
    found = []
    for kind, parts in families.items():
        known = {part: values for part, values in parts.items() if np.isfinite(values).all()}
        if len(known) > 1 and len(names) > 1:
            table = np.array(list(known.values())).T
            made = statistics.sensitivity(table)
            found.append(Weightings(kind, list(known), list(names), made))
    return found


def plain(found: Sequence[Weightings]) -> list[dict[str, Any]]:
    """Return sensitivities as JSON."""
    return [
        {
            "kind": each.kind,
            "parts": each.parts,
            "entries": [
                {
                    "entry": name,
                    "leads": float(each.found.leads[place]),
                    "best_rank": int(each.found.best[place]),
                    "worst_rank": int(each.found.worst[place]),
                    "rank": int(each.found.ranks[place]),
                    "rank_without": dict(
                        zip(each.parts, each.found.without[:, place].tolist(), strict=True)
                    ),
                }
                for place, name in enumerate(each.entries)
            ],
        }
        for each in found
    ]
