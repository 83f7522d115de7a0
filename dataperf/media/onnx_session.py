"""Run ONNX networks on one thread."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import Any

from dataperf.errors import Unavailable


def lacking(names: Iterable[str]) -> str:
    """Return the packages (import names) that are not installed, separated by commas."""
    return ", ".join(name for name in names if not _installed(name))


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def require_packages(names: Iterable[str], extra: str, purpose: str) -> None:
    """Raise an error if packages are missing.

    Parameters
    ----------
    names
        Import names.
    extra
        Name of the extra that installs them.
    purpose
        What needs the packages; the message begins with it.

    Raises
    ------
    Unavailable
        If a package is not installed; the message says how to install it.
    """
    if missing := lacking(names):
        raise Unavailable(
            f"{purpose} needs packages that are not installed: {missing}"
            f"\n  Install them: pip install 'dataperf[{extra}]'"
        )


def session(model: str | bytes) -> Any:
    """Return an onnxruntime session of a network, given as a path or as bytes.

    It runs on one thread, so that results do not depend on the number of cores.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
