"""Stored Blueprints: sources, revisions, findings."""

from flask import Flask

from leapter.blueprints import project_pages, routes


def init_app(app: Flask) -> None:
    """Register this capability's routes."""
    app.register_blueprint(project_pages.pages)
    app.register_blueprint(routes.pages)
