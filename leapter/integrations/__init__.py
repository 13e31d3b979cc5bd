"""How to connect other programs: what to put where, and whether it works."""

from flask import Flask

from leapter.api_keys import return_pages
from leapter.api_keys.records import KEY_CALLS
from leapter.integrations import check_pages, connect_pages, connection_pages, integration_pages, sightings
from leapter.integrations.clients import client_name


def init_app(app: Flask) -> None:
    """Register the pages; from those that ask for a key one may go and create it."""
    app.register_blueprint(connect_pages.pages)
    app.register_blueprint(integration_pages.pages)
    app.register_blueprint(connection_pages.pages)
    app.register_blueprint(check_pages.pages)
    app.jinja_env.filters["client_name"] = client_name
    app.extensions[KEY_CALLS] = sightings.calls_of_key
    for endpoint in ("connect.project", "connect.blueprint"):
        return_pages.register(
            app, endpoint, title="Connect", arguments={"tab", "show", "blueprint"}, in_dialog=True
        )
    for name, title in integration_pages.CLIENTS.items():
        return_pages.register(app, f"integrations.{name}", title=title, arguments={"project"})
