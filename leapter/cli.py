"""The `leapter` command: starts the server, and collects each capability's commands."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import OperationalError

from leapter import create_app, logs, migrate
from leapter.accounts.cli import user
from leapter.api_keys.cli import key
from leapter.blueprints.cli import project, test
from leapter.commands import drop_output, json_option, output_fault, show
from leapter.config import ROOT, Settings, read_setting
from leapter.db import db
from leapter.errors import InvalidInputError, LeapterError, NotFoundError, SettingsError


class _Group(click.Group):
    """Says an error of the product as one sentence on standard error, with exit code 1."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run; what click itself could not print (help, the version) is an error too."""
        try:
            return super().main(*arguments, **options)
        except OSError as error:
            if error.filename is not None:
                raise
            drop_output()
            with suppress(OSError):
                click.echo(f"Error: {output_fault(error)}", err=True)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LeapterError as error:
            raise click.ClickException(_sentence(error)) from None
        except OperationalError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise click.ClickException(f"The database cannot be used: {reason}.") from None


def _sentence(error: LeapterError) -> str:
    match error:
        case NotFoundError():
            return f"There is no such {error.kind}."
        case InvalidInputError():
            return " ".join(sentence for sentences in error.errors.values() for sentence in sentences)
        case _:
            return str(error)


def _application() -> Flask:
    application = create_app()
    logs.configure("error")  # a person at a terminal reads the command's own sentences
    with application.app_context(), db.engine.connect() as connection:
        if fault := migrate.find_fault(connection):
            raise SettingsError(fault)
    return application


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="leapter-self-hosted", prog_name="leapter")
@click.pass_context
def main(context: click.Context) -> None:
    """Leapter, self-hosted: API keys for business rules, and the server that runs them."""
    context.obj = _application
    os.umask(0o077)  # what a command creates, the database above all, is nobody else's business


main.add_command(user)
main.add_command(project)
main.add_command(key)
main.add_command(test)


def _instead_of(variable: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    def check(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
        if text is not None:
            try:
                read_setting(variable, text)
            except ValueError as error:
                raise click.BadParameter(f"{text!r} {error}") from None
        return text

    return check


@main.command()
@click.option(
    "--bind",
    metavar="ADDRESS:PORT",
    callback=_instead_of("LEAPTER_BIND"),
    help="Where to listen (LEAPTER_BIND).",
)
@click.option(
    "--workers", metavar="N", callback=_instead_of("LEAPTER_WORKERS"), help="Processes (LEAPTER_WORKERS)."
)
@click.option(
    "--threads",
    metavar="N",
    callback=_instead_of("LEAPTER_THREADS"),
    help="Threads in each process (LEAPTER_THREADS).",
)
def serve(bind: str | None, workers: str | None, threads: str | None) -> None:
    """Migrate the database and start the server."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until gunicorn has handlers of its own, Ctrl-C ends the process at once, without a traceback of what
        # was at work. Nothing is then half-done: a migration is one transaction.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    for name, value in (("BIND", bind), ("WORKERS", workers), ("THREADS", threads)):
        if value is not None:
            os.environ[f"LEAPTER_{name}"] = value
    settings = Settings.from_env()
    _check_port(settings.bind)
    migrate.upgrade(settings)
    os.chdir(ROOT)
    arguments = ["-c", "python:leapter.server", "app:app"]
    # In this process: a new one would import everything again, which is half of the time to start.
    from gunicorn.app.wsgiapp import run  # noqa: PLC0415 (0.1 s that the other commands do without)

    # What gunicorn runs when it is asked to replace itself (SIGUSR2).
    sys.argv = [str(Path(sys.executable).with_name("gunicorn")), *arguments]
    run(prog="leapter")


def _check_port(bind: str) -> None:
    # gunicorn itself would try five times, one second apart, and end in a traceback.
    host, port = bind.rsplit(":", 1)
    host = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsError(
            f"Leapter cannot listen on {bind} ({error.strerror}); stop what uses it, or set LEAPTER_BIND "
            "to another address and port."
        ) from None


@main.group("db")
def database() -> None:
    """The database's schema."""


@database.command()
@json_option
def upgrade(as_json: bool) -> None:
    """Create the database, or bring it to this version's schema."""
    changed = migrate.upgrade(Settings.from_env())
    text = "The database is now at this version." if changed else "The database was already at this version."
    show({"changed": changed}, text, as_json=as_json)
