"""The machine-facing API."""

from flask_wtf.csrf import CSRFProtect

from leapter.runtime import open_routes, routes, state
from leapter.runtime import problems as problems
from leapter.web.application import Application


def init_app(app: Application, csrf: CSRFProtect) -> None:
    """Register the routes; none of them reads a cookie, so none needs protection from forged requests."""
    state.init_app(app, app.extensions["leapter_settings"])
    csrf.exempt(routes.api)
    app.register_blueprint(routes.api)
    app.machine_blueprints.add(routes.api.name)
    app.register_blueprint(open_routes.pages)
