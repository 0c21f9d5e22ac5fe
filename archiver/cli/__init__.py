"""The command line: parse arguments, call one function, print. No logic.

Exit status: 0 done; 1 some feeds failed, and the rest is safely stored; 2 the command or the
configuration is wrong, and nothing was touched.
"""

import os
import signal
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

import click

from archiver import __version__
from archiver.cli.context import Context
from archiver.errors import ArchiverError, FetchError, ParseError
from archiver.visible import visible

COMMANDS = {
    "run": "run",
    "fetch": "update",
    "replay": "replay",
    "feeds": "feeds",
    "search": "ask",
    "show": "ask",
    "status": "status",
    "export": "export",
    "serve": "serve",
    "rebuild": "derive",
    "merge": "derive",
    "verify": "keep",
    "backup": "keep",
}
"""Every command, and the module of this package that has it under its name."""

IN_A_WORD = {
    "run": "Run the service: fetch every feed when it is due.",
    "fetch": "Fetch feeds now, due or not.",
    "replay": "Archive documents from files.",
    "feeds": "List, add, pause, resume, remove, import, export.",
    "search": "Find posts by their words.",
    "show": "Show a post: text, HTML, history, changes.",
    "status": "How the archive and each feed are.",
    "export": "Write the archive in another format.",
    "serve": "Show the archive in a browser.",
    "rebuild": "Derive everything again from the kept bytes.",
    "merge": "Take another archive into this one.",
    "verify": "Check that nothing in the archive is damaged.",
    "backup": "Copy the archive, also while the service runs.",
}
"""The commands' short help once more, so that the list of them need not load them all."""

ASKING = frozenset({"run", "fetch"})
"""Commands that ask the web. The process that does it for them loads while they do."""

ASKER = "archiver.asker"
"""Where click keeps that process for whoever makes the context."""


class Commands(click.Group):
    """Loads what a command needs when it is called: half of a second would else go by before any of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in ASKING and ASKER not in ctx.meta and not ctx.resilient_parsing:
            from archiver.askers.begun import begin

            ctx.meta[ASKER] = asker = begin()
            ctx.call_on_close(asker.end)
        module = import_module(f"archiver.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, IN_A_WORD[name]) for name in self.list_commands(ctx)])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration file. [default: config.yaml, if there is one]",
)
@click.option(
    "--archive",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The archive file, whatever the configuration says. [default: data/archive.db]",
)
@click.version_option(__version__, prog_name="archiver")
@click.pass_context
def cli(context: click.Context, config: Path | None, archive: Path | None) -> None:
    """Keep every version of every post of the web feeds you follow, in one SQLite file."""
    context.obj = Context(config_path=config, archive_path=archive, asker=context.meta.get(ASKER))


def main() -> None:
    """Run the command line; what is wrong is one sentence, whatever the command."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # publishers write more letters than some terminals know
    try:
        with cli.make_context("archiver", sys.argv[1:]) as context:
            cli.invoke(context)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        _say(error.format_message())
        sys.exit(error.exit_code)
    except ArchiverError as error:
        _say(str(error))
        sys.exit(1 if isinstance(error, FetchError | ParseError) else 2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; Python must not stumble over it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str) -> None:
    click.echo(f"archiver: {visible(' '.join(message.split()))}", err=True)
