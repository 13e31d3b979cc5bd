"""Projects: sets of Blueprints that keys are given access to."""

from flask import Flask

from leapter.projects import routes


def init_app(app: Flask) -> None:
    """Register this capability's routes."""
    app.register_blueprint(routes.dialogs)
