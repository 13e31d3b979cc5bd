"""Commands for users."""

import sys

import click

from leapter.accounts import service
from leapter.accounts.access import Actor, home_appspace
from leapter.accounts.models import User
from leapter.commands import json_option, show, with_app

_password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


@click.group()
def user() -> None:
    """Users."""


@user.command()
@click.option("--email", required=True, help="What the person signs in with.")
@click.option("--name", required=True, help="How pages call the person.")
@_password_option
@json_option
@with_app
def create(email: str, name: str, password_stdin: bool, as_json: bool) -> None:
    """Create a user with a personal appspace."""
    created = service.create_user(email=email, name=name, password=_read_password(password_stdin))
    appspace = home_appspace(Actor(user_id=created.id, name=created.name))
    show(
        {**_facts(created), "appspaceId": appspace.id},
        f"{created.name} can sign in as {created.email}.",
        as_json=as_json,
    )


@user.command("set-password")
@click.option("--email", required=True, help="Whose password.")
@_password_option
@json_option
@with_app
def set_password(email: str, password_stdin: bool, as_json: bool) -> None:
    """Give a user a new password, for one that was lost; all their browsers are signed out."""
    changed = service.reset_password(email, _read_password(password_stdin))
    show(_facts(changed), f"The password of {changed.email} is changed.", as_json=as_json)


def _facts(user: User) -> dict[str, str]:
    return {"userId": user.id, "email": user.email, "name": user.name}


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        # One line, as `echo` and password managers write it; the line's end is not part of the password.
        return sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody is there to ask for the password: pass it with --password-stdin.")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer
