"""The session cookie, which machine-facing paths neither read nor set."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from leapter.web.headers import is_machine_path


class PageSessions(SecureCookieSessionInterface):
    """Flask's own sessions, for pages only."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session in the cookie, or one that cannot hold anything."""
        if is_machine_path(request.path):
            return self.make_null_session(app)
        return super().open_session(app, request)


def init_app(app: Flask) -> None:
    """Have `app` keep its sessions so."""
    app.session_interface = PageSessions()
