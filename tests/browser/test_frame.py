"""What holds on every page and dialog: no complaint of the browser, no violation of axe, nothing cut off."""

import re

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import Visit, Visitor
from tests.world import World

BROKEN = "//* Broken\nfunction broken(a: number) -> b: number { b = c; }\n"
WIDE: ViewportSize = {"width": 1280, "height": 860}
NARROW: ViewportSize = {"width": 390, "height": 844}


def assert_fits(page: Page) -> None:
    """Nothing but a scroll area of its own is wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


def assert_accessible_and_fits(window: Visit, *, narrow_in_dark: bool = False) -> None:
    """The page holds at both widths, whose colours are mostly the same: dark is looked at when it is wide."""
    for viewport in (WIDE, NARROW):
        window.page.set_viewport_size(viewport)
        window.assert_accessible(dark=viewport is WIDE or narrow_in_dark)
        assert_fits(window.page)


def test_every_page_is_accessible_and_fits(world: World, visit: Visitor) -> None:
    owner = world.person("Ada")
    project = world.project(owner)
    empty = world.project(owner, name="Nothing yet", blueprints={})
    broken = world.project(owner, name="Broken", blueprints={"broken": BROKEN})
    key, _ = world.key(owner, project, empty, broken)
    window = visit(owner)
    newcomer = visit(world.person("Grace"))
    anonymous = visit()
    blueprint = f"/projects/{project.id}/blueprints/{project.blueprints['parcel-price']}"
    faulty = f"/projects/{broken.id}/blueprints/{broken.blueprints['broken']}"
    seen = [
        *((window, path) for path in ("/projects", "/projects/new", "/projects/import", "/account")),
        *((window, path) for path in ("/api-keys", "/api-keys/new", "/api-keys?revoked=1")),
        *((window, f"/projects/{project.id}{rest}") for rest in ("", "/rename", "/settings", "/delete")),
        *((window, f"/projects/{project.id}/{rest}") for rest in ("blueprints/new", "import-report")),
        *((window, f"/api-keys/{key.id}{rest}") for rest in ("", "/projects", "/revoke", "/check")),
        *((window, path) for path in (blueprint, f"{blueprint}/edit", faulty, f"{faulty}/edit")),
        *((window, f"{path}/{view}") for path in (blueprint, faulty) for view in ("specification", "flow")),
        *((window, f"/projects/{project.id}/connect?tab={tab}") for tab in ("rest", "mcp", "n8n")),
        *((window, f"{path}/connect") for path in (blueprint, faulty, f"/projects/{empty.id}")),
        *((window, f"/integrations{rest}") for rest in ("", "/rest", "/mcp", "/n8n", "/connection-test")),
        (newcomer, "/integrations/n8n"),
        (window, f"/projects/{empty.id}"),
        (newcomer, "/projects"),
        (newcomer, "/api-keys"),
        (newcomer, "/api-keys/new"),
        (anonymous, "/sign-in"),
        (anonymous, "/problems/unknown-api-key"),
    ]
    for seat, path in seen:
        page = seat.go(path)
        expect(page.locator("h1, h2#dialog-title").first).to_be_visible()
        # Here are the parts that only a narrow window shows: the bar at the top, the folded table.
        assert_accessible_and_fits(seat, narrow_in_dark=path == "/api-keys")


def test_an_error_page_is_accessible(world: World, visit: Visitor) -> None:
    window = visit(world.person("Ada"))
    page = window.go("/nothing")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    window.assert_accessible()
    # Chromium itself notes a page that was not found.
    assert all(re.search("404", complaint) for complaint in window.complaints)
    window.complaints.clear()


def test_every_dialog_is_accessible_traps_focus_and_gives_it_back(world: World, visit: Visitor) -> None:
    owner = world.person("Ada")
    project = world.project(owner)
    world.key(owner, project)
    window = visit(owner)
    page = window.page
    dialog = page.get_by_role("dialog")
    openers = [("/api-keys", ["Create API Key"]), ("/projects", ["Create project"])]
    openers += [("/api-keys", ["Actions", item]) for item in ("Edit projects", "Revoke")]
    openers += [("/projects", ["Actions", item]) for item in ("Rename", "Settings", "Delete")]
    for path, steps in openers:
        window.go(path)
        for step in steps:
            if step == "Actions":
                page.locator("[data-menu] > summary").first.click()
            else:
                page.get_by_role("link", name=re.compile(step)).first.click()
        expect(dialog).to_be_visible()
        assert dialog.evaluate("dialog => dialog.contains(document.activeElement)"), steps
        window.assert_accessible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        opener = (
            "[data-menu] > summary" if steps[0] == "Actions" else f"main .page-head a:has-text('{steps[0]}')"
        )
        expect(page.locator(opener).first).to_be_focused()


def test_the_keyboard_reaches_the_content_first(world: World, visit: Visitor) -> None:
    page = visit(world.person("Ada")).go("/api-keys")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
