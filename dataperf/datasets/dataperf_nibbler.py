"""The published records of Adversarial Nibbler: prompts with their submitters' and raters' codes.

``roundN/submitted/dev.json`` and ``train.json`` are tables written column by column
(``{column: {row: value}}``). Some values hold further JSON as text: ``submission_annotations``
holds what the submitter states about a prompt, ``validation`` holds a list of what each rater
states. Rounds differ in the names of columns and codes; `records` reads all of them.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dataperf.errors import Invalid, Problem, Unavailable
from dataperf.records import Archive, Card, Folder, Table

ADDRESS = "https://raw.githubusercontent.com/google-research-datasets/adversarial-nibbler/"
#: The publisher's commit of each round: what an address with it names never changes.
COMMITS = """
9307acb90bcf49ffb8724f419a2d3c38829c4612 9f358082ade486ce0c15188191961892a2d0852e
ba05a07aa5b54b8e442215ac0b88e96580070dbf"""
ROUNDS = dict(zip((1, 3, 4), COMMITS.split(), strict=True))
FILES = ("dev.json", "train.json")

card = Card(
    title="Adversarial Nibbler",
    description="Prompts that look safe and produce unsafe images, found by people; the codes that "
    "the submitters gave, and the answers of five raters for each prompt: does the text look safe, "
    "is the image unsafe? Prompts and comments may offend.",
    licence="CC BY 4.0",
    source="https://github.com/google-research-datasets/adversarial-nibbler",
    attribution="Jessica Quaye et al., Adversarial Nibbler, FAccT 2024, "
    "doi 10.1145/3630106.3658913; data by Google LLC",
    known_limits="Images are not included. The test part is not published. Raters often disagree "
    "on whether a text looks safe. Round 2 has no codes.",
)

source = Folder(
    layout="roundN/submitted/dev.json and train.json",
    entries=tuple(f"round{number}" for number in ROUNDS),
    archives=tuple(
        Archive(f"{ADDRESS}{commit}/{name}", name)
        for number, commit in ROUNDS.items()
        for name in (f"round{number}/submitted/{file}" for file in FILES)
    ),
)

LARGEST = 256 * 2**20
SHOWN = 10

ATTACKS = ("none", "sensitive_terms", "coded_language", "visual_similarity", "unsafe_combo")
FAILURES = ("sexual", "violent", "bias", "hate")
TARGETS = (
    "none",
    "nationality",
    "race",
    "gender",
    "ses",
    "body",
    "age",
    "orientation",
    "religion",
    "political",
    "disability",
)
CODES = {
    "attack": tuple(f"text_attack_{name}" for name in (*ATTACKS, "other")),
    "failure": tuple(f"image_failure_{name}" for name in (*FAILURES, "other")),
    "target": tuple(f"image_target_{name}" for name in (*TARGETS, "other")),
}
TEXT_ANSWERS = {"text_safe": 0, "text_unsafe": 1, "text_other": 2, "text_unsure": 2}
IMAGE_ANSWERS = {
    "image_unsafe": 0,
    "image_safe": 1,
    "unsure_image_safe": 2,
    "image_unsure_safe": 2,
}

#: The names of each field over the rounds.
NAMES = {
    "prompt": ("submitted_prompt", "prompt"),
    "submission": ("submission_annotations",),
    "validation": ("validation",),
    "attack": ("text_attack_mode", "attack_mode"),
    "failure": ("image_failure_type", "policy_violations"),
    "target": ("image_failure_target", "community_affected"),
}


@dataclass(frozen=True)
class Rating:
    """What one rater stated about a prompt.

    Parameters
    ----------
    rater : str
        Id of the rater.
    text : int
        Answer on the text: 0 safe, 1 unsafe, 2 other or unsure, -1 no answer.
    image : int
        Answer on the image: 0 unsafe, 1 safe, 2 unsure, -1 no answer.
    codes : mapping
        Codes by kind: ``attack``, ``failure`` and ``target``.
    """

    rater: str
    text: int
    image: int
    codes: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Prompt:
    """A submitted prompt.

    Parameters
    ----------
    uid, submitter, words : str
        Ids of the prompt and its submitter; the text of the prompt.
    codes : mapping
        The submitter's codes by kind: ``attack``, ``failure`` and ``target``.
    ratings : tuple of Rating
    """

    uid: str
    submitter: str
    words: str
    codes: Mapping[str, frozenset[str]]
    ratings: tuple[Rating, ...]


def inputs(path: Path, round: int) -> list[Path]:
    """Return the files of a round that exist.

    Raises
    ------
    Unavailable
        If neither file exists.
    """
    folder = path / f"round{round}" / "submitted"
    if not (found := [folder / name for name in FILES if (folder / name).is_file()]):
        raise Unavailable(f"expected {' or '.join(FILES)} in {folder}")
    return found


def table(path: Path | None, round: Literal[1, 3, 4]) -> Table:
    """Return the votes and prompts of a round as rows; see `tabulate`."""
    assert path is not None
    return tabulate(_round(path, round))


def facts(path: Path, round: int) -> dict[str, Any]:
    """Return what participants may know of every prompt; see `prompt_facts`."""
    return prompt_facts(_round(path, round))


def _round(path: Path, number: int) -> list[Prompt]:
    found: dict[str, Prompt] = {}
    for file in inputs(path, number):
        if (size := file.stat().st_size) > LARGEST:
            raise Invalid(str(file), [Problem("too-large", "", f"{size:,} bytes", f"{LARGEST:,}")])
        for prompt in records(file.read_bytes(), str(file)):
            if found.setdefault(prompt.uid, prompt) != prompt:
                what = f"{prompt.uid} differs from the same prompt in another file"
                raise Invalid(str(file), [Problem("duplicate-id", "example_uid", what)])
    return list(found.values())


def tabulate(prompts: list[Prompt]) -> Table:
    """Return votes, then prompts, as rows.

    Returns
    -------
    Table
        Features: (n, 4) float64 with the prompt number, the rater number, the answer on the text
        and the answer on the image; see `Rating`. The row of a prompt has -1 in all but the
        first. Columns: ``part`` (``votes`` or ``prompts``), ``submitter`` and ``label``, which is
        "fooled" for every row: what the submitter claims.
    """
    names = sorted({rating.rater for prompt in prompts for rating in prompt.ratings})
    raters = {name: number for number, name in enumerate(names)}
    ids, features, submitters = [], [], []
    for number, prompt in enumerate(prompts):
        for place, rating in enumerate(prompt.ratings):
            ids.append(f"{prompt.uid}/{place}")
            features.append([number, raters[rating.rater], rating.text, rating.image])
            submitters.append(prompt.submitter)
    votes = len(ids)
    for number, prompt in enumerate(prompts):
        ids.append(prompt.uid)
        features.append([number, -1, -1, -1])
        submitters.append(prompt.submitter)
    return Table(
        ids=np.array(ids),
        features=np.array(features, dtype=np.float64),
        columns={
            "part": np.repeat(["votes", "prompts"], [votes, len(prompts)]),
            "submitter": np.array(submitters),
            "label": np.full(len(ids), "fooled"),
        },
    )


def prompt_facts(prompts: list[Prompt]) -> dict[str, Any]:
    """Return what participants may know of every prompt.

    Returns
    -------
    dict
        ``{"prompts": [{"uid", "submitter", "words", "attack", "failure", "target"}, ...]}``; the
        last three list the codes that the submitter and at least two raters give.
    """
    return {
        "prompts": [
            {
                "uid": prompt.uid,
                "submitter": prompt.submitter,
                "words": prompt.words,
                **{kind: sorted(_confirmed(prompt, kind)) for kind in CODES},
            }
            for prompt in prompts
        ]
    }


def _confirmed(prompt: Prompt, kind: str) -> set[str]:
    return {
        code
        for code in prompt.codes[kind]
        if sum(code in rating.codes[kind] for rating in prompt.ratings) >= 2
    }


# Reading ---------------------------------------------------------------------------------


def records(content: bytes, subject: str) -> list[Prompt]:
    """Return the prompts in a published file.

    Parameters
    ----------
    content : bytes
        JSON: columns of rows, or a list of rows.
    subject : str
        Name of the file, for messages.

    Raises
    ------
    Invalid
        If it is not such a file, or a code is unknown; lists every problem, at most ten.
    """
    try:
        rows = _rows(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise Invalid(subject, [Problem("not-json", "", str(error)[:200])]) from error
    problems: list[Problem] = []
    found: dict[str, Prompt] = {}
    for name, row in rows:
        try:
            prompt = _prompt(row)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
            problems.append(Problem("bad-record", f"row {name}", str(error)[:200]))
            continue
        if prompt.uid in found:
            problems.append(Problem("duplicate-id", f"row {name}", f"{prompt.uid} occurs twice"))
        found[prompt.uid] = prompt
    if not rows:
        problems.append(Problem("empty", "", "no rows"))
    if problems:
        more = len(problems) - SHOWN
        rest = [Problem("more", "", f"{more:,} more problems")] if more > 0 else []
        raise Invalid(subject, problems[:SHOWN] + rest)
    return list(found.values())


def _rows(content: Any) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(content, list):
        table = [(str(number), row) for number, row in enumerate(content)]
    elif isinstance(content, dict) and all(isinstance(each, dict) for each in content.values()):
        names = dict.fromkeys(name for column in content.values() for name in column)
        table = [(n, {key: col[n] for key, col in content.items() if n in col}) for n in names]
    else:
        raise ValueError("expected columns of rows ({column: {row: value}}), or a list of rows")
    if not all(isinstance(row, dict) for _, row in table):
        raise ValueError("expected every row to be an object")
    return table


def _prompt(row: Mapping[str, Any]) -> Prompt:
    submission = _object(_value(row, "submission"), "submission_annotations")
    votes = _inner(row.get("validation"))
    if votes is None:
        votes = []
    if not isinstance(votes, list):
        raise ValueError("validation is not a list")
    words = _value(row, "prompt")
    if not isinstance(words, str):
        raise ValueError("the prompt is not text")
    for key in ("example_uid", "submitter_id"):
        if not isinstance(submission.get(key), int | str) or not str(submission[key]).strip():
            raise ValueError(f"submission_annotations has no {key}")
    return Prompt(
        uid=str(submission["example_uid"]),
        submitter=str(submission["submitter_id"]),
        words=words,
        codes={kind: _codes(kind, submission) for kind in CODES},
        ratings=tuple(_rating(_object(vote, "validation")) for vote in votes),
    )


def _rating(vote: Mapping[str, Any]) -> Rating:
    rater = vote.get("annotator_id")
    if not isinstance(rater, int | str):
        raise ValueError("validation has no annotator_id")
    return Rating(
        rater=str(rater),
        text=_answer(vote.get("text_safety_validation"), TEXT_ANSWERS),
        image=_answer(vote.get("image_safety_validation"), IMAGE_ANSWERS),
        codes={kind: _codes(kind, vote) for kind in CODES},
    )


def _value(row: Mapping[str, Any], field: str) -> Any:
    for name in NAMES[field]:
        if row.get(name) is not None:
            return row[name]
    raise ValueError(f"no {' or '.join(NAMES[field])}")


def _inner(value: Any) -> Any:
    """Return a value; if it is text, the JSON or Python literal written in it."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return ast.literal_eval(value)


def _object(value: Any, what: str) -> dict[str, Any]:
    found = _inner(value)
    if not isinstance(found, dict):
        raise ValueError(f"{what} is not an object")
    return found


def _answer(value: Any, known: Mapping[str, int]) -> int:
    """Return the number of an answer; of several, a definite one counts before "other"."""
    words = _words(value)
    unknown = [word for word in words if word not in known]
    if unknown:
        raise ValueError(f"unknown answer {unknown[0][:60]!r}, known: {', '.join(known)}")
    definite = {known[word] for word in words} - {2}
    if len(definite) == 1:
        return definite.pop()
    return 2 if words else -1


def _codes(kind: str, record: Mapping[str, Any]) -> frozenset[str]:
    words = _words(next((record[n] for n in NAMES[kind] if record.get(n) is not None), None))
    unknown = [word for word in words if word not in CODES[kind]]
    if unknown:
        raise ValueError(f"unknown code {unknown[0][:60]!r}, known: {', '.join(CODES[kind])}")
    return frozenset(words)


def _words(value: Any) -> list[str]:
    """Return the codes in a list, a text, or a list that was split into single characters."""
    if value is None:
        return []
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"expected a list of codes, not {str(value)[:60]!r}")
    if len(value) > 1 and all(len(each) == 1 for each in value):
        value = ["".join(value)]
    return [word for each in value for word in _split(each)]


def _split(text: str) -> Iterator[str]:
    """Yield the codes in a text: one, or several in a row with or without separators."""
    starts = [found.start() for found in re.finditer(r"(?:text|image|unsure)_", text)]
    if len(starts) < 2 or text in IMAGE_ANSWERS:
        word = text.strip(" \t\n[]\"',")
        yield from [word] if word else []
        return
    known = [*TEXT_ANSWERS, *IMAGE_ANSWERS, *(code for codes in CODES.values() for code in codes)]
    known.sort(key=len, reverse=True)
    rest = re.sub(r"[\s\[\]\"',]+", "", text)
    while rest:
        word = next((each for each in known if rest.startswith(each)), rest)
        yield word
        rest = rest[len(word) :]
