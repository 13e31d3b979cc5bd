"""Commands for users."""

import click


@click.group()
def user() -> None:
    """Users."""
