"""API keys: capabilities over projects."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register this capability's routes."""
