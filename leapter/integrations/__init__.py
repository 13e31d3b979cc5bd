"""How to connect other programs: what to put where, and whether it works."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the pages."""
