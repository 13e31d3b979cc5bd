"""When the network, the session or another person comes in between: what the page says, and shows."""

import re

from playwright.sync_api import Page, Route, expect

from leapter.accounts.models import SignInSession
from leapter.api_keys import service as api_keys
from leapter.db import transaction
from tests.browser.conftest import Visitor
from tests.world import World


def open_menu(page: Page, item: str) -> None:
    page.locator("[data-menu] > summary").first.click()
    page.get_by_role("link", name=item).click()


def test_a_lost_answer_is_not_taken_for_nothing_done(world: World, visit: Visitor) -> None:
    owner = world.person("Ada")
    world.key(owner, world.project(owner), name="Nightly")
    window = visit(owner)
    page = window.go("/api-keys")

    def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/revoke*", lose_the_answer)
    open_menu(page, "Revoke")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Revoke key").click()
    expect(dialog.get_by_role("alert")).to_contain_text("not known whether this was done")
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("row", name=re.compile("Nightly"))).to_have_count(0)
    assert any("ERR_FAILED" in complaint for complaint in window.complaints)
    window.complaints.clear()


def test_closing_a_dialog_that_was_too_late_shows_the_present_state(world: World, visit: Visitor) -> None:
    owner = world.person("Ada")
    key, _ = world.key(owner, world.project(owner), name="Nightly")
    page = visit(owner).go("/api-keys")
    open_menu(page, "Revoke")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nightly")
    api_keys.revoke_key(owner.actor, key.id)
    dialog.get_by_role("button", name="Revoke key").click()
    expect(dialog).to_contain_text("already revoked")
    page.keyboard.press("Escape")
    expect(page.get_by_role("row", name=re.compile("Nightly"))).to_have_count(0)


def test_an_ended_session_is_explained_where_one_signs_in(world: World, visit: Visitor) -> None:
    owner = world.person("Ada")
    window = visit(owner)
    page = window.go("/projects/new")
    with transaction() as session:
        session.query(SignInSession).filter_by(user_id=owner.user.id).delete()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(page.get_by_role("main")).to_contain_text("Your session has ended")
    expect(page.get_by_role("main")).to_contain_text("What you sent was not done")
    # Chromium itself notes the 401 that sent the page here.
    assert all("401" in complaint for complaint in window.complaints)
    window.complaints.clear()


def test_a_menu_opened_and_closed_at_once_or_left_by_tab_does_no_harm(world: World, visit: Visitor) -> None:
    owner = world.person("Ada")
    world.key(owner, world.project(owner))
    page = visit(owner).go("/api-keys")
    dots = page.locator("[data-menu] > summary").first
    dots.dblclick()
    dots.click()
    expect(page.get_by_role("link", name="Revoke")).to_be_visible()
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Revoke")).to_be_hidden()


def test_an_expired_form_is_told_inside_the_dialog(world: World, visit: Visitor) -> None:
    owner = world.person("Ada")
    world.project(owner)
    window = visit(owner)
    page = window.go("/projects")
    page.get_by_role("link", name="Create project").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Returns")
    dialog.locator("[name=csrf_token]").evaluate("field => field.value = 'of another session'")
    dialog.get_by_role("button", name=re.compile("Create")).click()
    expect(dialog.get_by_role("alert")).to_contain_text("form has expired")
    expect(dialog.get_by_label("Name")).to_have_value("Returns")
