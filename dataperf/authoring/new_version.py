"""Raise the version in a challenge file and leave every other byte as it is."""

from __future__ import annotations

import re
import tomllib

from dataperf.definitions import loading
from dataperf.errors import DataperfError
from dataperf.records import Challenge


def text(challenge: Challenge, wanted: int) -> bytes:
    """Return the file of a challenge with another version.

    Raises
    ------
    DataperfError
        If the line with the version is not found.
    """
    path = loading.folder_of(challenge) / "challenge.toml"
    before = path.read_bytes().decode()
    after, count = re.subn(
        r"^(\s*version\s*=\s*)\d+", rf"\g<1>{wanted}", before, count=1, flags=re.MULTILINE
    )
    changed = tomllib.loads(before) | {"version": wanted}
    if not count or tomllib.loads(after) != changed:
        raise DataperfError(
            f"{path}: no line 'version = {challenge.version}' can be raised.\n"
            f"  Write it before the first table, as 'version = {challenge.version}'"
        )
    return after.encode()
