"""One page of all commands, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator import rst

HEAD = """\
Every command with its arguments, options and examples, as ``dataperf COMMAND --help`` prints
them. Exit codes: 0 means success, 1 a failed evaluation or a defect of dataperf, 2 an error that
you can fix; its message says how.
"""


def found() -> Iterator[tuple[str, Any, Any]]:
    """Yield the name, the parser and the context of every command that is not hidden."""
    import typer.main

    from dataperf.cli.app import app

    yield from _below("dataperf", typer.main.get_command(app), None)


def _below(name: str, command: Any, parent: Any) -> Iterator[tuple[str, Any, Any]]:
    context = command.context_class(command, info_name=name.split()[-1], parent=parent)
    if not hasattr(command, "commands"):
        yield name, command, context
        return
    for short, each in command.commands.items():
        if not each.hidden:
            yield from _below(f"{name} {short}", each, context)


def pages() -> dict[str, str]:
    """Return the page of the commands."""
    parts = [rst.title("Commands"), HEAD]
    parts += [_section(*each) for each in found()]
    return {"generated/commands.rst": "\n".join(parts)}


def _section(name: str, command: Any, context: Any) -> str:
    words, examples = split(command.help or "")
    parts = [f".. _{name.replace(' ', '-')}:\n", rst.title(name, "-"), words + "\n"]
    parts.append(rst.code(" ".join([name, *command.collect_usage_pieces(context)]), "text"))
    if examples:
        heads = "Example" if len(examples) == 1 else "Examples"
        parts.append(f".. rubric:: {heads}\n")
        parts.append(rst.code("\n".join(f"$ {each}" for each in examples)))
    rows = list(_rows(command, context))
    if rows:
        parts.append(rst.table(("Argument or option", "Meaning"), rows, "34 66"))
    return "\n".join(parts)


def split(text: str) -> tuple[str, list[str]]:
    """Return the words of a help text, and its examples."""
    lines = text.replace("\b", "").splitlines()
    examples = [line.removeprefix("Example: ") for line in lines if line.startswith("Example: ")]
    words = [line for line in lines if not line.startswith("Example: ")]
    return "\n".join(words).strip(), examples


def _rows(command: Any, context: Any) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        record = None if parameter.hidden else parameter.get_help_record(context)
        if record and record[0] != "--help":
            # A cell holds literal names, and words in which nothing is markup.
            yield f"``{record[0]}``", record[1].replace("*", r"\*").replace("`", r"\`") or "\\"
