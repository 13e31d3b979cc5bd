"""How to connect other programs: what to put where, and whether it works."""

from flask import Flask

from leapter.api_keys import return_pages
from leapter.integrations import connect_pages, integration_pages


def init_app(app: Flask) -> None:
    """Register the pages; from those that ask for a key one may go and create it."""
    app.register_blueprint(connect_pages.pages)
    app.register_blueprint(integration_pages.pages)
    for endpoint in ("connect.project", "connect.blueprint"):
        return_pages.register(
            app, endpoint, title="Connect", arguments={"tab", "show", "blueprint"}, in_dialog=True
        )
    for name, title in integration_pages.CLIENTS.items():
        return_pages.register(app, f"integrations.{name}", title=title, arguments={"project"})
