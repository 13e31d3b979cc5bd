"""A real server and a real Chromium: what the browser tests share."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from leapter import create_app
from leapter.db import db
from tests.prepare import find_chromium
from tests.servers import Server
from tests.world import Person, World

# What Chromium itself writes to the console for an answer that the page shows as a form with its errors.
_REFUSED_FORM = re.compile(r"Failed to load resource: the server responded with a status of (409|413|422)")

# Parts of Chromium's own window, which each context would have anew: the drop-down of its address bar is two
# pages, and a further process waits for one more. Without them a window takes half the time. Chromium heeds
# the last such list only, so what Playwright turns off for its own sake stands here again.
_TURNED_OFF = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "SpareRendererForSitePerProcess",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = find_chromium()
    if chromium is None:
        pytest.fail("There is no Chromium; `make test` installs one.")
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        f"--disable-features={','.join(_TURNED_OFF)}",
    ]
    return {**browser_type_launch_args, "executable_path": chromium, "args": arguments}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two workers on a database of its own, shared by the tests of one process."""
    with Server(tmp_path_factory.mktemp("browser"), workers=2) as server:
        yield server


@pytest.fixture(scope="session")
def server_app(server: Server) -> Flask:
    """An application in this process on the server's database: it makes what tests begin with."""
    app = create_app(server.settings)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def world(server_app: Flask) -> Iterator[World]:
    with server_app.app_context():
        yield World(server_app)
        db.session.remove()


@dataclass(kw_only=True)
class Visit:
    """A browser window: `page` on the server at `url`. What the console complained about fails the test."""

    page: Page
    context: BrowserContext
    url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open `path` of the server."""
        self.page.goto(self.url + path)
        return self.page

    def new_tab(self) -> Page:
        """Another tab of the same browser, signed in as the same person."""
        return watched(self.context.new_page(), self.complaints)

    def assert_accessible(self, page: Page | None = None, *, dark: bool = True) -> None:
        """Have axe look at the page as it is now: at all of it in light, at its contrasts in dark too."""
        page = page or self.page
        schemes: list[tuple[Literal["light", "dark"], dict[str, Any]]] = [("light", {})]
        if dark:
            schemes.append(("dark", {"runOnly": ["color-contrast"]}))
        for scheme, rules in schemes:
            # Motion is not reduced: where it is, colours change one element after another, a frame each.
            page.emulate_media(color_scheme=scheme)
            # Two frames on, the new colours are there, and what they set in motion has begun.
            has_axe = page.evaluate(
                """() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))
                    .then(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))
                    .then(() => "axe" in window)"""
            )
            if not has_axe:
                page.evaluate(AXE_SCRIPT)
            # Telling what is in order as well would take axe twice as long.
            violations = page.evaluate(
                "(options) => axe.run(options).then((results) => results.violations)",
                {**rules, "resultTypes": ["violations"]},
            )
            told = [
                f"{found['id']}: {found['help']}: {[node['html'][:200] for node in found['nodes']]}"
                for found in violations
            ]
            assert not told, f"{page.url} in {scheme}:\n" + "\n".join(told)


def watched(page: Page, complaints: list[str]) -> Page:
    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _REFUSED_FORM.match(message.text):
            complaints.append(f"{message.type}: {message.text} ({page.url})")

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
    page.set_default_timeout(10_000)
    return page


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visitor]:
    """Opens windows: `visit(person)` signed in, `visit()` as nobody.

    Further arguments are those of a browser context: `java_script_enabled=False`, `color_scheme="dark"`.
    """
    visits: list[Visit] = []

    def open_window(person: Person | None = None, **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
        if person is not None:
            cookie = person.client.get_cookie("leapter_session")
            assert cookie is not None
            context.add_cookies(
                [{"name": cookie.key, "value": cookie.value, "url": server.url, "httpOnly": True}]
            )
        complaints: list[str] = []
        page = watched(context.new_page(), complaints)
        visits.append(Visit(page=page, context=context, url=server.url, complaints=complaints))
        return visits[-1]

    yield open_window
    for window in visits:
        window.context.close()
    assert not [complaint for window in visits for complaint in window.complaints]
