"""Packages that only an extra installs."""

from __future__ import annotations

import importlib
from typing import Any

from dataperf.errors import Unavailable


def require_extra(module: str, extra: str, purpose: str) -> Any:
    """Import and return a module that one of our extras installs.

    Parameters
    ----------
    module
        Import name.
    extra
        Name of the extra, for the message.
    purpose
        What needs the module; the message begins with it.

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
