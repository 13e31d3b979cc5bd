"""Users, sign-in, appspaces, memberships."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register this capability's routes."""
