"""dataperf: data-centric benchmarks. The model is frozen, the data is what you submit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dataperf.registry import source_code as _source_code

if TYPE_CHECKING:
    from dataperf.api.apply import apply
    from dataperf.api.challenges import (
        baseline,
        list_challenges,
        load_challenge,
        load_dataset,
        pool,
    )
    from dataperf.api.comparing import compare, plan
    from dataperf.api.evaluation import evaluate
    from dataperf.api.organizer import freeze, new
    from dataperf.api.own_data import evaluate_data
    from dataperf.api.results import leaderboard, read_results, verify
    from dataperf.api.scores import rank_scores
    from dataperf.api.submissions import check
    from dataperf.api.wrong_rows import wrong_rows
    from dataperf.curation.audit import Audit, audit
    from dataperf.errors import DataperfError, Invalid
    from dataperf.records import Result, Submission

__version__ = "0.1.0"

_source_code.install()  # before any plug-in is imported: each runs from its source

__all__ = [
    "Audit",
    "DataperfError",
    "Invalid",
    "Result",
    "Submission",
    "apply",
    "audit",
    "baseline",
    "check",
    "compare",
    "evaluate",
    "evaluate_data",
    "freeze",
    "leaderboard",
    "list_challenges",
    "load_challenge",
    "load_dataset",
    "new",
    "plan",
    "pool",
    "rank_scores",
    "read_results",
    "verify",
    "wrong_rows",
]

_MODULES = {
    "dataperf.api.apply": ("apply",),
    "dataperf.api.challenges": (
        "baseline",
        "list_challenges",
        "load_challenge",
        "load_dataset",
        "pool",
    ),
    "dataperf.api.comparing": ("compare", "plan"),
    "dataperf.api.evaluation": ("evaluate",),
    "dataperf.api.organizer": ("freeze", "new"),
    "dataperf.api.own_data": ("evaluate_data",),
    "dataperf.api.results": ("leaderboard", "read_results", "verify"),
    "dataperf.api.scores": ("rank_scores",),
    "dataperf.api.submissions": ("check",),
    "dataperf.api.wrong_rows": ("wrong_rows",),
    "dataperf.curation.audit": ("Audit", "audit"),
    "dataperf.errors": ("DataperfError", "Invalid"),
    "dataperf.records": ("Result", "Submission"),
}


def __dir__() -> list[str]:
    """Return the public names, used or not."""
    return sorted([*globals(), *__all__])


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import dataperf`` is instant."""
    import importlib

    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module 'dataperf' has no attribute {name!r}")
