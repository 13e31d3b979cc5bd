"""Headers that every answer carries."""

from flask import Flask, Response, request

from leapter.config import Settings

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

# Of every answer to a program. No browser takes JSON that quotes a caller for a page.
MACHINE_HEADERS = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))

_MACHINE_PATHS = (
    "/runtime/",
    "/api/",
    "/healthz/",
    "/readyz/",
    "/metrics/",
    "/.well-known/",
    "/register/",
    "/authorize/",
    "/token/",
)


def is_machine_path(path: str) -> bool:
    """Whether programs ask at `path`, and no browser does."""
    return f"{path}/".startswith(_MACHINE_PATHS)


def init_app(app: Flask, settings: Settings) -> None:
    """Add the headers to every response of `app`."""
    secure = (settings.base_url or "").startswith("https:")

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        if is_machine_path(request.path):
            return response
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "clipboard-write=(self), camera=(), microphone=(), geolocation=()"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if not request.path.startswith("/assets/"):
            # Pages show who may call what; none of them belongs into a cache or a history.
            headers["Cache-Control"] = "no-store"
        return response
