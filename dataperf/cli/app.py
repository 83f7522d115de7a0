"""The ``dataperf`` command: every command and its name, and what an error prints."""

from __future__ import annotations

import errno
import inspect
import io
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from dataperf.basics import threads
from dataperf.cli import signals, terminal
from dataperf.cli.apply import apply
from dataperf.cli.boards import leaderboard, list_, show
from dataperf.cli.comparing import compare, plan
from dataperf.cli.curator import audit
from dataperf.cli.data import data_get
from dataperf.cli.organizer import check_plugins, freeze, new, schema, verify
from dataperf.cli.participant import baseline, check, evaluate
from dataperf.cli.pool import pool

#: What the system refuses because of the user's folders or disk, not because of a defect.
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG)

app = typer.Typer(
    help="The model is frozen; the data is what you submit.",
    epilog="First: dataperf evaluate --challenge speech-selection",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _help(command: Callable[..., None]) -> str:
    """Return a command's help, its examples a line each (``\\b`` keeps lines as they are)."""
    return (inspect.getdoc(command) or "").replace("\n\nExample: ", "\n\n\b\nExample: ", 1)


app.command("list", help=_help(list_))(list_)
for _command in (show, pool, baseline, check, evaluate, leaderboard, compare, plan, verify):
    app.command(help=_help(_command))(_command)
for _command in (audit, apply, new):
    app.command(help=_help(_command))(_command)
app.command("check-plugins", help=_help(check_plugins))(check_plugins)
for _command in (freeze, schema):
    app.command(help=_help(_command))(_command)
app.command("answer", hidden=True, help=_help(baseline))(baseline)

data_app = typer.Typer(help="Download official data.", no_args_is_help=True, rich_markup_mode=None)
data_app.command("get", help=_help(data_get))(data_get)
app.add_typer(data_app, name="data")


def _version(wanted: bool) -> None:
    if wanted:
        from dataperf import __version__

        terminal.line(f"dataperf {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


#: Options of schema_version 1, and what they are called now.
OLD_OPTIONS = {
    "--truth": "--true-label",
    "--path": "--plugins",
    "--beside": "--safety",
    "--manifest": "--submission",
}


def _refuse_old_options(words: list[str]) -> None:
    """Name the new option for each old one among the words of a command."""
    from dataperf.errors import DataperfError

    given = [word.partition("=")[0] for word in words]
    renamed = [f"the option {old} is now {new}" for old, new in OLD_OPTIONS.items() if old in given]
    if renamed:
        raise DataperfError("\n  ".join(renamed))


def main() -> None:
    """Run the command line; exit with 0 for success, 1 for a failure, 2 for an error of the user.

    With ``--json`` an error is an object on standard output too, whatever the command.

    SIGTERM ends it with 143, a closed terminal with 129 and Ctrl-C with 130. An evaluation that was
    running keeps nothing.
    """
    from dataperf.cli import failures
    from dataperf.errors import DataperfError

    signals.listen()
    threads.limit_new_libraries()  # before numpy is imported
    as_json = failures.wants_json(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _refuse_old_options(sys.argv[1:])
        sys.exit(app(standalone_mode=not as_json))  # else wrong words are raised, not printed
    except signals.Ended as ended:
        signals.end_workers()
        sys.exit(signals.code_of(ended.number))
    except SystemExit as error:
        if error.code == signals.code_of(signal.SIGINT):  # Ctrl-C, as typer has it
            signals.end_workers()
        raise
    except (DataperfError, failures.UsageError) as error:
        failures.show(error, as_json=as_json)
        sys.exit(getattr(error, "exit_code", 2))
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        reason = (error.strerror or "").lower()
        if error.filename:
            failures.show(DataperfError(f"{error.filename}: {reason}"), as_json=as_json)
            sys.exit(2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that nothing is left to print
        terminal.say(f"error: cannot write to standard output: {reason}")
        sys.exit(2)
