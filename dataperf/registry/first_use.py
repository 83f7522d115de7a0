"""Say once that the code in a folder of plug-ins runs with the user's rights.

It is said before any of the code runs, for each state of the code, and remembered in the cache folder
by the digest of the code. A folder that `dataperf new` made is the user's own: nothing is said of it.
Nothing is ever refused here.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path

from dataperf.basics import files
from dataperf.basics.wording import plural
from dataperf.registry.entries import KINDS

#: Places in the cache: a file for each digest of code, and for each path of a user's own folder.
SAID, OWN = "known-code", "own-folders"
#: Files that run when Python imports them.
CODE = (".py", ".so", ".pyd")
#: Names of files in a message.
MOST_SHOWN = 4

_done: set[Path] = set()


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=2)


#: Called with the message; the command line prints it on standard error.
on_message: list[Callable[[str], None]] = [_warn]


def say(folder: Path) -> None:
    """Say of a folder of plug-ins that its code runs, if that was not said before.

    Parameters
    ----------
    folder
        The folder that holds ``metrics/``, ``tracks/`` and so on.
    """
    root = folder.resolve()
    if root in _done:
        return
    _done.add(root)
    code = _code(root)
    if not code:
        return
    digest = _digest(root, code)
    if _known(SAID, digest) or _known(OWN, _name(root)):
        return
    names = [path.relative_to(root).as_posix() for path in code]
    more = f" and {len(names) - MOST_SHOWN:,} more" if len(names) > MOST_SHOWN else ""
    kept = _remember(SAID, digest)
    once = "said once for this state of the code" if kept else "not remembered: no cache folder"
    on_message[0](
        f"note: {root} holds code that runs with all your rights, in {plural(len(code), 'file')} "
        f"({', '.join(names[:MOST_SHOWN])}{more}; digest {digest[:8]}).\n"
        f"  Read it first if it is not yours ({once})."
    )


def holds_code(folder: Path) -> bool:
    """Return whether a folder of plug-ins holds code that is not known to be the user's own."""
    root = folder.resolve()
    return bool(_code(root)) and not _known(OWN, _name(root))


def own(folder: Path) -> None:
    """Remember that a folder of plug-ins is the user's own."""
    _remember(OWN, _name(folder.resolve()))


def _code(root: Path) -> list[Path]:
    """Return the files of code among the plug-ins of a folder, sorted."""
    found = []
    for kind in KINDS:
        for place, folders, names in os.walk(root / kind):
            folders[:] = [f for f in folders if not f.startswith(".") and f != "__pycache__"]
            found += [Path(place, name) for name in names if name.endswith(CODE)]
    return sorted(found)


def _digest(root: Path, code: list[Path]) -> str:
    found = {}
    for path in code:
        with contextlib.suppress(OSError):  # what cannot be read cannot run
            found[path.relative_to(root).as_posix()] = files.digest_file(path)
    return files.digest_json(found)


def _name(root: Path) -> str:
    return files.digest_json(str(root))


def _known(kind: str, name: str) -> bool:
    cache = files.optional_cache_folder()
    with contextlib.suppress(OSError):
        return cache is not None and (cache / kind / name[:32]).is_file()
    return False


def _remember(kind: str, name: str) -> bool:
    """Return whether it could be remembered."""
    cache = files.optional_cache_folder()
    if cache is None:
        return False
    try:
        files.write_whole(cache / kind / name[:32], b"")
    except OSError:
        return False
    return True
