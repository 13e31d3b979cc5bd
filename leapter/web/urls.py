"""Addresses as clients elsewhere must write them."""

import re
from functools import lru_cache
from ipaddress import IPv6Address

from flask import current_app, request
from werkzeug.exceptions import BadRequest

from leapter.config import Settings, is_ipv6

_MAX_HOST_CHARACTERS = 261  # a name of 255, a colon, a port
_LABEL = "[A-Za-z0-9_-]{1,63}"
_HOST = re.compile(rf"({_LABEL}(\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])(:[0-9]{{0,5}})?")
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\]")


class InvalidHostError(BadRequest):
    """The header Host holds something that is no host name."""


@lru_cache(maxsize=256)
def is_host(text: str) -> bool:
    """Whether `text` is a host name or an address, perhaps with a port, as a header Host has it."""
    if len(text) > _MAX_HOST_CHARACTERS or _HOST.fullmatch(text) is None:
        return False
    bracketed = _BRACKETED.match(text)
    return bracketed is None or is_ipv6(bracketed[1])


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


def splittable_text(text: str) -> str:
    """`text` without colons in a row, which some clients take for the end of a part."""
    return re.sub("::+", ":", text)


def splittable_label(text: str) -> str:
    """`text` for clients that put labels and addresses together with `::` between, and split them again.

    Colons in a row are one colon. One at either end goes too, since it would join the two that separate; of a
    text that is nothing but colons, "-" is left.
    """
    return splittable_text(text).strip(":") or "-"


def splittable_base_url() -> str:
    """Like `base_url`, for the same clients: an IPv6 address is written in full, so `::` stands nowhere."""
    return _BRACKETED.sub(_in_full, base_url())


def _in_full(bracketed: re.Match[str]) -> str:
    groups = IPv6Address(bracketed[1]).exploded.split(":")
    return f"[{':'.join(f'{int(group, 16):x}' for group in groups)}]"


def _settings() -> Settings:
    settings: Settings = current_app.extensions["leapter_settings"]
    return settings
