"""Modules that come with an extra."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from dataperf.errors import Unavailable

if TYPE_CHECKING:
    pass


def require_extra(module: str, extra: str, purpose: str) -> Any:
    """Return a module that comes with one of our extras.

    Raises
    ------
    Unavailable
        If it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise Unavailable(
            f'{purpose} needs the package "{package}", which is not installed.\n'
            f"  Install it: pip install 'dataperf[{extra}]'"
        ) from error
