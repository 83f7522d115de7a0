"""Call metrics, and check every value that a user's own metric returns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from dataperf import plugin_calls, registry, statistics
from dataperf.errors import DataperfError
from dataperf.records import Task
from dataperf.statistics import Outcome

#: How each function of a metric is called.
METRIC = {
    "score": "score(truth, predicted, *, classes)",
    "from_counts": "from_counts(counts)",
    "row_scores": "row_scores(truth, predicted)",
}


def metric(module: Any) -> Any:
    """Return a metric whose failures are DataperfErrors that name it.

    A user's metric fails if it raises, or returns anything but finite numbers (nan where it is
    not defined) in the expected shape. A metric of ours is returned as it is.

    Raises
    ------
    DataperfError
        If its ``higher_is_better`` is neither True nor False.
    """
    if not plugin_calls.is_yours(module):
        return module
    if wrong := wrong_direction(module):
        raise DataperfError(f"{plugin_calls.named('metrics', module)}: {wrong}")
    calls = {name: partial(_value, module, name) for name in METRIC if hasattr(module, name)}
    return SimpleNamespace(
        higher_is_better=module.higher_is_better, __file__=module.__file__, **calls
    )


def wrong_direction(module: Any) -> str:
    """Return what is wrong with the type of ``higher_is_better``; "" if nothing is."""
    given = module.higher_is_better
    if isinstance(given, bool):
        return ""
    return f"higher_is_better is {given!r:.100}, expected True or False"


def _value(module: Any, name: str, *given: Any, **options: Any) -> Any:
    shapes = {"score": (), "from_counts": given[0].shape[:-2], "row_scores": given[-1].shape}
    with plugin_calls.calling("metrics", module, METRIC[name]):
        found = getattr(module, name)(*given, **options)
        value = np.asarray(found)
    shape = shapes[name]
    if value.shape != shape or value.dtype.kind not in "iuf" or np.isinf(value).any():
        many = f"an array of {value.dtype} of shape {value.shape}" if value.shape else repr(found)
        wanted = f"finite numbers of shape {shape}" if shape else "a finite number"
        raise DataperfError(
            f"{plugin_calls.named('metrics', module)}: {name} returned {many[:200]},\n"
            f"  expected {wanted}, or nan where it is not defined"
        )
    return value if shape else float(value)


def undefined(
    tasks: Mapping[str, Task],
    found: Mapping[str, Mapping[str, Outcome]],
    metrics: Mapping[str, Any],
) -> str:
    """Return which metrics are nan on which ranking splits.

    Raises
    ------
    DataperfError
        If a user's own metric is nan for correct predictions too, so that the answer is not the
        cause.
    """
    places = []
    for name, task in tasks.items():
        for split in task.ranking:
            headline = task.headline(split) if len(task.ranking) > 1 else task.metric
            used, outcome = metrics[headline], found[name][split]
            if np.isfinite(statistics.average(used, outcome)):
                continue
            place = f"nan on the split {split}{f' of {name}' if len(tasks) > 1 else ''}"
            module = registry.load("metrics", headline)
            if plugin_calls.is_yours(module):
                right = statistics.score_of(
                    used, outcome.truth, outcome.truth, classes=outcome.classes
                )
                if np.isnan(right):
                    which = plugin_calls.named("metrics", module)
                    raise DataperfError(f"{which} is {place}, for correct predictions too")
            places.append(f"the metric {headline} is {place}")
    return "; ".join(places) or "a metric has no value on a ranking split"
