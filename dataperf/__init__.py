"""dataperf: data-centric benchmarks. The model is frozen, the data is what you submit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dataperf.registry import source_code as _source_code

if TYPE_CHECKING:
    from dataperf.boards.baselines import answer
    from dataperf.curation.audit import audit
    from dataperf.definitions.loading import load as load_challenge
    from dataperf.definitions.submission import board_data, check
    from dataperf.definitions.submission import load as load_submission
    from dataperf.evaluation.evaluate import evaluate, evaluate_all
    from dataperf.sources.tables import load as load_dataset

__version__ = "0.1.0"

_source_code.install()  # before any plug-in is imported: each runs from its source

__all__ = [
    "answer",
    "audit",
    "board_data",
    "check",
    "evaluate",
    "evaluate_all",
    "load_challenge",
    "load_dataset",
    "load_submission",
]

_PLACES = {
    "answer": ("dataperf.boards.baselines", "answer"),
    "audit": ("dataperf.curation.audit", "audit"),
    "board_data": ("dataperf.definitions.submission", "board_data"),
    "check": ("dataperf.definitions.submission", "check"),
    "evaluate": ("dataperf.evaluation.evaluate", "evaluate"),
    "evaluate_all": ("dataperf.evaluation.evaluate", "evaluate_all"),
    "load_challenge": ("dataperf.definitions.loading", "load"),
    "load_dataset": ("dataperf.sources.tables", "load"),
    "load_submission": ("dataperf.definitions.submission", "load"),
}


def __dir__() -> list[str]:
    """Return the public names, used or not."""
    return sorted([*globals(), *__all__])


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import dataperf`` is instant."""
    import importlib

    if name not in _PLACES:
        raise AttributeError(f"module 'dataperf' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(module), attribute)
