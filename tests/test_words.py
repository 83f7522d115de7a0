"""Retired names and words stay out of the code, the pages and the output: one thing has one name."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
import typer

from dataperf.cli.app import app

ROOT = Path(__file__).parents[1]

#: Words that no page, docstring, comment or message has, with the words to use instead.
WORDS = {
    r"\btold\b": "said, named, options",
    r"(?<!\.)\btell(s|ing)?\b": "say, show, distinguish",
    r"\bpictures?\b": "image",
    r"\bchances\b": "probabilities",
    r"\blet(s|ting)?[ _]in\b": "selected",
    r"\bbeside\b": "next to, with",
    r"(?<!here )\b(is|are|was|were) no (?!longer|more|less|better|worse|other)": "is not a ...",
    r"\banchors\b": "reference points",
    r"\bquotas\b": "per_class_counts",
    r"\bfiled\b": "listed",
    r"\bdoubt(s|ed)?\b": "suspicion, suspicious",
    r"(?<!training-subset )\bmanifests?\b": "submission",
    r"\bheld (to|against)\b": "checked, compared",
    r"\bas good as\b": "like",
    r"\bright labels?\b": "true labels",
    r"\bworth\b": "value",
    r"\b(Trial|Anchors)\b": "TrainingRun, ReferencePoints",
    r"\bcap\b": "budget",
    r"(?<!\.)\bera\b": "numeric_version",
    r"--(truth|beside|path)\b": "--true-label, --safety, --plugins",
    r"\bverify --plugins\b": "check-plugins",
    r"(?m)^ {8,}(Of|Its) [a-z`]": "The seed of ..., the module's name",
}

#: The same words where they are right: keys of old files in the messages that name the new ones,
#: and the function that every fixed model has.
RIGHT = re.compile(r'OLD_(?:KEYS|OPTIONS) = \{.*?\}|def era\(|"era"|\bera must return', re.DOTALL)

#: Names of functions, variables, arguments, attributes and modules that have a better one.
NAMES = {
    "anchors": "reference_points",
    "asked": "challenge",
    "beside": "safety",
    "cap": "budget",
    "chances": "probabilities",
    "doubts": "suspect_rows",
    "filed": "by_class",
    "let_in": "selected_defects",
    "manifest": "submission",
    "pictures": "images",
    "quotas": "per_class_counts",
    "sent": "submission",
    "take_over": "move_into_place",
    "tell": "on_message",
    "told": "options",
    "tried": "strategy_trial",
    "worth": "values_table",
}


def pages() -> dict[str, str]:
    """Return what people read, by path: code, pages, challenge files and notebooks' sources."""
    found = [ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")]
    for folder, kinds in {
        "dataperf": ("py", "html", "css", "js", "toml"),
        "docs": ("md", "py"),
        "challenges": ("md", "toml"),
        "notebooks": ("md", "ipynb"),
    }.items():
        for kind in kinds:
            found += sorted((ROOT / folder).rglob(f"*.{kind}"))
    texts = {}
    for path in found:
        if {"generated", "tutorials"} & {*path.parts}:  # made by the build of the site
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells)
        texts[path.relative_to(ROOT).as_posix()] = text
    return texts


def places(pattern: str, texts: dict[str, str]) -> list[str]:
    """Return where a pattern occurs, but for the places where it is right."""
    found = []
    for name, text in texts.items():
        blank = RIGHT.sub(lambda match: re.sub(r"\S", " ", match[0]), text)
        for match in re.finditer(pattern, blank):
            line = blank.count("\n", 0, match.start()) + 1
            found.append(f"{name}:{line}: {text.splitlines()[line - 1].strip()}")
    return found


def identifiers(tree: ast.AST) -> list[tuple[str, int]]:
    """Return every name that code defines or assigns, with its line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append((node.name, node.lineno))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append((node.id, node.lineno))
        elif isinstance(node, ast.arg):
            found.append((node.arg, node.lineno))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.append((node.attr, node.lineno))
    return found


@pytest.mark.parametrize("pattern", WORDS)
def test_retired_words_are_gone(pattern):
    assert places(pattern, pages()) == [], f"write {WORDS[pattern]}"


def test_retired_names_are_gone():
    found = []
    for path in sorted((ROOT / "dataperf").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        names = [(path.stem, 1), *identifiers(ast.parse(path.read_text(encoding="utf-8")))]
        found += [f"{where}:{line}: {name}" for name, line in names if name.strip("_") in NAMES]
    assert found == []


def test_help_of_options_names_the_thing():
    commands, found = [typer.main.get_command(app)], []
    while commands:
        command = commands.pop()
        commands += getattr(command, "commands", {}).values()
        texts = [getattr(each, "help", None) or "" for each in command.params]
        found += [text for text in texts if text.startswith(("Of ", "Its "))]
    assert found == []


def test_retired_words_are_found_but_for_the_messages_that_explain_the_change():
    texts = {"a.py": 'OLD_KEYS = {"cap": "budget"}\nbudget = cap  # as told\nsizes.tell()\n'}
    assert places(r"\bcap\b", texts) == ["a.py:2: budget = cap  # as told"]
    assert places(r"\btold\b", texts) == ["a.py:2: budget = cap  # as told"]
    assert places(r"(?<!\.)\btell(s|ing)?\b", texts) == []
    code = ast.parse("def sent(told):\n    asked = told.chances\n    told.worth = 1")
    assert {name for name, _ in identifiers(code)} & set(NAMES) == {
        "sent",
        "told",
        "asked",
        "worth",
    }
