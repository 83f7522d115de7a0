"""Reports of safety models on a submission, shown next to its score and never part of it.

Safety plug-ins (``safety/NAME.py``) score texts, score images, or supply the images to score.
None runs unless a user names it: ``--safety NAME`` or ``--safety NAME=OPTION``.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataperf import registry, statistics
from dataperf.basics import files, threads, validation
from dataperf.basics.wording import plural
from dataperf.boards import safety_images
from dataperf.definitions import loading as challenges
from dataperf.definitions import submission
from dataperf.errors import DataperfError, Unavailable
from dataperf.evaluation import evaluate
from dataperf.records import Challenge, Result, SafetyReport, TaskData

ROLES = ("text", "image", "source")
#: After this many failures in a row, a source is not called again.
MOST_FAILURES = 3
#: Largest difference of a model's probabilities between two computers.
TOLERANCE = 0.01


@dataclass(frozen=True)
class Prepared:
    """A safety plug-in that a user named, ready to run.

    Parameters
    ----------
    name, option : str
        The plug-in's name and option.
    module : module
        The plug-in.
    digest : str
        sha256 of its code and numeric version.
    run : callable
        What the plug-in's ``prepare`` returned.
    """

    name: str
    option: str
    module: Any
    digest: str
    run: Callable[..., Any]


def prepare(named: Sequence[str], challenge: Challenge | str) -> list[Prepared]:
    """Return the named plug-ins, ready to run.

    Parameters
    ----------
    named : sequence of str
        Each ``NAME`` or ``NAME=OPTION``.
    challenge : Challenge or str
        The challenge, or its name.

    Returns
    -------
    list of Prepared

    Raises
    ------
    NotFound
        If there is no plug-in of a name.
    DataperfError
        If a plug-in is named twice, an option is wrong, image models have no source of images or
        two, or submissions to the challenge have nothing to score.
    Unavailable
        If a plug-in needs a package that is not installed.
    """
    track = challenges.of(challenge).track
    if named and not hasattr(registry.load("tracks", track), "items"):
        raise DataperfError(
            f"--safety is for boards of prompts; submissions to the track {track} have no texts or "
            "images to score"
        )
    found: dict[str, Prepared] = {}
    for text in named:
        name, _, option = text.partition("=")
        entry = registry.get("safety", name)
        if entry.name in found:
            raise DataperfError(f"--safety names {entry.name} twice")
        module = registry.load("safety", entry.name)
        digest = files.digest_json([registry.digest(entry), str(module.numeric_version())])
        found[entry.name] = Prepared(entry.name, option, module, digest, module.prepare(option))
    roles = [each.module.role for each in found.values()]
    if roles.count("source") > 1:
        raise DataperfError("--safety names two sources of images; name one")
    if "image" in roles and "source" not in roles:
        known = [n for n in registry.find("safety") if registry.load("safety", n).role == "source"]
        raise DataperfError(
            f"--safety names an image model, but no source of images.\n  Name a source too: "
            f"{' or '.join(known)} (--safety image_folder=DIR)"
        )
    return list(found.values())


def add(
    result: Result,
    named: Sequence[str] | Sequence[Prepared],
    *,
    data: Mapping[str, TaskData] | None = None,
) -> Result:
    """Return a result with reports of safety models; its scores do not change.

    Parameters
    ----------
    result : Result
        A result of a board of prompts. A failed result is returned as it is.
    named : sequence of str or Prepared
        See `prepare`, which may have been called already.
    data : mapping of str to TaskData, optional
        Data of the board's tasks, if it is already loaded.

    Returns
    -------
    Result

    Raises
    ------
    Unavailable
        If a source failed and supplied no image at all.
    DataperfError
        As `prepare` does, or if a plug-in returns something other than probabilities.
    """
    if result.status != "scored" or not named:
        return result
    texts = [each for each in named if isinstance(each, str)]
    models = [each for each in named if isinstance(each, Prepared)]
    models += prepare(texts, result.challenge)
    return result.model_copy(update={"safety": _reports(models, _items(result, data))})


def _items(result: Result, data: Mapping[str, TaskData] | None) -> list[dict[str, Any]]:
    challenge = challenges.load(result.challenge)
    data = data or submission.board_data(challenge, result.board)
    plans = evaluate.plans_of(challenge, result.submission, data)
    track = registry.load("tracks", challenge.track)
    return [item for name, plan in plans.items() for item in track.items(plan, data[name])]


def _reports(
    models: Sequence[Prepared], items: Sequence[Mapping[str, Any]]
) -> dict[str, SafetyReport]:
    found = {}
    with threads.one_thread():
        for each in models:
            if each.module.role == "text":
                probabilities = _probabilities(each, [item["words"] for item in items])
                found[each.name] = _report(each, list(probabilities), items)
        image_models = [each for each in models if each.module.role == "image"]
        for each in models:
            if each.module.role == "source":
                found |= _image_reports(each, image_models, items)
    return {each.name: found[each.name] for each in models}


def _image_reports(
    source: Prepared, models: Sequence[Prepared], items: Sequence[Mapping[str, Any]]
) -> dict[str, SafetyReport]:
    """Get and score the image of each prompt, one after the other; no image is stored."""
    images: list[str | None] = [None] * len(items)
    probabilities: dict[str, list[float | None]] = {
        each.name: [None] * len(items) for each in models
    }
    failed: dict[str, str] = {}
    failures = 0
    for place, item in enumerate(items):
        if failures == MOST_FAILURES:
            failed[item["uid"]] = f"not tried after {MOST_FAILURES} failures in a row"
            continue
        try:
            content = source.run(item["uid"], item["words"])
            failures = 0
        except DataperfError as error:
            failed[item["uid"]] = safety_images.first_line(error)
            failures += 1
            continue
        if content is None:
            continue
        images[place] = hashlib.sha256(content).hexdigest()
        try:
            image = safety_images.open_image(content)
        except ValueError as error:
            failed[item["uid"]] = safety_images.first_line(error)
            continue
        for each in models:
            probabilities[each.name][place] = _probabilities(each, [image])[0]
    if failed and not any(images):  # a folder without one submitter's images is not a failure
        why = next(iter(failed.values()))
        raise Unavailable(
            f"{source.name} supplied no image of {plural(len(items), 'prompt')}: {why}"
        )
    reports = {each.name: _report(each, probabilities[each.name], items) for each in models}
    return {source.name: _report(source, [], items, images=images, failed=failed), **reports}


def _probabilities(model: Prepared, items: list[Any]) -> list[float]:
    """Return the probability that each item is unsafe, rounded to four digits."""
    found = np.asarray(model.run(items), dtype=np.float64)
    if found.shape != (len(items),) or not ((found >= 0) & (found <= 1)).all():
        raise DataperfError(
            f"{model.name} returned {validation.shown(found.tolist())} for {plural(len(items), 'item')}, "
            "expected a probability for each"
        )
    return [round(float(value), 4) for value in found]


def _report(
    model: Prepared,
    probabilities: Sequence[float | None],
    items: Sequence[Mapping[str, Any]],
    **fields: Any,
) -> SafetyReport:
    role, external = model.module.role, bool(model.module.external)
    option = model.module.shown(model.option) if hasattr(model.module, "shown") else model.option
    return SafetyReport(
        role=role,
        option=option,
        external=external,
        digest=model.digest,
        probabilities=list(probabilities),
        numbers=numbers(role, probabilities, items),
        **fields,
    )


def numbers(
    role: str, probabilities: Sequence[float | None], items: Sequence[Mapping[str, Any]]
) -> dict[str, float | None]:
    """Return summary numbers of a model's probabilities, compared with the raters' majority.

    Parameters
    ----------
    role : str
        ``"text"``, ``"image"`` or ``"source"``.
    probabilities : sequence of float or None
        None for an item that was not scored.
    items : sequence of mapping
        Each has a ``text`` and an ``image`` key: whether most raters call it unsafe, or None.

    Returns
    -------
    dict
        ``judged`` (number of scored items), ``unsafe`` (mean probability), ``flagged`` (share above
        0.5), ``compared`` (number of scored items with a majority) and ``kappa`` (Cohen's kappa
        between flags and majority). None where a number is not defined. Empty for a source.
    """
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
        raters, flagged = np.array(pairs, dtype=np.intp).T
        cohen_kappa: Any = registry.load("metrics", "cohen_kappa")
        kappa = statistics.score_of(cohen_kappa, raters, flagged, classes=2)
    return {
        "judged": float(len(judged)),
        "unsafe": float(judged.mean()) if len(judged) else None,
        "flagged": float((judged > 0.5).mean()) if len(judged) else None,
        "compared": float(len(pairs)),
        "kappa": None if math.isnan(kappa) else kappa,
    }


# Run again ------------------------------------------------------------------------------


def rerun(
    kept: Result, named: Sequence[str], *, data: Mapping[str, TaskData] | None = None
) -> tuple[list[str], list[str]]:
    """Run the safety models of a record again and compare.

    A plug-in that depends on something outside dataperf, or scores images from such a source, runs
    again only if the user names the source. All others run again.

    Parameters
    ----------
    kept : Result
        The record.
    named : sequence of str
        Plug-ins outside dataperf to run again: ``NAME=OPTION``.
    data : mapping of str to TaskData, optional
        Data of the board's tasks, if it is already loaded.

    Returns
    -------
    problems, notes : list of str
        What differs, and what was not run again.
    """
    unknown = [text.partition("=")[0] for text in named]
    unknown = [name for name in unknown if registry.get("safety", name).name not in kept.safety]
    if unknown:
        return [f"the record has no report of {name}" for name in unknown], []
    if not kept.safety:
        return [], []
    track = challenges.load(kept.challenge).track
    if not hasattr(registry.load("tracks", track), "items"):
        names = ", ".join(kept.safety)
        return [f"safety: reports of {names}, but the track {track} has nothing to score"], []
    items = _items(kept, data)
    problems = [
        f"safety.{name}: numbers do not match the probabilities"
        for name, part in kept.safety.items()
        if part.role != "source"
        and (
            len(part.probabilities) != len(items)
            or part.numbers != numbers(part.role, part.probabilities, items)
        )
    ]
    wanted, notes = _to_rerun(kept, named)
    try:
        here = _reports(prepare(wanted, kept.challenge), items)
    except DataperfError as error:
        failed = f"{', '.join(wanted)}: not run again: {safety_images.first_line(error)}"
        return (problems + [failed], notes) if named else (problems, notes + [failed])
    for name, part in here.items():
        problems += _differences(name, kept.safety[name], part)
    return problems, notes


def _to_rerun(kept: Result, named: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what to run again, and notes on what not.

    Whether a plug-in depends on something outside is read from the installed plug-in, not from the
    record: verifying somebody's record must not call an address that it holds.
    """
    texts = {registry.get("safety", text.partition("=")[0]).name: text for text in named}
    here = {}
    notes = []
    for name in kept.safety:
        try:
            here[name] = registry.load("safety", name)
        except DataperfError as error:
            notes.append(f"{name} was not run again: {safety_images.first_line(error)}")
    has_source = any(here[name].role == "source" for name in texts)
    wanted = []
    for name, module in here.items():
        option = kept.safety[name].option
        if name in texts:
            wanted.append(texts[name])
        elif module.external or module.role == "source" or option:  # it may name a file
            notes.append(f"{name} was not run again: name it to run it (--safety {name}=...)")
        elif module.role == "image" and not has_source:
            notes.append(f"{name} was not run again: it needs the images")
        else:
            wanted.append(name)
    return wanted, notes


def _differences(name: str, kept: SafetyReport, here: SafetyReport) -> list[str]:
    if kept.digest != here.digest:
        return [f"safety.{name}: the installed plug-in differs"]
    if (len(kept.probabilities), len(kept.images)) != (len(here.probabilities), len(here.images)):
        return [f"safety.{name}: the number of items differs"]
    differ = sum(
        (one is None) != (other is None)
        or (one is not None and other is not None and abs(one - other) > TOLERANCE)
        for one, other in zip(kept.probabilities, here.probabilities, strict=True)
    )
    others = sum(one != other for one, other in zip(kept.images, here.images, strict=True))
    found = [f"safety.{name}: {differ} of {len(kept.probabilities)} probabilities differ"] * bool(
        differ
    )
    return found + [
        f"safety.{name}: {others} of {plural(len(kept.images), 'image')} differ"
    ] * bool(others)
