"""Addresses as clients elsewhere must write them."""

import re
from functools import lru_cache

from flask import current_app, request
from werkzeug.exceptions import BadRequest

from leapter.config import Settings

_MAX_HOST_CHARACTERS = 261  # a name of 255, a colon, a port
_LABEL = "[A-Za-z0-9_-]{1,63}"
_HOST = re.compile(rf"({_LABEL}(\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])(:[0-9]{{0,5}})?")


class InvalidHostError(BadRequest):
    """The header Host holds something that is no host name."""


@lru_cache(maxsize=256)
def is_host(text: str) -> bool:
    """Whether `text` is a host name or an address, perhaps with a port, as a header Host has it."""
    return len(text) <= _MAX_HOST_CHARACTERS and _HOST.fullmatch(text) is not None


def base_url() -> str:
    """The public address of this server, without a slash at its end.

    It is LEAPTER_BASE_URL where that is set, else what the request says, else where the server listens.
    Forwarded headers count only when LEAPTER_TRUSTED_PROXIES says so. Only inside a request.
    """
    return public_url() or _settings().address


def public_url() -> str | None:
    """Like `base_url`, but None where neither LEAPTER_BASE_URL nor the request says it."""
    configured = _settings().base_url
    if configured:
        return configured
    return request.url_root.rstrip("/") if is_host(request.host) else None


def _settings() -> Settings:
    settings: Settings = current_app.extensions["leapter_settings"]
    return settings
