"""Who made a submission, where its file does not say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dataperf.basics import validation
from dataperf.errors import Problem

#: Keys of a submission that say who made it and how, and the submitter of files without one.
CREDITS, ANONYMOUS = ("submitter", "method"), "anonymous"


@dataclass(frozen=True)
class Who:
    """Who made a submission, for files that do not say so.

    Parameters
    ----------
    submitter, method
        What the caller says; refused where the file says something else.
    folder
        The folder that names the submitter if neither the file nor the caller does.
    """

    submitter: str | None = None
    method: str | None = None
    folder: str | None = None


#: Nobody says who made it.
NOBODY = Who()


def credited(content: dict[str, Any], who: Who) -> tuple[dict[str, Any], list[Problem]]:
    """Return the content with the submitter and the method that it lacks."""
    found, problems = dict(content), []
    for key in CREDITS:
        given, said = getattr(who, key), content.get(key)
        if given is None:
            continue
        if said in (None, "", given) or (key, said) == ("submitter", ANONYMOUS):
            found[key] = given
        else:
            what = f"the file says {validation.shown(said)}, --{key} says {validation.shown(given)}"
            problems.append(Problem(f"other-{key}", key, what, f"change the file, or omit --{key}"))
    if who.folder and found.get("submitter") is None:
        found["submitter"] = who.folder
    return found, problems
