"""API keys: capabilities over projects."""

from flask import Flask

from leapter.api_keys import routes
from leapter.api_keys.call_examples import CallExamples
from leapter.api_keys.service import ProjectDependents
from leapter.projects import dependents


def init_app(app: Flask, call_examples: CallExamples) -> None:
    """Register this capability's routes; `call_examples` finds the calls shown with a new key."""
    app.extensions[routes.CALL_EXAMPLES] = call_examples
    app.register_blueprint(routes.pages)
    dependents.register(app, ProjectDependents())
