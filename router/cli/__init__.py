"""The command ``switchroom``: a literal table of sub-commands, each in a module that is imported when it is run.

Exit codes: 0 fine · 1 error · 2 wrong usage · 3 configuration invalid · 4 a dependency cannot be reached · 99 thresholds
failed · 130 interrupted. A command says one of its own with ``ctx.exit(code)``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Final, NamedTuple

import click

from router.errors import ConfigError, Problem, RouterError, TransportError, did_you_mean

OK: Final = 0
ERROR: Final = 1
USAGE: Final = 2
CONFIG_INVALID: Final = 3
UNREACHABLE: Final = 4
THRESHOLDS_FAILED: Final = 99
INTERRUPTED: Final = 130


class Command(NamedTuple):
    """A sub-command: the module that has it, under the name ``command``, and what help says."""

    module: str
    help: str


COMMANDS: Final[dict[str, Command]] = {
    "centre-from-trace": Command(
        "router.cli.centre_from_trace", "Make a centre from the groups in an export of real work."
    ),
    "check": Command("router.cli.check", "Say whether a centre's configuration holds together."),
    "demo": Command("router.cli.demo", "Route live synthetic traffic for a centre and show who gets what."),
    "diff": Command("router.cli.diff", "Say in words what a change of the configuration does."),
    "schema": Command("router.cli.schema", "Write JSON Schema of the files, for editors."),
    "serve": Command("router.cli.serve", "Route for a centre as a service: HTTP, MQTT, a journal."),
    "simulate": Command(
        "router.cli.simulate", "Run a centre through a scenario in virtual time, and report."
    ),
    "test": Command("router.cli.test", "Run the cases of a centre: tests of its configuration."),
}


class Unreachable(click.ClickException):
    """Something the command needs (a server, a broker) cannot be reached."""

    exit_code = UNREACHABLE


class _Commands(click.Group):
    """A group that imports a sub-command's module when it is run, not when help lists it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, command in COMMANDS.items() if find_spec(command.module) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(COMMANDS[cmd_name].module).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], self.list_commands(ctx))
            ctx.fail(f"there is no command {args[0]!r}" + (f" ({hint})" if hint else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"switchroom {version('switchroom')}")
        except PackageNotFoundError:
            click.echo("switchroom (not installed)")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Show the version.",
)
def switchroom() -> None:
    """Route a contact centre's interactions to its agents."""


def print_problems(problems: Sequence[Problem]) -> None:
    """Print problems to standard error, one a line, and how many there are."""
    for problem in problems:
        click.echo(str(problem), err=True)
    count = len(problems)
    click.echo(f"{count} problem{'' if count == 1 else 's'}", err=True)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; what went wrong is printed to standard error."""
    try:
        result = switchroom.main(
            args=None if args is None else list(args), prog_name="switchroom", standalone_mode=False
        )
    except click.Abort:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ConfigError as error:
        print_problems(error.problems)
        return CONFIG_INVALID
    except TransportError as error:
        click.echo(f"Error: {error}", err=True)
        return UNREACHABLE
    except RouterError as error:
        click.echo(f"Error: {error}", err=True)
        return ERROR
    except BrokenPipeError:  # the reader of our output (head, less) is gone; nothing may be written any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except OSError as error:
        if error.filename is None:  # no file's fault: ours
            raise
        click.echo(f"Error: {error.filename}: {error.strerror}", err=True)
        return ERROR
    return result if isinstance(result, int) else OK
