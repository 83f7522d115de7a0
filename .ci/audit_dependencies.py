"""Audit what the core requires: consistent, no licence that binds its users, no known vulnerability.

Known vulnerabilities come from the advisories of PyPI, which need a network. What could not be asked is
said at the end; it is not a pass.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement

#: Licences that would bind whoever distributes dataperf; the LGPL does not bind an import.
BINDING = re.compile(r"\bA?GPL|GNU (Affero )?General Public")


def required(name: str, seen: set[str]) -> Iterator[str]:
    """Yield the name and everything that it requires here, extras left out."""
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name in seen:
        return
    seen.add(name)
    yield name
    for line in distribution(name).requires or ():
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            yield from required(wanted.name, seen)


def licence(name: str) -> str:
    """Return what a distribution says its licence is, in a line."""
    found = distribution(name).metadata
    parts = [found.get("License-Expression"), (found.get("License") or "").partition("\n")[0]]
    parts += [each for each in found.get_all("Classifier", []) if each.startswith("License")]
    return "; ".join(part for part in parts if part)


def binds(said: str) -> bool:
    """Return whether a licence binds: no other may be chosen, and no exception frees us.

    >>> [binds(said) for said in ("AGPL-3.0", "MIT OR GPL-2.0", "MIT AND GPL-3.0", "LGPL-2.1")]
    [True, False, True, False]
    >>> binds("BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1")
    False
    """
    parts = [part for part in said.split(" AND ") if " OR " not in part and " WITH " not in part]
    return any(BINDING.search(part) for part in parts)


def binding() -> list[str]:
    """Return the requirements of the core whose licence binds, and those that state none."""
    problems, silent = [], []
    try:
        names = [*required("dataperf", set())]
    except PackageNotFoundError as error:
        return [f"not installed: {error}"]
    for name in names:
        said = licence(name)
        if not said:
            silent.append(name)
        if binds(said):
            problems.append(f"{name}: {said}")
    print(f"licences: {len(names)} distributions, {len(problems)} that bind")
    if silent:
        print(f"  not checked, no licence in their metadata: {', '.join(silent)}")
    return problems


def vulnerabilities() -> list[str]:
    """Return known vulnerabilities of everything installed, as far as they can be asked for."""
    words = ["pip_audit", "--format", "json", "--progress-spinner", "off", "--skip-editable"]
    run = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True)
    try:
        found = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (run.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"vulnerabilities: NOT CHECKED, the advisories cannot be reached: {reason[:200]}")
        return []
    asked = [each for each in found if "skip_reason" not in each]
    print(f"vulnerabilities: {len(asked)} of {len(found)} distributions checked")
    if len(asked) < len(found):
        print("  NOT CHECKED, without an entry in the advisories' index: the others")
    return [
        f"{each['name']} {each['version']}: {known['id']}, fixed in {known['fix_versions']}"
        for each in asked
        for known in each["vulns"]
    ]


def main() -> int:
    """Print what was found; return how many checks failed."""
    consistent = subprocess.run([sys.executable, "-m", "pip", "check"]).returncode
    problems = [*binding(), *vulnerabilities()]
    for problem in problems:
        print(f"  {problem}")
    return int(bool(consistent or problems))


if __name__ == "__main__":
    sys.exit(main())
