"""The README of a challenge of own data: task, an example from its rows, data card, rules."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dataperf import plugin_calls, registry
from dataperf.basics.wording import agreed, plural
from dataperf.definitions import data, loading
from dataperf.own_data import challenge
from dataperf.records import Challenge, Pool, Record, Table

#: Rules of every track.
_RULES = ("True labels and test rows may not be used to make a submission.",)

_PAGE = """# {name}

{title}.

## Task

{task}

A submission is a JSON file. This example names rows of the pool; {rest}

    {{"schema_version": 2, "challenge": "{name}", "board": "own",
     "answer": {answer}}}

An audit of the pool writes a complete submission. Check and score it:

    dataperf audit challenge:{name}/own --plugins FOLDER --submission {file}{budget}
    dataperf check -c {name} --plugins FOLDER {file}
    dataperf evaluate -c {name} --plugins FOLDER {file}

## Data card

{rows} of {columns}, {classes}, from `{source}`: {pool:,} in the pool, {test:,} in
the test ({split}). {truth}
{notes}
Say here where the data comes from, under which licence, and who is in it.

**Known limits.** Say here what the data cannot show.

## Rules

{rules}

## Reading the score

The score is {metric} on the test rows, with an interval from resampling them. {reading}

`dataperf freeze {name} --plugins FOLDER` freezes the challenge and fills in the scores of its
reference points:

<!-- headroom -->
<!-- /headroom -->
"""

#: Texts on a track are in ``pages/TRACK.toml``. A key that ends in ``_bounded`` is used if the budget
#: is smaller than the pool.
PAGES = Path(__file__).resolve().parent / "pages"


def page(
    name: str,
    own: Challenge,
    made: Table,
    pool: Pool,
    *,
    source: str,
    split: str,
    notes: Sequence[str],
) -> str:
    """Return the text of a challenge's README.md.

    Parameters
    ----------
    name
        Name of the challenge.
    own, made, pool
        The challenge, its rows as a table, and its pool.
    source
        Path or name of the data.
    split
        How the test rows were chosen.
    notes
        More lines on the data.
    """
    task, limits = own.tasks[challenge.TASK], loading.rules_of(own, challenge.BOARD)
    words = _words(own.track, pool, limits)
    parts = made.columns["part"]
    budget = getattr(limits, "budget", None)
    bounded = budget is not None and budget < len(pool) and words["audit_takes_budget"]
    listed = "".join(f"\n- {line}" for line in notes)
    rules = [*words["rules"], *_RULES]
    return _PAGE.format(
        name=name,
        title=own.title,
        task=words["task"],
        answer=json.dumps(_example(own.track, pool, limits), ensure_ascii=False),
        rest=words["rest"],
        file=f"{own.track}.json",
        budget=f" --budget {budget}" if bounded else "",
        rows=plural(len(made), "row"),
        columns=plural(made.features.shape[1], "number"),
        classes=plural(len(task.classes), "class"),
        source=source,
        pool=len(pool),
        test=int((parts == "test").sum()),
        split=split,
        truth=_truth(made),
        notes=listed + "\n" * bool(listed),
        rules="\n".join(f"{number}. {line}" for number, line in enumerate(rules, 1)),
        metric=task.metric,
        reading=words["reading"],
    )


def _words(track: str, pool: Pool, limits: Record) -> dict[str, Any]:
    """Return the texts on a track; general texts if the track has no file of its own."""
    entry = registry.get("tracks", track)
    words: dict[str, Any] = {
        "task": entry.description(),
        "rest": "the rules below say what an answer may hold.",
        "reading": "",
        "rules": [f"`{name}` is {value}." for name, value in limits.model_dump().items()],
        "audit_takes_budget": True,
    }
    file = PAGES / f"{entry.name}.toml"
    if entry.ours and file.is_file():
        words |= tomllib.loads(file.read_text(encoding="utf-8"))
    budget = getattr(limits, "budget", None)
    if budget is not None and budget < len(pool):
        words |= {
            key.removesuffix("_bounded"): value
            for key, value in words.items()
            if key.endswith("_bounded")
        }
    numbers = {"pool": len(pool), **limits.model_dump()}
    numbers["budget"] = len(pool) if budget is None else budget
    numbers |= {
        f"{name}_rows": plural(value, "row")
        for name, value in numbers.items()
        if isinstance(value, int)
    }
    return {key: _filled(value, numbers) for key, value in words.items()}


def _filled(value: Any, numbers: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_filled(each, numbers) for each in value]
    return value.format(**numbers) if isinstance(value, str) else value


def _example(track: str, pool: Pool, limits: Record) -> dict[str, Any]:
    """Return an answer that names rows of the pool; empty if the track offers none."""
    module = registry.load("tracks", track)
    if not hasattr(module, "own_example"):
        return {}
    with plugin_calls.calling("tracks", module, "own_example(pool, rules, task)"):
        return dict(module.own_example(pool, limits, challenge.TASK))


def _truth(made: Table) -> str:
    """Return a sentence on the true labels."""
    there = made.columns
    if "truth" not in there:
        return "True labels are not known. The test uses given labels, and their errors hide some gain."
    wrong = (there["truth"] != there["label"]) & (there["part"] == "pool")
    count = int((wrong & (there["label"] != data.UNKNOWN)).sum())
    said = agreed(count, "label of the pool is", "labels of the pool are")
    return f"{said} wrong; the test uses true labels."
