"""The command line that runs a Blueprint, for every page that shows it."""

import json
import shlex
from collections.abc import Mapping
from typing import Any


def curl_line(url: str, inputs: Mapping[str, Any], *, secret: str | None = None) -> str:
    """A command for a POSIX shell that POSTs `inputs` to `url`.

    Without `secret` the key is read from the variable LEAPTER_API_KEY when the command runs.
    """
    header = '"X-API-Key: $LEAPTER_API_KEY"' if secret is None else shlex.quote(f"X-API-Key: {secret}")
    return " \\\n  ".join(
        [
            f"curl {shlex.quote(url)}",
            f"-H {header}",
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(json.dumps(inputs, ensure_ascii=False))}",
        ]
    )
