"""Puts htmx into static/vendor/ when the project is installed or built.

No third-party code lives in the repository. The wheel `django-htmx`, a build requirement, carries the
published, minified file of htmx; its digest is checked, so that another version never arrives unnoticed.
"""

import hashlib
from importlib.metadata import files
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HTMX_VERSION = "2.0.10"
HTMX_SHA256 = "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de"


class HtmxBuildHook(BuildHookInterface[Any]):
    """Copies `htmx.min.js` to `static/vendor/htmx-<version>.min.js`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        carried = next(f for f in files("django-htmx") or [] if f.name == "htmx-2.min.js")
        content = Path(str(carried.locate())).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest != HTMX_SHA256:
            raise RuntimeError(f"htmx {HTMX_VERSION} has the SHA-256 {digest}, expected {HTMX_SHA256}")
        target = Path(self.root, "static", "vendor", f"htmx-{HTMX_VERSION}.min.js")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
