"""The README of a challenge of own data: task, an example from its rows, data card, rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dataperf.basics.wording import plural
from dataperf.definitions import data
from dataperf.own_data import challenge
from dataperf.records import Challenge, Table

#: Rows that an example of an order names, and classes that one of a selection names.
SHOWN = 3

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

{rows:,} rows of {columns} numbers, {classes} classes, from `{source}`: {pool:,} in the pool, {test:,} in
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

_WORDS = {
    "repair": (
        "Name the rows to drop and the labels to change; the frozen model is trained on what is left.",
        "The report also has the score of the unchanged pool, the gain with its paired interval, and "
        "the score of dropping as many rows at random.",
        "repair.json",
    ),
    "cleaning": (
        "Submit the order in which to inspect labels; each inspected label is corrected.",
        "It is the area under the curve from no inspection to the last.",
        "order.json",
    ),
    "selection": (
        "Choose the rows to train on.",
        "A good selection is clearly better than random selections of the same size.",
        "selection.json",
    ),
}


def page(
    name: str, own: Challenge, made: Table, *, source: str, split: str, notes: Sequence[str]
) -> str:
    """Return the text of a challenge's README.md.

    Parameters
    ----------
    name
        Name of the challenge.
    own, made
        The challenge, and its rows as a table.
    source
        Path or name of the data.
    split
        How the test rows were chosen.
    notes
        More lines on the data.
    """
    task, limits = own.tasks[challenge.TASK], own.boards[challenge.BOARD].rules
    words, reading, file = _WORDS[own.track]
    parts = made.columns["part"]
    pool = int((parts == "pool").sum())
    most = limits.get("budget", pool)
    bounded = most < pool and own.track != "cleaning"  # an order may name all rows
    answer, rest = example(own.track, made, most=most)
    listed = "".join(f"\n- {line}" for line in notes)
    return _PAGE.format(
        name=name,
        title=own.title,
        task=words,
        answer=json.dumps(answer, ensure_ascii=False),
        rest=rest,
        file=file,
        budget=f" --budget {most}" if bounded else "",
        rows=len(made),
        columns=made.features.shape[1],
        classes=len(task.classes),
        source=source,
        pool=pool,
        test=int((parts == "test").sum()),
        split=split,
        truth=_truth(made),
        notes=listed + "\n" * bool(listed),
        rules="\n".join(
            f"{n}. {line}" for n, line in enumerate(_rules(own.track, pool, limits), 1)
        ),
        metric=task.metric,
        reading=reading,
    )


def example(track: str, made: Table, *, most: int) -> tuple[dict[str, Any], str]:
    """Return the beginning of an answer, from the pool's rows, and how it goes on."""
    ids, labels = (
        each[made.columns["part"] == "pool"] for each in (made.ids, made.columns["label"])
    )
    if track == "cleaning":
        order = ids[:SHOWN].tolist()
        return {"orders": {challenge.TASK: order}}, f"the order goes on. {_listed(most, len(ids))}"
    names, counts = np.unique(labels[labels != data.UNKNOWN], return_counts=True)
    names = names[np.argsort(-counts, kind="stable")].tolist()
    if track == "selection":
        samples = {each: ids[labels == each][:1].tolist() for each in names[: min(SHOWN, most)]}
        return {"samples": samples}, f"select at most {most:,} rows in total."
    rows = ids[labels == names[0]][: min(2, most, int(counts.max()) - 1)].tolist()
    relabel = {each: names[1] for each in rows[1:] if len(names) > 1}
    return {"drop": rows[:1], "relabel": relabel}, "name as many as you need."


def _listed(most: int, rows: int) -> str:
    if most < rows:
        return f"At least the first {most:,} rows of the pool's {rows:,} are listed, none twice."
    return f"All {rows:,} rows of the pool are listed, each exactly once."


def _rules(track: str, pool: int, limits: Mapping[str, Any]) -> list[str]:
    lines = ["A submission names only rows of the pool."]
    most = limits.get("budget", pool)
    if track == "cleaning":
        lines += [
            _listed(most, pool),
            f"The model is trained again after every {plural(limits['batch'], 'row')} (`batch`), "
            "whose labels are then corrected.",
            f"Inspection ends after {plural(most, 'row')} (`budget`): later rows change no label.",
        ]
    elif track == "selection":
        line = f"A submission selects at most {plural(most, 'row')} (`budget`), none twice"
        lines.append(f"{line}, each under its given class.")
    else:
        lines.append("No row is both dropped and relabelled, and no class loses all its rows.")
        if "budget" in limits:
            lines.append(
                f"A submission drops or relabels at most {plural(most, 'row')} (`budget`)."
            )
    return [*lines, "True labels and test rows may not be used to make a submission."]


def _truth(made: Table) -> str:
    """Return a sentence on the true labels."""
    there = made.columns
    if "truth" not in there:
        return "True labels are not known. The test uses given labels, and their errors hide some gain."
    wrong = (there["truth"] != there["label"]) & (there["part"] == "pool")
    count = int((wrong & (there["label"] != data.UNKNOWN)).sum())
    return f"{count:,} labels of the pool are wrong; the test uses true labels."
