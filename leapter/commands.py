"""What the commands of all capabilities share."""

import errno
import functools
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import click

from leapter.db import db
from leapter.errors import LeapterError

T = TypeVar("T")

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class OutputError(LeapterError):
    """Standard output did not take a result; the text is one sentence for the person at the terminal."""


def with_app(command: Callable[..., T]) -> Callable[..., T]:
    """Run `command` in the context of the application, which only now is built from the environment."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> T:
        application = click.get_current_context().find_root().obj()
        with application.app_context():
            try:
                return command(*args, **kwargs)
            finally:
                db.session.remove()
                db.engine.dispose()

    return run


def show(result: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Print a command's result on standard output: `result` as JSON when asked for, else `text`.

    Raises:
        OutputError: it cannot be written.
        BrokenPipeError: nobody reads it any more.
    """
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        click.echo(json.dumps(result, indent=2, ensure_ascii=False) if as_json else text)
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        raise OutputError(output_fault(error)) from None
    except UnicodeEncodeError as error:
        raise OutputError(
            f"The result holds characters that standard output cannot take ({error.encoding}); "
            "set PYTHONIOENCODING=utf-8."
        ) from None


def output_fault(error: OSError) -> str:
    """The sentence for a standard output that cannot be written."""
    return f"The result cannot be written to standard output ({error.strerror})."


def drop_output() -> None:
    """Forget what waits to be written: it would fail once more when Python ends, and show a traceback."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
