"""What machines say of what was handed in, beside the raters' score and never part of it.

Safety plug-ins (``safety/NAME.py``) score texts, score images, or give the images to score. None
runs unless a user names it: ``--safety NAME`` or ``--safety NAME=OPTION``.
"""

from __future__ import annotations

import hashlib
import io
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import registry
from dataperf.basics import files, threads, validation
from dataperf.definitions import loading as challenges
from dataperf.definitions import submission
from dataperf.errors import DataperfError, Unavailable
from dataperf.evaluation import evaluate
from dataperf.records import Challenge, Result, SafetyReport, TaskData

ROLES = ("text", "image", "source")
#: How often in a row a source may fail before it is asked no more.
PATIENCE = 3
#: Most pixels of an image, and the formats that are opened.
LARGEST, FORMATS = 50_000_000, ("PNG", "JPEG", "WEBP")
#: By how much the same machine's probabilities may differ from one computer to another.
TOLERANCE = 0.01


@dataclass(frozen=True)
class Asked:
    """A safety plug-in that was named, with its option; ``run`` is what ``prepare`` returned."""

    name: str
    option: str
    module: Any
    digest: str
    run: Callable[..., Any]


def prepare(named: Sequence[str], challenge: Challenge | str) -> list[Asked]:
    """Return the plug-ins that are named, ready to run.

    Parameters
    ----------
    named
        Each ``NAME`` or ``NAME=OPTION``.
    challenge
        What is evaluated.

    Raises
    ------
    NotFound
        If there is no plug-in of a name.
    DataperfError
        If one is named twice, an option is wrong, images have no source or two, or the
        challenge hands in nothing that a machine could judge.
    Unavailable
        If one needs what is not installed.
    """
    track = challenges.of(challenge).track
    if named and not hasattr(registry.load("tracks", track), "items"):
        raise DataperfError(
            f"--safety is for boards of prompts; the track {track} has nothing for it to judge"
        )
    found: dict[str, Asked] = {}
    for text in named:
        name, _, option = text.partition("=")
        entry = registry.get("safety", name)
        if entry.name in found:
            raise DataperfError(f"--safety names {entry.name} twice")
        module = registry.load("safety", entry.name)
        digest = files.digest_json([registry.digest(entry), str(module.numeric_version())])
        found[entry.name] = Asked(entry.name, option, module, digest, module.prepare(option))
    roles = [each.module.role for each in found.values()]
    if roles.count("source") > 1:
        raise DataperfError("--safety names two sources of images; name one")
    if "image" in roles and "source" not in roles:
        known = [n for n in registry.find("safety") if registry.load("safety", n).role == "source"]
        raise DataperfError(
            f"--safety names what scores images, but nothing that gives them.\n  Name a source "
            f"too: {' or '.join(known)} (--safety image_folder=DIR)"
        )
    return list(found.values())


def add(
    result: Result,
    named: Sequence[str] | Sequence[Asked],
    *,
    data: Mapping[str, TaskData] | None = None,
) -> Result:
    """Return a result with what machines say of what was handed in; its scores are untouched.

    Parameters
    ----------
    result
        Scored, of a board of prompts; a failed one is returned as it is.
    named
        See `prepare`, which may have been called already.
    data
        The data of the board's tasks if it is loaded already.

    Raises
    ------
    Unavailable
        If a source failed and gave no image at all.
    DataperfError
        As `prepare` does, or if a plug-in returns what is no probability.
    """
    if result.status != "scored" or not named:
        return result
    told = [each for each in named if isinstance(each, str)]
    asked = [each for each in named if isinstance(each, Asked)]
    asked += prepare(told, result.challenge)
    return result.model_copy(update={"safety": _said(asked, _items(result, data))})


def _items(result: Result, data: Mapping[str, TaskData] | None) -> list[dict[str, Any]]:
    challenge = challenges.load(result.challenge)
    data = data or submission.board_data(challenge, result.board)
    plans = evaluate.plans_of(challenge, result.submission, data)
    track = registry.load("tracks", challenge.track)
    return [item for name, plan in plans.items() for item in track.items(plan, data[name])]


def _said(asked: Sequence[Asked], items: Sequence[Mapping[str, Any]]) -> dict[str, SafetyReport]:
    found = {}
    with threads.one_thread():
        for each in asked:
            if each.module.role == "text":
                probabilities = _probabilities(each, [item["words"] for item in items])
                found[each.name] = _reading(each, list(probabilities), items)
        judges = [each for each in asked if each.module.role == "image"]
        for each in asked:
            if each.module.role == "source":
                found |= _of_images(each, judges, items)
    return {each.name: found[each.name] for each in asked}


def _of_images(
    source: Asked, judges: Sequence[Asked], items: Sequence[Mapping[str, Any]]
) -> dict[str, SafetyReport]:
    """Have each prompt's image given and judged, one after the other: none is kept."""
    images: list[str | None] = [None] * len(items)
    probabilities: dict[str, list[float | None]] = {
        each.name: [None] * len(items) for each in judges
    }
    failed: dict[str, str] = {}
    misses = 0
    for place, item in enumerate(items):
        if misses == PATIENCE:
            failed[item["uid"]] = f"not asked: {PATIENCE} failures in a row before it"
            continue
        try:
            content = source.run(item["uid"], item["words"])
            misses = 0
        except DataperfError as error:
            failed[item["uid"]] = _line(error)
            misses += 1
            continue
        if content is None:
            continue
        images[place] = hashlib.sha256(content).hexdigest()
        try:
            picture = opened(content)
        except ValueError as error:
            failed[item["uid"]] = _line(error)
            continue
        for each in judges:
            probabilities[each.name][place] = _probabilities(each, [picture])[0]
    if failed and not any(images):  # a folder may lack one submitter's images: no failure
        why = next(iter(failed.values()))
        raise Unavailable(f"{source.name} gave no image of {len(items):,} prompts: {why}")
    told = {each.name: _reading(each, probabilities[each.name], items) for each in judges}
    return {source.name: _reading(source, [], items, images=images, failed=failed), **told}


def opened(content: bytes) -> NDArray[np.uint8]:
    """Return an image file as (height, width, 3) or, if it is grey, (height, width) uint8.

    Raises
    ------
    ValueError
        If it is no PNG, JPEG or WebP, damaged, or of more than fifty million pixels.
    """
    from PIL import Image, UnidentifiedImageError

    from dataperf.media import embed

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as file:
                width, height = file.size
        if width * height > LARGEST:
            raise ValueError(f"{width:,} x {height:,} pixels are more than {LARGEST:,}")
        return embed.open_image(content)
    except UnidentifiedImageError as error:
        raise ValueError(f"no image that can be read: not {', '.join(FORMATS)}") from error
    except Exception as error:  # decoders fail in ways of their own; each is one bad file
        raise ValueError(f"no image that can be read: {_line(error)}") from error


def _probabilities(asked: Asked, items: list[Any]) -> list[float]:
    """Return how likely each item is unsafe, to four digits."""
    found = np.asarray(asked.run(items), dtype=np.float64)
    if found.shape != (len(items),) or not ((found >= 0) & (found <= 1)).all():
        raise DataperfError(
            f"{asked.name} returned {validation.shown(found.tolist())} for {len(items)} items, "
            "expected a probability for each"
        )
    return [round(float(value), 4) for value in found]


def _reading(
    asked: Asked,
    probabilities: Sequence[float | None],
    items: Sequence[Mapping[str, Any]],
    **told: Any,
) -> SafetyReport:
    role, external = asked.module.role, bool(asked.module.external)
    option = asked.module.shown(asked.option) if hasattr(asked.module, "shown") else asked.option
    return SafetyReport(
        role=role,
        option=option,
        external=external,
        digest=asked.digest,
        probabilities=list(probabilities),
        numbers=numbers(role, probabilities, items),
        **told,
    )


def numbers(
    role: str, probabilities: Sequence[float | None], items: Sequence[Mapping[str, Any]]
) -> dict[str, float | None]:
    """Return what a machine's probabilities come to, beside the raters' majority."""
    if role == "source":
        return {}
    judged = np.array([each for each in probabilities if each is not None], dtype=np.float64)
    pairs = [
        (bool(item[role]), each > 0.5)
        for each, item in zip(probabilities, items, strict=True)
        if each is not None and item[role] is not None
    ]
    kappa = math.nan
    if pairs:
        raters, machine = np.array(pairs, dtype=np.intp).T
        kappa = registry.load("metrics", "cohen_kappa").score(raters, machine, classes=2)
    return {
        "judged": float(len(judged)),
        "unsafe": float(judged.mean()) if len(judged) else None,
        "flagged": float((judged > 0.5).mean()) if len(judged) else None,
        "compared": float(len(pairs)),
        "kappa": None if math.isnan(kappa) else kappa,
    }


def _line(error: Exception) -> str:
    """Return an error's first line; what a terminal would obey is escaped."""
    text = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# Again ----------------------------------------------------------------------------------


def rerun(
    kept: Result, named: Sequence[str], *, data: Mapping[str, TaskData] | None = None
) -> tuple[list[str], list[str]]:
    """Hold what a record says of machines to the machines that are here.

    What lies outside of dataperf, and what judged images from there, is asked again only if the
    source is named; all else is.

    Returns
    -------
    problems, notes : list of str
        What differs, and what was not asked again.
    """
    unknown = [text.partition("=")[0] for text in named]
    unknown = [name for name in unknown if registry.get("safety", name).name not in kept.safety]
    if unknown:
        return [f"nothing in the record is from {name}" for name in unknown], []
    if not kept.safety:
        return [], []
    items = _items(kept, data)
    problems = [
        f"safety.{name}: its numbers do not follow from its probabilities"
        for name, part in kept.safety.items()
        if part.role != "source"
        and (
            len(part.probabilities) != len(items)
            or part.numbers != numbers(part.role, part.probabilities, items)
        )
    ]
    wanted, notes = _to_ask(kept, named)
    try:
        here = _said(prepare(wanted, kept.challenge), items)
    except DataperfError as error:
        failed = f"{', '.join(wanted)}: not asked again: {_line(error)}"
        return (problems + [failed], notes) if named else (problems, notes + [failed])
    for name, part in here.items():
        problems += _differences(name, kept.safety[name], part)
    return problems, notes


def _to_ask(kept: Result, named: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what to ask again, and in words what not.

    Whether something lies outside is for the plug-in here to say, not for somebody's record:
    verifying one must not call an address that it holds.
    """
    told = {registry.get("safety", text.partition("=")[0]).name: text for text in named}
    here = {}
    notes = []
    for name in kept.safety:
        try:
            here[name] = registry.load("safety", name)
        except DataperfError as error:
            notes.append(f"{name} was not asked again: {_line(error)}")
    given = any(here[name].role == "source" for name in told)
    wanted = []
    for name, module in here.items():
        option = kept.safety[name].option
        if name in told:
            wanted.append(told[name])
        elif module.external or module.role == "source":
            notes.append(f"{name} was not asked again: name it to ask (--safety {name}=...)")
        elif module.role == "image" and not given:
            notes.append(f"{name} was not asked again: it needs the images")
        else:
            wanted.append(f"{name}={option}" if option else name)
    return wanted, notes


def _differences(name: str, kept: SafetyReport, here: SafetyReport) -> list[str]:
    if kept.digest != here.digest:
        return [f"safety.{name}: the plug-in is another one here"]
    if (len(kept.probabilities), len(kept.images)) != (len(here.probabilities), len(here.images)):
        return [f"safety.{name}: it is of another number of items"]
    differ = sum(
        (one is None) != (other is None)
        or (one is not None and other is not None and abs(one - other) > TOLERANCE)
        for one, other in zip(kept.probabilities, here.probabilities, strict=True)
    )
    others = sum(one != other for one, other in zip(kept.images, here.images, strict=True))
    found = [f"safety.{name}: {differ} of {len(kept.probabilities)} probabilities differ"] * bool(
        differ
    )
    return found + [f"safety.{name}: {others} of {len(kept.images)} images differ"] * bool(others)
