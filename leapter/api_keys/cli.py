"""Commands for API keys."""

import click


@click.group()
def key() -> None:
    """API keys."""
