"""Static files under addresses that carry a digest of their content."""

import base64
import hashlib
from pathlib import Path

from flask import Flask, Response, abort, send_from_directory, url_for
from markupsafe import Markup


class Assets:
    """The files of one folder, read once at start.

    A file's address changes with its content, so browsers may keep it for a year; `integrity` has them refuse
    a file that was altered on the way.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._digests = {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).digest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def url(self, name: str) -> str:
        """The address of the file `name`.

        Raises:
            KeyError: there is no such file.
        """
        return url_for("assets", version=self._digests[name].hex()[:16], name=name)

    def integrity(self, name: str) -> str:
        """The value of the `integrity` attribute for the file `name`."""
        return "sha256-" + base64.b64encode(self._digests[name]).decode("ascii")

    def names(self, suffix: str) -> list[str]:
        """The files that end in `suffix`: vendored ones first, then the shared one, then the others."""
        found = [name for name in self._digests if name.endswith(suffix)]
        return sorted(
            found, key=lambda name: (not name.startswith("vendor/"), Path(name).stem != "app", name)
        )

    def send(self, version: str, name: str) -> Response:
        """Send a file; 404 for a version that is not the present one."""
        digest = self._digests.get(name)
        if digest is None or digest.hex()[:16] != version:
            abort(404)
        response = send_from_directory(self.folder, name, max_age=31_536_000)
        response.cache_control.immutable = True
        response.cache_control.public = True
        return response


def init_app(app: Flask, folder: Path) -> None:
    """Serve the files of `folder`; templates get their addresses, and `icon`."""
    assets = Assets(folder)
    app.add_url_rule("/assets/<version>/<path:name>", "assets", assets.send)

    def icon(name: str) -> Markup:
        return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
            assets.url("icons.svg"), name
        )

    app.jinja_env.globals.update(
        asset_url=assets.url,
        asset_integrity=assets.integrity,
        icon=icon,
        stylesheets=assets.names(".css"),
        scripts=assets.names(".js"),
    )
