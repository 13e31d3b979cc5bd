"""The machine-facing API."""

from flask_wtf.csrf import CSRFProtect

from leapter.runtime import (
    discovery_routes,
    mcp_routes,
    mcp_sse_routes,
    oauth_routes,
    open_routes,
    routes,
    state,
)
from leapter.runtime import problems as problems
from leapter.web.application import Application


def init_app(app: Application, csrf: CSRFProtect) -> None:
    """Register the routes; none of them reads a cookie, so none needs protection from forged requests."""
    state.init_app(app, app.extensions["leapter_settings"])
    for machine_routes in (
        routes.api,
        discovery_routes.discovery,
        mcp_routes.mcp,
        mcp_sse_routes.streams,
        oauth_routes.oauth,
    ):
        csrf.exempt(machine_routes)
        app.register_blueprint(machine_routes)
        app.machine_blueprints.add(machine_routes.name)
    app.match_first("runtime.create_run", "POST")
    app.register_blueprint(open_routes.pages)
