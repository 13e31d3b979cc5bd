"""Calls from pages of web sites: which sites may call, and what their browsers are told."""

from flask import Request, current_app

from leapter.config import Settings, normal_origin
from leapter.runtime.problems import OriginNotAllowedError
from leapter.web.urls import public_url

Headers = list[tuple[str, str]]

_VARY = ("Vary", "Origin")
_EXPOSED = (
    "Mcp-Session-Id, RateLimit, RateLimit-Policy, Retry-After, X-Correlation-Id, X-Request-Id, X-Run-Id"
)
_SENT = (
    "Accept, Authorization, Content-Type, Last-Event-ID, Mcp-Method, Mcp-Name, MCP-Protocol-Version, "
    "Mcp-Session-Id, X-API-Key, X-Correlation-Id"
)
_PREFLIGHT_S = 600


def check_origin(received: Request) -> Headers:
    """Return the headers that let a page of another site read the answer, if its origin is allowed.

    A call without Origin comes from no page; a page of this server needs none of these headers.

    Raises:
        OriginNotAllowedError: the origin is neither this server's own nor in LEAPTER_MCP_ORIGINS.
    """
    told: str | None = received.environ.get("HTTP_ORIGIN")
    if told is None:
        return []
    settings: Settings = current_app.extensions["leapter_settings"]
    origin = normal_origin(told)
    if origin is not None and origin in settings.mcp_origins:
        return [("Access-Control-Allow-Origin", told), ("Access-Control-Expose-Headers", _EXPOSED), _VARY]
    own = public_url()
    if origin is not None and own is not None and origin == normal_origin(own):
        return [_VARY]
    raise OriginNotAllowedError(told)


def preflight_headers() -> Headers:
    """Return what a browser wants to know before it sends a page's call to another site.

    Methods that get 405 are among them, so that the page learns just that.
    """
    return [
        ("Access-Control-Allow-Methods", "GET, POST, DELETE"),
        ("Access-Control-Allow-Headers", _SENT),
        ("Access-Control-Max-Age", str(_PREFLIGHT_S)),
    ]
