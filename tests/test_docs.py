"""The documentation site builds without a warning, and what it says is so."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
import typing
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import dataperf
from dataperf import contracts, records, registry, selection_helpers, statistics
from dataperf.records import findings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("how-to/*.md"), *DOCS.glob("explanation/*.md")])
HOW_TO = [DOCS / "how-to" / f"{name}.md" for name in ("submit", "audit", "organize", "extend")]
#: The command that builds the site; ``.ci/run`` has the same.
BUILD = ("-m", "sphinx", "-W", "--keep-going", "-q", "docs")


class Page(HTMLParser):
    """What a page links to, what it can be linked at, and what it loads by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.loads: list[str] = []
        self.words: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.anchors |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag == "link" and found.get("rel") in ("stylesheet", "preload", "icon", "shortcut icon"):
            self.loads.append(found["href"])
        if tag in ("script", "img", "iframe", "audio", "video", "source", "embed"):
            self.loads += [found["src"]] if found.get("src") else []

    def handle_data(self, data):
        self.words.append(data)


class Site:
    """The built site."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def pages(self) -> dict[str, Page]:
        return {
            path.relative_to(self.folder).as_posix(): Page(path)
            for path in sorted(self.folder.rglob("*.html"))
        }


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [sys.executable, *BUILD, str(folder)], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "WARNING" not in run.stderr
    return Site(folder)


def test_has_every_part(site):
    notebooks = [f"tutorials/{path.stem}.html" for path in (ROOT / "notebooks").glob("*.ipynb")]
    wanted = ["index.html", "versions.html", "generated/commands.html", *notebooks]
    wanted += [path.relative_to(DOCS).with_suffix(".html").as_posix() for path in PAGES]
    wanted += [f"generated/formats/{name}.html" for name in ("challenge", "submission", "result")]
    wanted += [f"generated/challenges/{name}.html" for name in registry.find("challenges")]
    wanted += [f"generated/plugins/{kind}.html" for kind in registry.KINDS if kind != "challenges"]
    assert [page for page in wanted if page not in site.pages] == []
    assert len(notebooks) == 5


def test_reference_has_every_name(site):
    for module in (dataperf, contracts, statistics):
        page = site.pages[f"generated/api/{module.__name__.rpartition('.')[2]}.html"]
        words = " ".join(page.words)
        for name in module.__all__:
            assert f"{module.__name__}.{name}" in page.anchors or name in words, name
    for kind in registry.KINDS:
        page = site.pages.get(f"generated/plugins/{kind}.html")
        for entry in registry.find(kind).values() if page else ():
            assert entry.name in " ".join(page.words), entry


def test_reference_has_every_command_and_option(site):
    page = site.pages["generated/commands.html"]
    words = " ".join(page.words)
    found = list(commands())
    assert len(found) > 10
    for name, command in found:
        assert name.replace(" ", "-") in page.anchors, name
        for parameter in command.params:
            for option in parameter.opts:
                assert parameter.hidden or option in words, (name, option)


def test_reference_has_every_field(site):
    from generator import formats

    for name in formats.FORMATS:
        words = " ".join(site.pages[f"generated/formats/{name}.html"].words)
        found = formats.schema(name)
        for definition in (found, *found.get("$defs", {}).values()):
            for field in definition.get("properties", {}):
                assert field in words, (name, field)


def has(pages: dict[str, Page], target: str, anchor: str) -> bool:
    return target not in pages or unquote(anchor) in pages[target].anchors


def test_no_link_is_broken(site):
    broken = []
    for name, page in site.pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue  # the build has no network
            path = (site.folder / name).parent / unquote(parts.path) if parts.path else None
            target = name if path is None else os.path.relpath(path, site.folder)
            target = Path(target).as_posix()
            if (
                not (site.folder / target).is_file()
                or parts.fragment
                and not has(site.pages, target, parts.fragment)
            ):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_loads_nothing_from_elsewhere(site):
    loads = {f"{name}: {each}" for name, page in site.pages.items() for each in page.loads}
    assert loads
    assert [each for each in loads if re.search(r": (https?:)?//", each)] == []
    for path in site.folder.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(url\(|@import )\s*['\"]?(https?:)?//", text), path


def commands():
    from generator import commands as generator

    for name, command, _ in generator.found():
        yield name, command


def parse(words: list[str]) -> None:
    """Parse a command line as the program does, without running it."""
    import typer.main

    from dataperf.cli.app import app

    command, context = typer.main.get_command(app), None
    name, words = words[0], words[1:]
    while True:
        context = command.make_context(name, words, parent=context)
        if not hasattr(command, "resolve_command"):
            return
        name, command, words = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )


def lines_of(text: str) -> list[str]:
    """Return the command lines of a page's blocks."""
    found = []
    for block in re.findall(r"```(?:console|bash)\n(.*?)```", text, re.DOTALL):
        found += [line.removeprefix("$ ") for line in block.splitlines()]
    return found


EXAMPLES = [
    (path.relative_to(ROOT).as_posix(), line)
    for path in [*PAGES, ROOT / "README.md"]
    for line in lines_of(path.read_text(encoding="utf-8"))
    if line.startswith("dataperf ")
]


@pytest.fixture
def _no_settings(monkeypatch):
    for name in ("DATAPERF_PATH", "DATAPERF_DATA"):  # the parser sets them
        monkeypatch.setenv(name, "")


@pytest.mark.parametrize(("page", "line"), EXAMPLES)
def test_command_lines_of_pages_parse(page, line, _no_settings):
    parse(shlex.split(line))


def test_examples_of_commands_parse(_no_settings):
    from generator import commands as generator

    seen = 0
    for name, command, _ in generator.found():
        examples = generator.split(command.help or "")[1]
        assert examples, f"{name} has no example"
        for line in examples:
            assert line.startswith(name), line
            parse(shlex.split(line.partition(" > ")[0]))
            seen += 1
    assert seen > 12


def test_a_wrong_option_does_not_parse(_no_settings):
    with pytest.raises(Exception, match="--no-such-option"):
        parse(["dataperf", "list", "--no-such-option"])


@pytest.mark.parametrize("path", HOW_TO, ids=lambda path: path.stem)
def test_sessions_of_how_to_pages_run(path, tmp_path):
    text = path.read_text(encoding="utf-8")
    # Other tests measure what these commands run, and measuring makes them slow.
    ours = ("COLUMNS", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")
    env = {name: value for name, value in os.environ.items() if name not in ours}
    blocks = re.findall(r"```(console|python)\n(.*?)```", text, re.DOTALL)
    assert blocks
    for language, block in blocks:
        programs = [[sys.executable, "-c", block]]
        if language == "console":
            lines = [shlex.split(line.removeprefix("$ ")) for line in block.splitlines()]
            assert all(words[0] == "dataperf" for words in lines), block
            programs = [[sys.executable, "-m", "dataperf", *words[1:]] for words in lines]
        for program in programs:
            run = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, env=env)
            assert run.returncode == 0, f"{program[2:]}\n{run.stdout}{run.stderr}"


def test_json_of_pages_is_a_submission():
    text = (DOCS / "how-to" / "submit.md").read_text(encoding="utf-8")
    block = re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0]
    records.Submission.model_validate(json.loads(block))


#: Checks of numpydoc's validation: the summary, parameters (all, in order, described), what is
#: returned or yielded, and an example. Types stand in the signatures; shapes where they matter.
CHECKS = ("GL08", "SS01", "SS03", "PR01", "PR02", "PR03", "PR07", "PR10", "RT01", "YD01", "EX01")
#: What the author of a plug-in gets and returns.
RECORDS = ("Board", "Card", "Folder", "Archive", "Generated", "Package", "Plan", "Pool")
RECORDS += ("Table", "TaskData", "TestSplit", "TrainingSet", "Truth", "Url")


def documented() -> list[str]:
    """Return every name of the public face, and of what plug-in authors write or call."""
    found = [f"dataperf.{name}" for name in dataperf.__all__]
    for name in contracts.__all__:
        if inspect.isclass(getattr(contracts, name)):  # not a union of two
            found += [f"dataperf.contracts.{name}", *methods(f"dataperf.contracts.{name}")]
    found += methods("dataperf.records.findings.Detector")
    found += [f"dataperf.records.{name}" for name in RECORDS]
    for module in (statistics, selection_helpers):
        names = getattr(module, "__all__", None) or vars(module)
        for name in names:
            value = getattr(module, name)
            own = getattr(value, "__module__", "").startswith(module.__name__)
            if own and callable(value) and not name.startswith("_"):
                found.append(f"{module.__name__}.{name}")
    return found


def load(name: str):
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError:
        return getattr(load(module), attribute)


def methods(name: str) -> list[str]:
    return [
        f"{name}.{each}"
        for each, value in vars(load(name)).items()
        if inspect.isfunction(value) and not each.startswith("_")
    ]


@pytest.mark.parametrize("name", documented())
def test_docstring_is_complete(name):
    from numpydoc.validate import validate

    wanted = [code for code in CHECKS if not is_protocol(name) or code in ("GL08", "SS01", "SS03")]
    errors = [f"{code}: {words}" for code, words in validate(name)["errors"] if code in wanted]
    if raises(load(name)) and "Raises\n" not in (inspect.getdoc(load(name)) or ""):
        errors.append("raises errors, and has no section Raises")
    if ">>> " not in (inspect.getdoc(load(name)) or "") and not name.endswith("Extras"):
        errors.append("has no example that runs")
    assert not errors, "\n".join([name, *errors])


def is_protocol(name: str) -> bool:
    """Return whether a name is a protocol: a module satisfies it, nobody makes one."""
    return inspect.isclass(load(name)) and name.startswith("dataperf.contracts.")


def raises(value: object) -> bool:
    """Return whether a function, or how a class is made, raises errors itself."""
    function = value.__dict__.get("__post_init__") if inspect.isclass(value) else value
    if not inspect.isfunction(function):
        return False
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(isinstance(node, ast.Raise) and node.exc for node in ast.walk(tree))


def test_a_protocol_says_what_the_registry_wants():
    by_kind = {"fixed_models": "FixedModel", "metrics": "Metric", "tracks": "Track"}
    by_kind |= {"strategies": "Strategy", "datasets": "Dataset", "safety": "Safety"}
    by_kind |= {"stores": "Store", "engines": "Engine"}
    for kind, wanted in registry.WANTED.items():
        protocol = findings.Detector if kind == "detectors" else getattr(contracts, by_kind[kind])
        offered = {
            name
            for one in typing.get_args(protocol) or (protocol,)
            for name in (*one.__annotations__, *vars(one))
        }
        assert {name for each in wanted for name in each.split("|")} <= offered, kind
