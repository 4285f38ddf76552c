"""The command `energy`.

In: words on the command line. Out: a table or JSON on stdout; all else goes to stderr.
Exit 0: done. 1: no design meets the target. 2: something given is wrong. 3: a fault of this
program, or an output that cannot be written.
"""

from __future__ import annotations

import difflib
import io
import os
import signal
import sys
import traceback
import warnings
from contextlib import suppress
from typing import TextIO, cast

import typer

from energy.cli import cluster, comparing, money, plant, waiting, weather
from energy.cli.options import RENAMED, OutputClosedError
from energy.cli.render import fail, print_json, printable
from energy.errors import InfeasibleError, InputError

app = typer.Typer(
    name="energy",
    help="How much power PV and batteries give a datacenter at a site, how often it loses load, "
    "and what it costs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich takes half of the time in which the help is there
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
for family in (weather, plant, comparing, money, waiting, cluster):
    app.registered_commands.extend(family.app.registered_commands)


#: What typer raises for words that are no command: its common base is not public by name.
UsageError = cast(type[Exception], typer.BadParameter.__bases__[0])


def main() -> None:
    """Run the command; turn this package's errors into one clear message and an exit code."""
    warnings.showwarning = _show_warning
    stop_on_sigterm()
    if sys.stdout is None:  # closed by whoever called
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # stays open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code)
    except InfeasibleError as error:
        if "--json" in sys.argv:
            print_json({"infeasible": error.details})
        fail([str(error)], 1)
    except InputError as error:
        fail(error.problems, 2)
    except UsageError as error:
        fail([_usage(error)], 2)
    except typer.Abort:
        fail(["interrupted"], 130)
    except (BrokenPipeError, OutputClosedError):
        # Whoever read the output has enough. Nothing more is written, at exit neither.
        _silence(sys.stdout)
        sys.exit(0)
    except OSError as error:
        _silence(sys.stdout)
        fail([f"the output cannot be written ({error.strerror})"], 3)
    except Exception:
        # Not the user's mistake: 1 would say that there is no plant.
        traceback.print_exc()
        sys.exit(3)


def stop_on_sigterm() -> None:
    """End on SIGTERM as on Ctrl-C: what is half written goes."""

    def stop(number: int, _: object) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, stop)


def _silence(stream: TextIO) -> None:
    """Write what is still to come nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    if not {"--quiet", "-q"} & set(sys.argv):
        print(f"energy: {printable(str(message))}", file=sys.stderr)


def _usage(error: Exception) -> str:
    """What is wrong with the words, and the nearest that is right."""
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "energy")
    option = getattr(error, "option_name", None)
    text = str(getattr(error, "message", error)).rstrip(".")
    if option is not None:
        known = [name for param in context.command.params for name in param.opts] if context else []
        return f"no option {option}{_hint(option, known)}; see '{path} --help'"
    unknown = text.removeprefix("No such command ").strip("'") if "No such command" in text else ""
    if unknown:
        unknown = unknown.split("'")[0]
        names = app_commands()
        return f"no command {unknown!r}{_hint(unknown, names)}; see 'energy --help'"
    return f"{text}; see '{path} --help'"


def app_commands() -> list[str]:
    """Names of the commands."""
    return list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def _hint(word: str, known: list[str]) -> str:
    if word in RENAMED:
        return f"; it is {RENAMED[word]} now"
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
