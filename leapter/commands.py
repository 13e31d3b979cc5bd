"""What the commands of all capabilities share."""

import functools
import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from leapter.db import db

T = TypeVar("T")

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


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
    """Print a command's result on standard output: `result` as JSON when asked for, else `text`."""
    click.echo(json.dumps(result, indent=2, ensure_ascii=False) if as_json else text)
