"""What all pages share."""

from collections.abc import Callable

from flask import Flask, Response
from jinja2 import StrictUndefined

from leapter.config import ROOT, Settings
from leapter.web import assets, cookies, errors, headers, messages, request_log, times


def init_app(app: Flask, settings: Settings, machine_problem: Callable[[Exception], Response | None]) -> None:
    """Set up templates, static files, headers and error pages."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    assets.init_app(app, ROOT / "static")
    headers.init_app(app, settings)
    cookies.init_app(app)
    request_log.init_app(app, settings)
    messages.init_app(app)
    times.init_app(app)
    errors.init_app(app, machine_problem)
