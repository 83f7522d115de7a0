"""Generated records in the format of Adversarial Nibbler: ten submitters, forty raters.

Prompts are harmless phrases, put together at random, and no image was ever made. Only the form
of the records and the disagreement of the raters resemble the real ones. Submitters differ in
how often they fool the model and in how often they repeat themselves. Some raters are careful,
some are careless, and some find everything unsafe.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf.datasets import dataperf_nibbler as nibbler
from dataperf.records import Card, Generated, Table

card = Card(
    title="Nibbler ratings (generated)",
    description="400 prompts of ten submitters with five raters' answers each, in the published "
    "format; whether a prompt truly fooled the model is known to the generator.",
    licence="Apache-2.0",
    source="generated",
    attribution="the dataperf maintainers",
    known_limits="All of it is generated. The words mean nothing. Raters err independently of each "
    "other, unlike real raters.",
)

source = Generated(inputs=("dataperf_nibbler",))

SEED = 20_231_208
SUBMITTERS, PROMPTS, RATERS, EACH = 10, 40, 40, 5
#: For each submitter, the share of prompts that truly fool the model and of those that vary an
#: earlier prompt.
SKILL = (0.75, 0.7, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.2, 0.1)
REPEATS = (0.0, 0.6, 0.1, 0.3, 0.0, 0.5, 0.1, 0.2, 0.4, 0.0)

SUBJECTS = [
    "dragon",
    "lighthouse",
    "violinist",
    "teapot",
    "glacier",
    "robot",
    "gardener",
    "owl",
    "comet",
    "baker",
]
DOINGS = [
    "sleeping",
    "dancing",
    "melting",
    "waiting",
    "floating",
    "singing",
    "falling",
    "shining",
    "hiding",
    "reading",
]
PLACES = [
    "harbour",
    "meadow",
    "library",
    "attic",
    "desert",
    "station",
    "orchard",
    "tunnel",
    "market",
    "island",
]
STYLES = [
    "watercolour",
    "charcoal",
    "mosaic",
    "photograph",
    "woodcut",
    "collage",
    "sketch",
    "fresco",
    "poster",
    "stencil",
]


def table(path: Path | None) -> Table:
    """Return votes and prompts as rows; see ``dataperf_nibbler.tabulate``."""
    return nibbler.tabulate(_prompts())


def facts(path: Path | None) -> dict[str, Any]:
    """Return what participants may know of every prompt; see ``dataperf_nibbler.prompt_facts``."""
    return nibbler.prompt_facts(_prompts())


@functools.lru_cache(maxsize=1)
def _prompts() -> list[nibbler.Prompt]:
    return nibbler.records(published(), "nibbler-ratings")


def published() -> bytes:
    """Return the records in the published form: column by column, with JSON inside JSON."""
    random = np.random.RandomState(SEED)
    fooled = truth()
    raters = [_rater(random) for _ in range(RATERS)]
    columns: dict[str, dict[str, Any]] = {
        name: {}
        for name in (
            "submitted_timestamp",
            "submitted_prompt",
            "submission_annotations",
            "validation",
        )
    }
    for row, (safe, unsafe) in enumerate(fooled.tolist()):
        submitter = row // PROMPTS
        earlier = list(columns["submitted_prompt"].values())[submitter * PROMPTS :]
        words = _words(random, earlier, REPEATS[submitter])
        codes = _codes(random, submitter, unsafe)
        votes = [
            _vote(random, raters[rater], f"rater-{rater:02d}", words, codes, safe, unsafe)
            for rater in random.permutation(RATERS)[:EACH].tolist()
        ]
        stated = {"submitter_id": 100 + submitter, "example_uid": 1000 + row, **codes}
        values = (
            1_700_000_000_000 + row,
            words,
            json.dumps(stated),
            [json.dumps(v) for v in votes],
        )
        for column, value in zip(columns.values(), values, strict=True):
            column[str(row)] = value
    return json.dumps(columns).encode()


def truth() -> NDArray[np.bool_]:
    """Return whether the text looks safe and whether the image is unsafe, (prompts, 2) bool."""
    random = np.random.RandomState([SEED, 1])
    skill = np.repeat(SKILL, PROMPTS)
    fooled = random.random_sample(len(skill)) < skill
    kind = random.randint(0, 3, len(skill))  # prompts that fool nobody: neither, or one of the two
    return np.stack([fooled | (kind == 1), fooled | (kind == 2)], axis=1)


def _rater(random: np.random.RandomState) -> tuple[float, float]:
    """Return a rater's error rate, and how often they also call a safe text unsafe."""
    kind = random.random_sample()
    if kind < 0.6:
        return 0.08, 0.0
    return (0.3, 0.0) if kind < 0.8 else (0.08, 0.5)


def _words(random: np.random.RandomState, earlier: list[str], repeats: float) -> str:
    if earlier and random.random_sample() < repeats:
        words = earlier[random.randint(len(earlier))].split()
        words[-1] = STYLES[random.randint(len(STYLES))]
        return " ".join(words)
    parts = [part[random.randint(len(part))] for part in (SUBJECTS, DOINGS, PLACES, STYLES)]
    count = ("one", "two", "three", "four", "many")[random.randint(5)]
    return f"{count} {parts[0]} {parts[1]} near the {parts[2]} as {parts[3]}"


def _codes(random: np.random.RandomState, submitter: int, unsafe: bool) -> dict[str, Any]:
    """Return a submitter's codes: the first submitters use many different ones, the last few."""
    chosen = {}
    for name, kind in (
        ("text_attack_mode", "attack"),
        ("image_failure_target", "target"),
        ("image_failure_type", "failure"),
    ):
        codes = nibbler.CODES[kind]
        known = max(2, len(codes) - submitter // 2)
        chosen[name] = [codes[random.randint(known)]]
    return chosen


def _vote(
    random: np.random.RandomState,
    errs: tuple[float, float],
    rater: str,
    words: str,
    submitted: dict[str, Any],
    safe: bool,
    unsafe: bool,
) -> dict[str, Any]:
    says_safe = safe != (random.random_sample() < errs[0])
    says_safe = says_safe and random.random_sample() >= errs[1]
    says_unsafe = unsafe != (random.random_sample() < errs[0])
    unsure = random.random_sample(2) < 0.05
    text = "text_other" if unsure[0] else "text_safe" if says_safe else "text_unsafe"
    image = "unsure_image_safe" if unsure[1] else "image_unsafe" if says_unsafe else "image_safe"
    agrees = random.random_sample(3) < 0.7
    codes = {key: value if yes else [] for (key, value), yes in zip(submitted.items(), agrees)}
    return {
        "annotator_id": rater,
        "submitted_prompt": words,
        "text_safety_validation": [text],
        "image_safety_validation": [image],
        **codes,
    }
