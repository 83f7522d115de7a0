"""What a project must have that others depend on: licences, a citation, checks of its own."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import yaml

import dataperf
from dataperf import registry

ROOT = Path(__file__).parents[1]


def test_licence_is_the_official_text():
    text = (ROOT / "LICENSE").read_bytes()
    digest = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert hashlib.sha256(text).hexdigest() == digest


def test_citation_is_of_this_version():
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert found["version"] == dataperf.__version__
    assert found["license"] == "Apache-2.0"
    assert {"cff-version", "message", "title", "authors"} <= set(found)


def test_every_dataset_has_its_licence_beside_it():
    text = (registry.PACKAGE / "datasets" / "DATA_LICENSES.md").read_text(encoding="utf-8")
    for entry in registry.find("datasets").values():
        if entry.name == "own_rows":  # anybody's data
            continue
        card = registry.load("datasets", entry.name).card
        assert entry.name in text, entry.name
        for licence in re.findall(r"CC BY(?:-SA)? \d\.\d|Apache-2\.0", card.licence):
            assert licence in text, (entry.name, licence)
    for path in (registry.PACKAGE / "datasets").iterdir():
        if path.suffix not in (".py", ".md") and path.is_file():
            assert f"`{path.name}`" in text, path


def test_the_dependency_audit_knows_binding_licences():
    path = ROOT / ".ci" / "audit_dependencies.py"
    run = [sys.executable, "-m", "doctest", "-v", str(path)]
    found = subprocess.run(run, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout
    assert "2 passed" in found.stdout or "2 tests in" in found.stdout


def test_the_newest_python_is_at_least_this_one():
    run = [str(ROOT / ".ci" / "newest_python")]
    newest = subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()
    code = "import sys; print(*sys.version_info[:2])"
    version = subprocess.run([newest, "-c", code], capture_output=True, text=True, check=True)
    assert tuple(map(int, version.stdout.split())) >= sys.version_info[:2]
