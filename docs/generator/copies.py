"""Pages that live elsewhere in the repository: notebooks, challenges' pages, root files."""

from __future__ import annotations

from pathlib import Path

from generator import rst

ROOT = Path(__file__).resolve().parents[2]
#: Root files that are pages of the site too.
PAGES = {
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "SECURITY.md": "security",
    "dataperf/datasets/DATA_LICENSES.md": "data-licences",
}


def pages() -> dict[str, str | bytes]:
    """Return notebooks, challenges' pages and root files as pages of the site."""
    made: dict[str, str | bytes] = {}
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for path in notebooks:
        made[f"tutorials/{path.name}"] = path.read_bytes()
    made["tutorials/index.rst"] = _tutorials(notebooks)
    readmes = sorted((ROOT / "challenges").glob("*/README.md"))
    for path in readmes:
        made[f"generated/challenges/{path.parent.name}.md"] = path.read_bytes()
    made["generated/challenges/index.rst"] = _challenges([path.parent.name for path in readmes])
    for name, page in PAGES.items():
        made[f"generated/{page}.md"] = (ROOT / name).read_bytes()
    return made


def _tutorials(notebooks: list[Path]) -> str:
    head = rst.title("Tutorials") + (
        "\nOne notebook for each kind of user. None needs a network or an account, and each takes "
        "less than a\nminute on one core. The outputs shown here are stored in the notebooks; the "
        "tests run the notebooks\nand compare.\n\n"
    )
    return head + rst.toctree(path.stem for path in notebooks)


def _challenges(names: list[str]) -> str:
    from dataperf.definitions import loading

    rows = []
    for name in names:
        challenge = loading.load(name)
        boards = ", ".join(f"``{board}``" for board in challenge.boards)
        rows.append((f":doc:`{name}`", challenge.title, f"``{challenge.track}``", boards))
    head = rst.title("Challenges") + (
        "\nThe challenges that come with dataperf: task, data card, rules, and how to read a "
        "score.\n\n"
    )
    listed = rst.table(("Challenge", "Task", "Track", "Boards"), rows, "18 34 12 36")
    return f"{head}{listed}\n{rst.toctree(names, hidden=True)}"
