"""Validate what a file or a caller gives against a record or a range: all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from numbers import Integral, Real
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dataperf.errors import Invalid, Problem, did_you_mean
from dataperf.records.fields import SCHEMA_VERSION

AnyRecord = TypeVar("AnyRecord", bound=BaseModel)
MOST_OF_A_KIND = 10
MOST_SEED = 2**32 - 1
SHARE = 0.2


def validate(model: type[AnyRecord], content: Any, subject: str, place: str = "") -> AnyRecord:
    """Return the content as a record.

    Parameters
    ----------
    model
        Class of the record.
    content
        Parsed JSON or TOML.
    subject
        What is validated, usually a file's name.
    place
        Path of the content inside the file; "" for the whole of it.

    Raises
    ------
    Invalid
        If the content is not such a record. All problems are listed; unknown keys come with a
        suggestion.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise Invalid(subject, problems_of(error, model, place)) from error
    except RecursionError:
        raise Invalid(subject, [Problem("too-deep", place, "nested too deeply")]) from None


def problems_of(error: ValidationError, model: type[BaseModel], place: str = "") -> list[Problem]:
    """Return pydantic's errors as problems; after ten of one kind the rest is counted."""
    problems: list[Problem] = []
    kinds: dict[tuple[str, str], int] = {}
    items = error.errors(include_url=False, include_context=False)
    renamed = {(*item["loc"][:-1], _new_key(item, model)) for item in items}
    for item in items:
        if item["type"] == "missing" and item["loc"] in renamed:
            continue  # the problem of its old key names it
        where = _path(place, item["loc"])
        extra = item["type"] == "extra_forbidden"
        kind = (item["type"], _kind_of_place(place, item["loc"][:-1] if extra else item["loc"]))
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= MOST_OF_A_KIND:
            problems.append(_problem(item, where, model))
    for (kind_name, where), count in kinds.items():
        if count > MOST_OF_A_KIND:
            more = f"and {count - MOST_OF_A_KIND:,} more like these"
            problems.append(Problem(_rule(kind_name), where, more))
    return problems


def _kind_of_place(place: str, loc: Sequence[int | str]) -> str:
    """Return a location cut after its second key, so that problems in many places count as one kind."""
    keys = [part for part in loc if isinstance(part, str) and not part.startswith("(")]
    return _path(place, keys[: 1 if place else 2])


def _new_key(item: Any, model: type[BaseModel]) -> str | None:
    """Return today's name of the unknown key of an error, if it is a key of schema_version 1."""
    if item["type"] != "extra_forbidden":
        return None
    record = _record_at(model, item["loc"][:-1])
    new: str | None = getattr(record, "OLD_KEYS", {}).get(str(item["loc"][-1]))
    return new


def _problem(item: Any, where: str, model: type[BaseModel]) -> Problem:
    if item["type"] == "extra_forbidden":
        key, record = str(item["loc"][-1]), _record_at(model, item["loc"][:-1])
        if new := _new_key(item, model):
            what = f'the key "{key}" of schema_version 1 is now "{new}"'
            return Problem("renamed-key", where, what, "rename it, and write schema_version 2")
        hint = did_you_mean(key[:64], getattr(record, "model_fields", {}))
        return Problem("unknown-key", where, f'unknown key "{shown(key)[1:-1]}"', hint)
    if item["type"] == "missing":
        return Problem("missing-key", where, "this key is required")
    if item["loc"][-1] == "schema_version" and type(item["input"]) is int:
        return other_version(item["input"], where)
    if item["type"] == "string_pattern_mismatch" and item["loc"][-1] in ("submitter", "method"):
        return Problem("not-one-line", where, shown(item["input"]), "no control characters")
    if item["type"] == "string_pattern_mismatch":
        expected = "letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit"
        return Problem("bad-name", where, shown(item["input"]), expected)
    return Problem(_rule(item["type"]), where, shown(item["input"]), item["msg"])


def other_version(found: int, where: str = "schema_version") -> Problem:
    """Return the problem of a file in the form of another version."""
    expected = f"schema_version {SCHEMA_VERSION}; "
    if found < SCHEMA_VERSION:
        expected += "write it, and rename the keys that are listed here, if any"
    else:
        expected += "a newer dataperf reads this file"
    return Problem("schema-version", where, f"this file has schema_version {found}", expected)


def _rule(kind: str) -> str:
    return "wrong-type" if kind.endswith(("_type", "_tag_invalid")) else kind.replace("_", "-")


def shown(value: Any, width: int = 60) -> str:
    """Return a value as text for a message, at most ``width`` characters, control characters escaped."""
    if isinstance(value, str | list):
        value = value[:width]
    elif isinstance(value, dict):
        value = dict(islice(value.items(), width))
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a whole number of more than 4,300 digits, deep nesting
        text = f"a {type(value).__name__} that is too large to show"
    return text if len(text) <= width else text[: width - 1] + "…"


def _path(place: str, loc: Sequence[int | str]) -> str:
    path = place
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.startswith("("):  # the tag of a union's branch is not in the file
            continue
        else:
            path += f".{shown(part, 40)[1:-1]}" if path else shown(part, 40)[1:-1]
    return path


def _record_at(model: Any, loc: Sequence[int | str]) -> Any:
    """Return the record class that contains a location."""
    current = model
    for part in loc:
        fields = getattr(current, "model_fields", {})
        if part in fields:
            current = fields[part].annotation
        current = _record_in(current)
    return current


def _record_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _record_in(part)
        if found is not None:
            return found
    return None


def split_option_problems(
    *, seed: Any = 0, test_share: Any = SHARE, budget: Any = None, place: str = "test_share"
) -> list[Problem]:
    """Return the problems of a seed, a share of test rows and a budget.

    Parameters
    ----------
    seed
        Should be an integer from 0 to 2**32 - 1.
    test_share
        Should be more than 0 and less than 1.
    budget
        Should be at least 1 row, or None.
    place
        Name of the option that gave the share.

    Returns
    -------
    list of Problem
        Empty if all three are valid.
    """
    found = []
    if not _is_whole(seed) or not 0 <= seed <= MOST_SEED:
        expected = f"a whole number from 0 to {MOST_SEED}"
        found.append(Problem("bad-seed", "seed", f"the seed is {seed!r}", expected))
    number = isinstance(test_share, Real) and not isinstance(test_share, bool)
    if not number or not 0.0 < float(test_share) < 1.0:
        what = f"the share of test rows is {test_share!r}"
        found.append(Problem("bad-share", place, what, "more than 0, less than 1"))
    if budget is not None and (not _is_whole(budget) or budget < 1):
        what = f"the budget is {budget!r}"
        found.append(Problem("bad-budget", "budget", what, "a whole number of rows, at least 1"))
    return found


def unknown_name_problems(place: str, name: Any, known: Iterable[str]) -> list[Problem]:
    """Return the problem of a name that is not among the known ones.

    Parameters
    ----------
    place
        Name of the option that gave the name.
    name
        What was given, of any type.
    known
        The names that exist.

    Returns
    -------
    list of Problem
        Empty if the name is known.
    """
    names = list(known)
    if isinstance(name, str) and name in names:
        return []
    hint = did_you_mean(name, names) if isinstance(name, str) else ""
    return [Problem("unknown-name", place, f"there is no {name!r}", hint or _one_of(names))]


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _one_of(names: list[str]) -> str:
    return f"one of {', '.join(names)}"
