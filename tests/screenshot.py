"""Makes the README's screenshot with the product itself: `python -m tests.screenshot`."""

import tempfile
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright

from leapter import create_app
from leapter.api_keys import service as api_keys
from leapter.api_keys.models import ApiKeyUsage
from leapter.clock import now
from leapter.db import transaction
from tests.prepare import find_chromium
from tests.servers import Server
from tests.world import Person, World

TARGET = Path(__file__).resolve().parent.parent / ".readme" / "api-keys.png"

# name, how many of the projects, last use
KEYS = [
    ("Nightly batch", 1, timedelta(days=12)),
    ("Partner portal", 2, None),
    ("Ada’s notebook", 4, timedelta(hours=3)),
    ("Claude Desktop", 3, timedelta(minutes=7)),
    ("Checkout, production", 1, timedelta(seconds=9)),
    ("n8n, production", 2, timedelta(seconds=1)),
]


def fill(world: World) -> Person:
    """Make a person with projects and keys that have been used."""
    person = world.person("Ada")
    names = ("Parcel Shipping", "Consumer Lending", "Returns Desk", "Price Lists")
    projects = [world.project(person, name=name) for name in names]
    for name, count, ago in KEYS:
        key, _ = world.key(person, *projects[:count], name=name)
        if ago is not None:
            with transaction() as session:
                usage = session.get_one(ApiKeyUsage, key.id)
                usage.use_count, usage.last_used_at = 4711, now() - ago
        if name == "Nightly batch":
            api_keys.revoke_key(person.actor, key.id)
    return person


def main() -> None:
    """Start a server, fill it, take the picture."""
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        app = create_app(server.settings)
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            cookie = fill(World(app)).client.get_cookie("leapter_session")
        assert cookie is not None
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme="light")
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server.url}])
            page = context.new_page()
            page.goto(f"{server.url}/api-keys?revoked=1")
            TARGET.parent.mkdir(exist_ok=True)
            page.screenshot(path=TARGET)
            browser.close()


if __name__ == "__main__":
    main()
