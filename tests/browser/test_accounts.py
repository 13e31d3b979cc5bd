"""Set-up, sign-in and account, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit, Visitor
from tests.servers import Server
from tests.world import PASSWORD, World


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has an account on."""
    with Server(tmp_path, workers=1) as server:
        yield server


def test_the_link_from_the_terminal_leads_to_the_projects(new_server: Server, browser: Browser) -> None:
    found = re.search(r"http://\S+/setup\?token=\S+", new_server.log())
    assert found is not None
    with browser.new_context() as context:
        window = Visit(page=context.new_page(), context=context, url=new_server.url)
        page = window.go("/")
        expect(page.get_by_role("heading")).to_have_text("Leapter is ready to be set up")
        window.assert_accessible()
        page.goto(found[0])
        window.assert_accessible()
        page.get_by_label("Your name").fill("Ada")
        page.get_by_label("E-mail").fill("ada@example.com")
        password = page.get_by_label("Password", exact=True)
        password.fill("too short")
        page.get_by_role("button", name="Show password").click()
        expect(password).to_have_attribute("type", "text")
        page.get_by_role("button", name="Create account").click()
        expect(page.get_by_text("Choose a password of at least 12 characters.")).to_be_visible()
        expect(password).to_be_focused()
        expect(password).to_have_attribute("type", "password")
        window.assert_accessible()
        password.fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        expect(page).to_have_url(f"{new_server.url}/projects")
        expect(page.get_by_text("Welcome, Ada. Leapter is set up.")).to_be_visible()
        expect(page.get_by_role("link", name="Parcel Shipping")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_signs_in_and_out(visit: Visitor, world: World, scripts: bool) -> None:
    ada = world.person("Ada")
    page = visit(java_script_enabled=scripts).go("/account")
    page.get_by_label("E-mail").fill(ada.user.email)
    page.get_by_label("Password").fill("wrong, quite wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("The e-mail address or the password is wrong.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value(ada.user.email)
    expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_account_page_is_accessible_and_fits(visit: Visitor, world: World, width: int) -> None:
    window = visit(world.person("Ada"), viewport={"width": width, "height": 844})
    page = window.go("/account")
    window.assert_accessible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Current password").fill("wrong, quite wrong")
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("This is not your current password.")).to_be_visible()
    window.assert_accessible()


def test_a_page_that_was_left_open_leads_to_the_sign_in_page(visit: Visitor, world: World) -> None:
    ada = world.person("Ada")
    window = visit(ada)
    page = window.go("/projects")
    ada.client.post("/sign-out")
    page.get_by_role("link", name="Create project").first.click()
    expect(page).to_have_url(f"{window.url}/sign-in?next=/projects&ended=idle")
    expect(page.get_by_role("main")).to_contain_text("Your session has ended")
    window.complaints.clear()  # Chromium itself writes the 401 to the console
