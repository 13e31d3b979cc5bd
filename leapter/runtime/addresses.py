"""Keys in addresses, where logs and histories keep them."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from leapter.api_keys import keys

_PARAMETERS = frozenset({"apikey", "xapikey"})


def holds_key(environ: Mapping[str, Any]) -> bool:
    """Whether path or query of a WSGI request hold a key, or what was meant for one."""
    query = environ.get("QUERY_STRING")
    return keys.resembles_key(environ.get("PATH_INFO", "")) or bool(query and _query_holds_key(query))


def prefix_of_key(environ: Mapping[str, Any]) -> str:
    """The display prefix of the key in the address of a WSGI request, "" where nothing begins like one."""
    return keys.find_prefix(environ.get("PATH_INFO", "")) or keys.find_prefix(environ.get("QUERY_STRING", ""))


def _query_holds_key(query: str) -> bool:
    for name, value in parse_qsl(query, keep_blank_values=True, encoding="latin-1"):
        plain = re.sub(r"[^a-z]", "", name.lower())
        if value.strip().startswith(keys.MARK) or (plain in _PARAMETERS and value):
            return True
        if keys.resembles_key(value) or keys.resembles_key(name):
            return True
    return False
