"""Commands for projects."""

import click


@click.group()
def project() -> None:
    """Projects."""
