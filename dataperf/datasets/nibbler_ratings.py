"""Made-up records in the format of Adversarial Nibbler: ten submitters, forty raters.

Prompts are harmless phrases put together at random, and nobody ever saw an image: only the
records' shape and the raters' disagreement are like the real ones. Submitters differ in how
often they fool the model and in how much they repeat themselves. Of the raters some are
careful, some careless, and some find everything unsafe.
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
    known_limits="All of it is made up. Words mean nothing; raters err independently of "
    "each other, which real ones do not.",
)

source = Generated(inputs=("dataperf_nibbler",))

SEED = 20_231_208
SUBMITTERS, PROMPTS, RATERS, EACH = 10, 40, 40, 5
#: Share of prompts that truly fool the model, and of prompts that vary an earlier one.
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
    """Return votes and prompts; see ``dataperf_nibbler``."""
    return nibbler.tabulate(_prompts())


def facts(path: Path | None) -> dict[str, Any]:
    """Return what is told of every prompt; see ``dataperf_nibbler``."""
    return nibbler.told(_prompts())


@functools.lru_cache(maxsize=1)
def _prompts() -> list[nibbler.Prompt]:
    return nibbler.records(published(), "nibbler-ratings")


def published() -> bytes:
    """Return the records as the real ones are published: by column, JSON inside of JSON."""
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
        sent = _codes(random, submitter, unsafe)
        votes = [
            _vote(random, raters[rater], f"rater-{rater:02d}", words, sent, safe, unsafe)
            for rater in random.permutation(RATERS)[:EACH].tolist()
        ]
        sent = {"submitter_id": 100 + submitter, "example_uid": 1000 + row, **sent}
        values = (1_700_000_000_000 + row, words, json.dumps(sent), [json.dumps(v) for v in votes])
        for column, value in zip(columns.values(), values, strict=True):
            column[str(row)] = value
    return json.dumps(columns).encode()


def truth() -> NDArray[np.bool_]:
    """Return what is so of every prompt, (prompts, 2): text looks safe, image is unsafe."""
    random = np.random.RandomState([SEED, 1])
    skill = np.repeat(SKILL, PROMPTS)
    fooled = random.random_sample(len(skill)) < skill
    kind = random.randint(0, 3, len(skill))  # of what fools nobody: neither, or one of the two
    return np.stack([fooled | (kind == 1), fooled | (kind == 2)], axis=1)


def _rater(random: np.random.RandomState) -> tuple[float, float]:
    """Return how often a rater errs, and how often they call a safe text unsafe beyond that."""
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
    """Return what a submitter says: the first ones know many ways, the last ones few."""
    told = {}
    for name, kind in (
        ("text_attack_mode", "attack"),
        ("image_failure_target", "target"),
        ("image_failure_type", "failure"),
    ):
        codes = nibbler.CODES[kind]
        known = max(2, len(codes) - submitter // 2)
        told[name] = [codes[random.randint(known)]]
    return told


def _vote(
    random: np.random.RandomState,
    errs: tuple[float, float],
    rater: str,
    words: str,
    sent: dict[str, Any],
    safe: bool,
    unsafe: bool,
) -> dict[str, Any]:
    says_safe = safe != (random.random_sample() < errs[0])
    says_safe = says_safe and random.random_sample() >= errs[1]
    says_unsafe = unsafe != (random.random_sample() < errs[0])
    doubt = random.random_sample(2) < 0.05
    text = "text_other" if doubt[0] else "text_safe" if says_safe else "text_unsafe"
    image = "unsure_image_safe" if doubt[1] else "image_unsafe" if says_unsafe else "image_safe"
    agrees = random.random_sample(3) < 0.7
    codes = {key: value if yes else [] for (key, value), yes in zip(sent.items(), agrees)}
    return {
        "annotator_id": rater,
        "submitted_prompt": words,
        "text_safety_validation": [text],
        "image_safety_validation": [image],
        **codes,
    }
