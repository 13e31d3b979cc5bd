"""Addresses as clients elsewhere must write them."""

from flask import current_app, request

from leapter.config import Settings


def base_url() -> str:
    """The public address of this server, without a slash at its end.

    It is LEAPTER_BASE_URL where that is set, else what the request says. Forwarded headers count only when
    LEAPTER_TRUSTED_PROXIES says so. Only inside a request.
    """
    settings: Settings = current_app.extensions["leapter_settings"]
    return settings.base_url or request.url_root.rstrip("/")
