"""Users, sign-in, appspaces, memberships."""

from flask import Flask

from leapter.accounts import guard, routes, session


def init_app(app: Flask) -> None:
    """Register this capability's routes, the sessions of all pages, and the guard in front of them."""
    session.init_app(app)
    guard.init_app(app)
    app.register_blueprint(routes.pages)
