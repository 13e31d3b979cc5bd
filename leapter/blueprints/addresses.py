"""Where callers find Blueprints, and the command line that shows it."""

import json
import shlex
from typing import Any


def run_url(base: str, *, appspace_id: str, project_id: str, blueprint: str) -> str:
    """The address that runs a Blueprint; `blueprint` is its id, slug or call identifier."""
    return f"{base}/runtime/api/v1/{appspace_id}/{project_id}/models/{blueprint}/runs"


def curl_line(url: str, inputs: dict[str, Any]) -> str:
    """A `curl` command that runs a Blueprint with the key in the variable LEAPTER_API_KEY."""
    return " \\\n  ".join(
        [
            f"curl {shlex.quote(url)}",
            '-H "X-API-Key: $LEAPTER_API_KEY"',
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(json.dumps(inputs, ensure_ascii=False))}",
        ]
    )
