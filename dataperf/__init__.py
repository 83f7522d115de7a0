"""dataperf: data-centric benchmarks. The model is frozen, the data is what you submit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataperf.baselines import answer
    from dataperf.challenge import load as load_challenge
    from dataperf.curation.audit import audit
    from dataperf.data import load as load_dataset
    from dataperf.evaluation import evaluate, evaluate_all
    from dataperf.submission import board_data, check
    from dataperf.submission import load as load_submission

__version__ = "0.1.0"

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
    "answer": ("dataperf.baselines", "answer"),
    "audit": ("dataperf.curation.audit", "audit"),
    "board_data": ("dataperf.submission", "board_data"),
    "check": ("dataperf.submission", "check"),
    "evaluate": ("dataperf.evaluation", "evaluate"),
    "evaluate_all": ("dataperf.evaluation", "evaluate_all"),
    "load_challenge": ("dataperf.challenge", "load"),
    "load_dataset": ("dataperf.data", "load"),
    "load_submission": ("dataperf.submission", "load"),
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
