"""The page of a challenge of own data: task, an example from its rows, data card, rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dataperf.basics.wording import plural
from dataperf.definitions import data
from dataperf.own_data import challenge
from dataperf.records import Challenge, Table

#: Rows that an example of an order names, and classes that one of a selection does.
SHOWN = 3

_PAGE = """# {name}

{title}.

## Task

{task}

An answer is a manifest. This one begins as yours could, with rows of the pool; {rest}

    {{"schema_version": 2, "challenge": "{name}", "board": "own",
     "answer": {answer}}}

An audit of the pool writes a whole one, to be checked and scored:

    dataperf audit challenge:{name}/own --plugins FOLDER --submission {file}{budget}
    dataperf check -c {name} --plugins FOLDER {file}
    dataperf evaluate -c {name} --plugins FOLDER {file}

## Data card

{rows:,} rows of {columns} numbers, {classes} classes, from `{source}`: {pool:,} in the pool, {test:,} to
test on ({split}). {truth}
{notes}
Say here where the data comes from, under which licence, and who is in it.

**Known limits.** Say here what the data cannot show.

## Rules

{rules}

## Reading the score

The score is {metric} on the rows held out, with its interval from resampling them. {reading}

`dataperf freeze {name} --plugins FOLDER` freezes the challenge and fills in what other answers reach:

<!-- headroom -->
<!-- /headroom -->
"""

_WORDS = {
    "repair": (
        "Name the rows to drop and the labels to change; the frozen model is trained on what is left.",
        "Beside it stand the pool as it is, the gain with its paired interval, and the same number "
        "of random drops.",
        "repair.json",
    ),
    "cleaning": (
        "Hand in the order in which labels are to be inspected; each inspected one is put right.",
        "It is the area under the curve from no inspection to the last.",
        "order.json",
    ),
    "selection": (
        "Choose the rows to train on.",
        "Of random picks of the same size it should be clearly better.",
        "selection.json",
    ),
}


def page(
    name: str, asked: Challenge, made: Table, *, source: str, split: str, notes: Sequence[str]
) -> str:
    """Return the text of a challenge's README.md.

    Parameters
    ----------
    name
        Of the challenge.
    asked, made
        What `dataperf.own_data.challenge.challenge` and `dataperf.own_data.challenge.table` return.
    source
        The words with which the data was read.
    split
        How the rows to test on were chosen.
    notes
        More lines on the data.
    """
    task, limits = asked.tasks[challenge.TASK], asked.boards[challenge.BOARD].rules
    words, reading, file = _WORDS[asked.track]
    parts = made.columns["part"]
    pool = int((parts == "pool").sum())
    most = limits.get("budget", pool)
    bounded = most < pool and asked.track != "cleaning"  # an order may name all rows
    answer, rest = example(asked.track, made, most=most)
    listed = "".join(f"\n- {line}" for line in notes)
    return _PAGE.format(
        name=name,
        title=asked.title,
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
            f"{n}. {line}" for n, line in enumerate(_rules(asked.track, pool, limits), 1)
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
        return {"samples": samples}, f"choose at most {most:,} in all."
    rows = ids[labels == names[0]][: min(2, most, int(counts.max()) - 1)].tolist()
    relabel = {each: names[1] for each in rows[1:] if len(names) > 1}
    return {"drop": rows[:1], "relabel": relabel}, "name as many as you mean to."


def _listed(most: int, rows: int) -> str:
    if most < rows:
        return f"At least the first {most:,} rows of the pool's {rows:,} are listed, none twice."
    return f"All {rows:,} rows of the pool are listed, each exactly once."


def _rules(track: str, pool: int, limits: Mapping[str, Any]) -> list[str]:
    lines = ["Only rows of the pool are named."]
    most = limits.get("budget", pool)
    if track == "cleaning":
        lines += [
            _listed(most, pool),
            f"The model is trained again after every {plural(limits['batch'], 'row')} (`batch`), "
            "whose labels are then right.",
            f"Inspection ends after {plural(most, 'row')} (`budget`): what comes later "
            "changes no label.",
        ]
    elif track == "selection":
        line = f"An answer chooses at most {plural(most, 'row')} (`budget`), none twice"
        lines.append(f"{line}, each under the class that it is given.")
    else:
        lines.append("No row is both dropped and relabelled, and no class loses all its rows.")
        if "budget" in limits:
            lines.append(f"An answer drops or relabels at most {plural(most, 'row')} (`budget`).")
    return [*lines, "Choosing by the true labels or the tests is not an answer to the question."]


def _truth(made: Table) -> str:
    """Return in words what is known of the right labels."""
    told = made.columns
    if "truth" not in told:
        return (
            "The truth is not known: labels are tested as given, and their errors hide some gain."
        )
    wrong = (told["truth"] != told["label"]) & (told["part"] == "pool")
    count = int((wrong & (told["label"] != data.UNKNOWN)).sum())
    return f"{count:,} labels of the pool are wrong; tests are held against the right ones."
