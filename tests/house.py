"""How the package is built: its rooms, what each imports, circles and upward imports.

``python -m tests.house`` prints the table; tests/test_house.py holds the code to it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "dataperf"

#: Rooms from the lowest to the highest: a room imports itself and the rooms above its line.
ROOMS = (
    "errors",
    "records",
    "basics",
    "contracts",
    "registry",
    "plugin_calls",
    "statistics",
    "sources",
    "media",
    "selection_helpers",
    "metrics",
    "datasets",
    "tracks",
    "strategies",
    "safety",
    "stores",
    "engines",
    "definitions",
    "evaluation",
    "reading",
    "evidence",
    "valuation",
    "detectors",
    "own_data",
    "boards",
    "curation",
    "report",
    "authoring",
    "api",
    "cli",
    "__main__",
)
#: Lines of a module, and of a function.
LONGEST_MODULE, LONGEST_FUNCTION = 400, 50


def room_of(path: Path) -> str:
    """Return the folder or flat module at the top of the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def files() -> list[Path]:
    """Return every Python file of the package but its ``__init__``, which exports lazily."""
    return sorted(each for each in PACKAGE.rglob("*.py") if each != PACKAGE / "__init__.py")


def rooms() -> set[str]:
    """Return every room that there is."""
    return {room_of(path) for path in files()}


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the module of ours (without ``dataperf.``) and the line of every import."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("dataperf."):
                yield name.removeprefix("dataperf."), node.lineno


def between_rooms() -> dict[str, dict[str, list[str]]]:
    """Return, for every room, the other rooms that it imports, with file and line."""
    known = rooms()
    found: dict[str, dict[str, list[str]]] = {room: defaultdict(list) for room in known}
    for path in files():
        for name, line in imports(path):
            other, room = name.split(".")[0], room_of(path)
            if other in known and other != room:
                found[room][other].append(f"{path.relative_to(PACKAGE)}:{line}")
    return found


def upward(edges: Mapping[str, Mapping[str, list[str]]]) -> list[str]:
    """Return a line for every import of a room from a higher one."""
    level = {room: number for number, room in enumerate(ROOMS)}
    return [
        f"{place} imports {other}, which lies above {room}"
        for room, others in edges.items()
        for other, places in others.items()
        if level[other] > level[room]
        for place in places
    ]


def circles(edges: Mapping[str, Mapping[str, object]]) -> list[set[str]]:
    """Return the sets of rooms, or of modules, that import each other in a circle."""
    reach = {start: _reached(start, edges) for start in edges}
    found: list[set[str]] = []
    for start in edges:
        circle = {start, *(each for each in reach[start] if start in reach.get(each, ()))}
        if start in reach[start] and circle not in found:
            found.append(circle)
    return found


def _reached(start: str, edges: Mapping[str, Mapping[str, object]]) -> set[str]:
    seen: set[str] = set()
    left = list(edges[start])
    while left:
        each = left.pop()
        if each not in seen:
            seen.add(each)
            left += list(edges.get(each, ()))
    return seen


def between_modules() -> dict[str, dict[str, None]]:
    """Return, for every module, the modules that it imports when it is loaded."""
    names = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in files()
    }
    found: dict[str, dict[str, None]] = {name: {} for name in names}
    for name, path in names.items():
        top = ast.parse(path.read_text(encoding="utf-8")).body
        lines = {line for node in top for line in range(node.lineno, (node.end_lineno or 0) + 1)}
        inner = {
            line
            for node in top
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.If)
            for line in range(node.lineno, (node.end_lineno or 0) + 1)
        }
        for target, line in imports(path):
            module = target if target in names else target.rpartition(".")[0]
            if line in lines - inner and module in names and module != name:
                found[name][module] = None
    return found


def long_modules() -> list[str]:
    """Return the modules that are too long."""
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files()}
    return [
        f"{path.relative_to(PACKAGE)}: {size} lines"
        for path, size in sizes.items()
        if size > LONGEST_MODULE
    ]


def long_functions() -> list[str]:
    """Return the functions that are too long, their docstrings not counted."""
    found = []
    for path in files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            first = node.body[1] if ast.get_docstring(node) and node.body[1:] else node.body[0]
            size = (node.end_lineno or 0) - first.lineno + 1
            if size > LONGEST_FUNCTION:
                place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                found.append(f"{place}: {node.name} has {size} lines")
    return found


def floors(edges: Mapping[str, Mapping[str, object]]) -> int:
    """Return the length of the longest chain of imports between rooms."""
    done: dict[str, int] = {}
    for room in ROOMS:
        done[room] = 1 + max((done.get(each, 0) for each in edges.get(room, ())), default=0)
    return max(done.values())


def table() -> str:
    """Return the measured table, one figure a line."""
    edges = between_rooms()
    lines: dict[str, int] = defaultdict(int)
    count: dict[str, int] = defaultdict(int)
    for path in files():
        lines[room_of(path)] += len(path.read_text(encoding="utf-8").splitlines())
        count[room_of(path)] += 1
    largest = max(lines, key=lambda room: lines[room])
    figures = {
        "rooms": len(edges),
        "floors": floors(edges),
        "imports between rooms": sum(len(others) for others in edges.values()),
        "largest room": f"{largest}, {lines[largest] / sum(lines.values()):.0%} of the lines",
        "files in curation": count["curation"],
        "circles of rooms": len(circles(edges)),
        "circles of modules": len(circles(between_modules())),
        "upward imports": len(upward(edges)),
        f"modules over {LONGEST_MODULE} lines": len(long_modules()),
        f"functions over {LONGEST_FUNCTION} lines": len(long_functions()),
    }
    return "\n".join(f"{name:<30} {value}" for name, value in figures.items())


if __name__ == "__main__":
    print(table())
    for problem in (*upward(between_rooms()), *long_modules(), *long_functions()):
        print(problem)
