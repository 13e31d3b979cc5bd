"""Users, sign-in, appspaces, memberships."""

from flask import Flask

from leapter.accounts import session


def init_app(app: Flask) -> None:
    """Register this capability's routes, and the sessions of all pages."""
    session.init_app(app)
