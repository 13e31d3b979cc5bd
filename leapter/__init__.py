"""Leapter, self-hosted: API keys for business rules, and the server that runs the rules."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

from leapter import accounts, api_keys, blueprints, db, integrations, logs, projects, runtime, web
from leapter.blueprints.call_examples import call_examples
from leapter.config import MAX_BODY_BYTES, ROOT, Settings
from leapter.web.application import Application

csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application. Without `settings` they are read from the environment.

    Raises:
        SettingsError: the environment holds a value that cannot be used.
    """
    settings = settings or Settings.from_env()
    app = Application("leapter", template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=16 * MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=2 * MAX_BODY_BYTES,  # a form field can hold a source of 1 MiB
        SESSION_COOKIE_NAME="leapter_session",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=(settings.base_url or "").startswith("https:"),
        WTF_CSRF_TIME_LIMIT=None,  # tokens live as long as the session: a page left open still works
    )
    app.extensions["leapter_settings"] = settings
    logs.configure(settings.log_level)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # the way that Flask documents
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops
        )
    db.init_app(app, settings)
    csrf.init_app(app)
    Htmx(app)
    web.init_app(app, settings, runtime.calls.answer_elsewhere)
    accounts.init_app(app)
    projects.init_app(app)
    blueprints.init_app(app)
    api_keys.init_app(app, call_examples)
    runtime.init_app(app, csrf)
    integrations.init_app(app)
    return app
