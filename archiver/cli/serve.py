"""`serve`: the archive's pages for a browser, until Ctrl-C."""

import dataclasses
import signal
import sys
import webbrowser
from contextlib import suppress

import click

from archiver import times
from archiver.cli.context import Context, pass_context
from archiver.config import ServeSettings
from archiver.config.sections import host_problem, token_problem
from archiver.errors import ConfigError


@click.command(short_help="Show the archive in a browser.")
@click.option("--host", help="An IP address of this machine. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one. [default: 8001]")
@click.option(
    "--token",
    envvar="ARCHIVER_TOKEN",
    help="What a visitor must know, 16 characters at least; better in the environment as ARCHIVER_TOKEN.",
)
@click.option("--open", "opening", is_flag=True, help="Open the first page in the browser of this machine.")
@pass_context
def serve(context: Context, *, host: str | None, port: int | None, token: str | None, opening: bool) -> None:
    """Serve the archive's pages, read-only, until Ctrl-C: for this machine, unless told otherwise.

    An address that other machines can reach needs a token, here or as `serve.token` in the configuration.
    """
    settings = _settings(context.config.serve, host=host, port=port, token=token)
    with context.reader():
        pass  # what is wrong with the archive is told now
    from archiver.web import serving

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt), serving.bound(settings) as listening:
        address = serving.address(listening)
        click.echo(f"{context.archive} on {address} ; stop with Ctrl-C", err=True)
        if opening:
            webbrowser.open(address)
        serving.serve(context.archive, settings, listening, clock=times.now)


def _settings(
    given: ServeSettings, *, host: str | None, port: int | None, token: str | None
) -> ServeSettings:
    """The configuration's, but for what the command says."""
    settings = dataclasses.replace(
        given,
        host=given.host if host is None else host,
        port=given.port if port is None else port,
        token=given.token if token is None else token,
    )
    if settings.token is not None and (problem := token_problem(settings.token)):
        raise ConfigError(f"serve: {problem}")
    if problem := host_problem(settings.host, token=settings.token):
        raise ConfigError(
            f"serve: {settings.host} {problem}" if problem.startswith("is ") else f"serve: {problem}"
        )
    return settings
