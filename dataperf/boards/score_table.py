"""Read anybody's table of scores: entries by items or tasks, long or wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dataperf.basics.wording import plural, shorten
from dataperf.errors import Invalid, Problem, did_you_mean, refuse
from dataperf.reading import tables
from dataperf.reading.loaded import Loaded
from dataperf.records import FloatArray
from dataperf.statistics import FEWEST_ITEMS

if TYPE_CHECKING:
    import pandas as pd

#: Names by which a column is known, in small letters with _ for spaces and hyphens.
NAMES = {
    "entry": ("entry", "model", "model_name", "system", "submission", "method", "submitter"),
    "task": ("task", "task_name", "dataset", "benchmark", "subtask"),
    "item": ("item", "item_id", "instance", "instance_id", "question", "question_id", "example"),
    "seed": ("seed", "run", "replicate"),
    "score": ("score", "main_score", "value", "correct", "resolved"),
}
#: Differences of a column from the mean of the others that rounding explains, by its digits.
ROUNDING = 0.51


@dataclass(frozen=True)
class Columns:
    """Which columns of a table of scores are which; None finds them by their names.

    Parameters
    ----------
    entry, item, task, seed, score
        Names of columns. A table with a column of scores is long, one score a line; any other
        is wide.
    drop
        Columns to leave out.
    entries_in
        Whether the entries of a wide table are its ``"rows"`` or its ``"columns"``.
    missing
        What is left out where scores are missing: ``"items"``, or ``"entries"``.
    """

    entry: str | None = None
    item: str | None = None
    task: str | None = None
    seed: str | None = None
    score: str | None = None
    drop: Sequence[str] = ()
    entries_in: str | None = None
    missing: str = "items"


@dataclass(frozen=True)
class ScoreTable:
    """Scores without gaps.

    Parameters
    ----------
    name
        Name of the table.
    entries
        Names of the entries.
    tasks
        For each task, the scores of its items, (entries, items): means over the seeds. Without
        tasks of several items each, one task of all items.
    seeds
        For each entry the score of each of its seeds; empty without seeds.
    sample
        What the scores are a sample of: ``"items"``, ``"tasks"`` or ``"columns"``.
    columns
        Names of the columns of ``tasks``, in their order.
    notes
        What was left out, one sentence each.
    """

    name: str
    entries: list[str]
    tasks: Mapping[str, FloatArray]
    seeds: list[FloatArray]
    sample: str
    columns: list[str]
    notes: list[str]


def read(source: Any, columns: Columns) -> ScoreTable:
    """Read a table of scores.

    Parameters
    ----------
    source
        A CSV, TSV, Parquet, JSON-lines or JSON file; a data frame; a dict of columns; a list of
        dicts.
    columns
        Which columns are which.

    Raises
    ------
    Invalid
        If columns are unknown, scores are not numbers, or too little is left to rank.
    """
    loaded = _loaded(source, columns)
    frame = _frame(loaded, columns)
    roles = _roles(loaded.name, frame, columns)
    if "score" in roles:
        lines, sample = _long(loaded.name, frame, roles)
    else:
        lines, sample = _wide(loaded.name, frame, roles, columns)
    notes = [f"{name}: {why}" for name, why in loaded.skipped]
    lines, more = _without_gaps(loaded.name, lines, columns.missing)
    return _table(loaded.name, lines, sample, [*notes, *more])


def _loaded(source: Any, columns: Columns) -> Loaded:
    """Return the columns of a source of any kind."""
    if isinstance(source, str | Path):
        try:
            path = Path(source).expanduser()
            there = path.is_file()
        except (OSError, RuntimeError, ValueError) as error:  # too long a name, or a NUL in it
            raise refuse("scores", "bad-path", "", str(error)[:200]) from error
        if not there:
            siblings = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
            what = "a folder" if path.is_dir() else "there is no such file"
            hint = did_you_mean(path.name, siblings) or "a CSV, Parquet or JSON file"
            raise refuse(str(source), "no-file", "", what, hint)
        named = (columns.entry, columns.item, columns.task, columns.seed)
        names = [*(each for each in named if each), *sum(NAMES.values(), ())]
        return tables.read_file(path, names=names, progress=lambda words, done, total: None)
    if not hasattr(source, "iloc") and hasattr(source, "to_pandas"):
        source = source.to_pandas()
    if hasattr(source, "iloc") and hasattr(source, "columns"):
        plain = getattr(source.index, "step", 0) == 1 and source.index.name is None
        return tables.from_frame("scores", source if plain else source.reset_index())
    if isinstance(source, Mapping) and source:
        return tables.from_columns("scores", source)
    if isinstance(source, list) and source and all(isinstance(row, Mapping) for row in source):
        return tables.from_records("scores", source)
    expected = "a path, a data frame, a dict of columns or a list of dicts"
    raise refuse("scores", "unknown-source", "", f"a {type(source).__name__}", expected)


def _frame(loaded: Loaded, columns: Columns) -> pd.DataFrame:
    """Return the columns that are not dropped."""
    frame = loaded.frame
    named = {
        "entry": columns.entry,
        "item": columns.item,
        "task": columns.task,
        "seed": columns.seed,
        "score": columns.score,
        **{f"drop[{place}]": each for place, each in enumerate(columns.drop)},
    }
    problems = [
        Problem("unknown-column", option, f'no column "{column}"', _known(column, frame))
        for option, column in named.items()
        if column is not None and column not in frame.columns
    ]
    used = [column for column in named.values() if column is not None]
    twice = sorted({each for each in used if used.count(each) > 1})
    problems += [Problem("used-twice", each, "this column has two roles") for each in twice]
    lists = ", ".join(loaded.vectors)
    if lists and lists not in columns.drop:
        problems.append(Problem("not-a-number", lists, "lists of numbers", "one score a cell"))
    if problems:
        raise Invalid(loaded.name, problems)
    return frame.drop(columns=list(columns.drop))


def _known(column: str, frame: pd.DataFrame) -> str:
    return did_you_mean(column, frame.columns) or f"columns: {shorten(list(frame.columns))}"


def _roles(name: str, frame: pd.DataFrame, columns: Columns) -> dict[str, str]:
    """Return the column of each role: those named by the user, the others by their names."""
    roles = {role: getattr(columns, role) for role in NAMES if getattr(columns, role)}
    plain = {str(each).strip().lower().replace(" ", "_").replace("-", "_"): each for each in frame}
    for role, known in NAMES.items():
        if role not in roles:
            found = [plain[each] for each in known if each in plain]
            found = [each for each in found if each not in roles.values()]
            if found:
                roles[role] = str(found[0])
    by_user = columns.score is not None
    if not by_user and not ("score" in roles and "entry" in roles and {"item", "task"} & {*roles}):
        roles.pop("score", None)  # a wide table that happens to have such a column
    if by_user:
        lost = [part for part in ("entry",) if part not in roles]
        lost += [] if {"item", "task"} & {*roles} else ["item"]
        if lost:
            raise Invalid(
                name,
                [
                    Problem(
                        "no-column", part, f"no column of the {part} is known", f"name it: {part}"
                    )
                    for part in lost
                ],
            )
    return roles


def _long(name: str, frame: pd.DataFrame, roles: Mapping[str, str]) -> tuple[pd.DataFrame, str]:
    """Return one line for each entry and seed, one column for each task and item."""
    import pandas as pd

    keys = [role for role in ("entry", "seed", "task", "item") if role in roles]
    made = pd.DataFrame({role: frame[roles[role]] for role in keys})
    empty = made.isna().any(axis=1)
    if empty.any():
        what = f"{plural(int(empty.sum()), 'line')} without {' or '.join(keys)}"
        raise refuse(name, "missing-name", "", what, "a name in each line")
    made = made.astype(str)
    made["score"] = _numbers(name, frame[[roles["score"]]])[roles["score"]]
    twice = made.duplicated(keys)
    if twice.any():
        line = made[twice].iloc[0]
        which = ", ".join(f"{key} {line[key]}" for key in keys)
        what = f"{plural(int(twice.sum()), 'repeated score')}, such as a second one of {which}"
        hint = "name the column that separates them: seed, item or task"
        raise refuse(name, "repeated", "", what, hint)
    for role in ("seed", "task", "item"):
        if role not in made:
            made[role] = ""
    lines = made.pivot(index=["entry", "seed"], columns=["task", "item"], values="score")
    order = made[["entry", "seed"]].drop_duplicates().apply(tuple, axis=1).tolist()
    return lines.reindex(order), "items" if "item" in roles else "tasks"


def _wide(
    name: str, frame: pd.DataFrame, roles: Mapping[str, str], columns: Columns
) -> tuple[pd.DataFrame, str]:
    """Return one line for each entry and seed, one column for each column of the table."""
    import pandas as pd

    side = columns.entries_in
    across = next((roles[role] for role in ("item", "task") if role in roles), None)
    if side is None:
        side = "columns" if across is not None and "entry" not in roles else "rows"
    if side == "columns":
        kind = "items" if across is not None and across == roles.get("item") else "tasks"
        across = across or str(frame.columns[0])
        body = frame.drop(columns=across)
        scores = _numbers(name, body).T
        scores.columns = pd.Index(_unique(name, frame[across], "item or task"))
        entries, seeds = [str(each) for each in body.columns], [""] * len(scores)
    else:
        entry = roles.get("entry") or _first_text(name, frame)
        seed = roles.get("seed")
        body = frame.drop(columns=[each for each in (entry, seed) if each is not None])
        scores = _numbers(name, body)
        kind = "items" if (scores.isin((0, 1)) | scores.isna()).to_numpy().all() else "columns"
        if kind == "columns":
            _refuse_means(name, scores)
        entries = frame[entry].astype(str).tolist()
        seeds = [""] * len(frame) if seed is None else frame[seed].astype(str).tolist()
        if frame[entry].isna().any():
            raise refuse(name, "missing-name", entry, "a line without a name", "a name in each")
        again = pd.DataFrame({"entry": entries, "seed": seeds}).duplicated()
        if again.any():
            twice = list(dict.fromkeys(np.array(entries)[again].tolist()))
            hint = "one line an entry, or the column of seeds"
            raise refuse(name, "repeated", entry, f"several lines of {shorten(twice, 3)}", hint)
    scores.index = pd.MultiIndex.from_arrays([entries, seeds], names=["entry", "seed"])
    scores.columns = pd.MultiIndex.from_product([[""], [str(each) for each in scores.columns]])
    return scores, kind


def _first_text(name: str, frame: pd.DataFrame) -> str:
    """Return the first column that does not hold numbers: it names the entries."""
    found = next((each for each in frame.columns if frame[each].dtype.kind not in "biuf"), None)
    if found is None:
        expected = "name the column of the entries, or entries_in: columns"
        raise refuse(name, "no-entries", "", "no column names the entries", expected)
    return str(found)


def _unique(name: str, values: pd.Series, what: str) -> list[str]:
    names = [str(each) for each in values]
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        raise refuse(
            name, "repeated", str(values.name), f"several lines of {shorten(twice, 3)}", what
        )
    return names


def _numbers(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return scores as floats; missing ones are nan. True and false become 1 and 0."""
    import pandas as pd

    problems, found = [], {}
    for column in frame.columns:
        values = frame[column]
        words = values.dropna().astype(str).str.strip().str.lower()
        if values.dtype.kind not in "iuf" and len(words) and words.isin(("true", "false")).all():
            values = words.map({"true": 1.0, "false": 0.0}).reindex(values.index)
        numbers = pd.to_numeric(values, errors="coerce").astype(float)
        wrong = (numbers.isna() & values.notna()) | np.isinf(numbers)
        if wrong.any():
            what = f"{plural(int(wrong.sum()), 'value')} not numbers, such as {values[wrong].iloc[0]!s:.40}"
            problems.append(Problem("not-a-number", str(column), what, "numbers, or --drop"))
        found[column] = numbers
    if problems:
        raise Invalid(name, problems)
    return pd.DataFrame(found, index=frame.index)


def _refuse_means(name: str, scores: pd.DataFrame) -> None:
    """Refuse columns that are the mean of the others: a sum of scores is not one more item."""
    problems = []
    total, known = scores.sum(axis=1), scores.notna().sum(axis=1)
    for column in scores.columns if scores.shape[1] > 3 and len(scores) > 2 else ():
        values = scores[column]
        others = (total - values) / (known - 1)
        digits = max(len(f"{each:.10g}".partition(".")[2]) for each in values.fillna(0))
        close = (others - values).abs() <= ROUNDING * 10.0**-digits + 1e-9
        if close.all() and values.std() > 10.0 ** (1 - digits):
            what = "the mean of the other columns, and not one more of them"
            problems.append(Problem("mean-column", str(column), what, "leave it out: --drop"))
    if problems:
        raise Invalid(name, problems)


def _without_gaps(name: str, lines: pd.DataFrame, missing: str) -> tuple[pd.DataFrame, list[str]]:
    """Leave out what has missing scores, and say so."""
    gaps = lines.isna()
    if not gaps.to_numpy().any():
        return lines, []
    count = f"{plural(int(gaps.to_numpy().sum()), 'score')} missing"
    if missing == "items":
        lost = gaps.any(axis=0)
        left, names = (
            lines.loc[:, ~lost],
            [" ".join(filter(None, each)) for each in lines.columns[lost]],
        )
        words = f"{count}: {len(names):,} of {plural(lines.shape[1], 'column')} left out for all entries"
    else:
        entries = lines.index.get_level_values("entry")
        names = sorted({*entries[gaps.any(axis=1)]})
        left = lines[~entries.isin(names)]
        words = f"{count}: {plural(len(names), 'entry').replace('entrys', 'entries')} left out"
    if not left.size:
        other = "entries" if missing == "items" else "items"
        raise refuse(name, "nothing-left", "", f"{count}: nothing is left", f"missing: {other}")
    return left, [f"{words} ({shorten(names, 5)})"]


def _table(name: str, lines: pd.DataFrame, sample: str, notes: list[str]) -> ScoreTable:
    entries = list(dict.fromkeys(lines.index.get_level_values("entry")))
    if len(entries) < 2:
        raise refuse(name, "too-few", "", plural(len(entries), "entry"), "at least two entries")
    tasks = lines.columns.get_level_values(0)
    names = list(dict.fromkeys(tasks)) if sample == "items" else [""]
    parts, columns = {}, []
    by_seed = np.zeros(len(lines))
    for task in names:
        part = lines.loc[:, tasks == task] if sample == "items" else lines
        if part.shape[1] < FEWEST_ITEMS:
            what = plural(part.shape[1], sample.removesuffix("s"))
            where = f"task {task}" if task else ""
            hint = f"at least {FEWEST_ITEMS}; with few items a task, give the means of the tasks"
            raise refuse(name, "too-few", where, what, hint)
        means = part.groupby(level="entry", sort=False).mean()
        parts[task] = means.loc[entries].to_numpy(dtype=np.float64)
        columns += [" ".join(filter(None, each)) for each in part.columns]
        by_seed += part.mean(axis=1).to_numpy() / len(names)
    owner = lines.index.get_level_values("entry").to_numpy()
    seeds = [by_seed[owner == entry] for entry in entries]
    several = any(len(each) > 1 for each in seeds)
    return ScoreTable(name, entries, parts, seeds if several else [], sample, columns, notes)
