"""API keys with JavaScript switched off: every list, dialog and action works."""

import re

import pytest
from playwright.sync_api import Error, Page, expect

from leapter.api_keys import keys, listing, service
from leapter.api_keys.records import KeyQuery
from leapter.db import db
from tests.browser.conftest import Visit, Visitor
from tests.world import Person, World


def plain(visit: Visitor, person: Person) -> Visit:
    return visit(person, java_script_enabled=False)


def fill_in(page: Page) -> None:
    page.get_by_role("link", name="Create API Key").click()
    expect(page).to_have_url(re.compile("/api-keys/new$"))
    page.get_by_label("Key Name").fill("Checkout")
    page.get_by_label("Shipping").check()


def test_a_key_is_created_shown_once_and_marked_in_the_table(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    page = plain(visit, ada).go("/api-keys")
    fill_in(page)
    page.get_by_role("button", name="Create Key").click()
    secret = page.get_by_label("API key", exact=True).input_value()
    assert keys.is_well_formed(secret)
    expect(page.get_by_role("region", name=re.compile("^curl line"))).to_contain_text(secret)
    # Nothing but its button leads away from the key: the links open another tab.
    for link in page.locator("main").get_by_role("link").all():
        expect(link).to_have_attribute("target", "_blank")
    assert page.locator("main").get_by_role("button").all_inner_texts()[-1] == "I have stored this key"
    page.get_by_role("button", name="I have stored this key").click()
    row = page.locator("tr.is-new")
    expect(row).to_contain_text("Checkout")
    expect(row).to_be_focused()
    assert secret[12:] not in page.content()
    # Chromium has not kept the answer to the form, and offers to send it again.
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()
    expect(page).to_have_url(re.compile("^chrome-error:"))  # its own page, which comes a moment later
    assert secret[12:] not in page.content()


def test_reload_of_the_key_shows_it_no_more_and_makes_no_second(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    page = plain(visit, ada).go("/api-keys")
    fill_in(page)
    page.get_by_role("button", name="Create Key").click()
    secret = page.get_by_label("API key", exact=True).input_value()
    page.reload()
    expect(page.locator("#dialog-title")).to_have_text("This key was already created")
    assert secret[12:] not in page.content()
    db.session.rollback()
    assert listing.list_keys(ada.actor, KeyQuery()).existing == 1
    page.get_by_role("link", name="Revoke this key").click()
    page.get_by_role("button", name="Revoke key").click()
    expect(page.get_by_text("is revoked. Every request with it is refused")).to_be_visible()


def test_every_line_is_there_to_read_where_none_can_be_chosen(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada, "Shipping")
    world.project(ada, "Lending")
    page = plain(visit, ada).go("/api-keys")
    fill_in(page)
    page.get_by_label("Lending").check()
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_label("Project and Blueprint")).to_be_hidden()
    expect(page.locator("[data-call]:visible")).to_have_count(2)


def test_the_projects_are_changed_after_a_step_that_says_what_changes(world: World, visit: Visitor) -> None:
    ada = world.person()
    key, _ = world.key(ada, world.project(ada))
    world.project(ada, "Lending", {})
    page = plain(visit, ada).go("/api-keys?sort=name")
    row = page.locator(f"#key-{key.id}")
    row.get_by_label("Actions for Checkout").click()
    row.get_by_role("link", name="Edit projects").click()
    page.get_by_label("Lending").check()
    page.get_by_label("Shipping").uncheck()
    page.get_by_role("button", name="Save projects").click()
    expect(page.get_by_text("Added: Lending")).to_be_visible()
    expect(page.get_by_text("Taken away: Shipping")).to_be_visible()
    page.get_by_role("button", name="Save projects").click()
    expect(row.locator(".column-permissions")).to_have_text("Lending")
    expect(page).to_have_url(re.compile(r"\?sort=name$"))


def test_a_key_is_revoked_and_found_again_among_the_revoked(world: World, visit: Visitor) -> None:
    ada = world.person()
    project = world.project(ada)
    key, _ = world.key(ada, project)
    world.key(ada, project, name="Other")
    page = plain(visit, ada).go("/api-keys")
    row = page.locator(f"#key-{key.id}")
    row.get_by_label("Actions for Checkout").click()
    row.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke key").click()
    expect(page.locator(".key-name")).to_have_text(["Other"])
    page.get_by_label("Show revoked keys (1)").check()
    page.get_by_role("searchbox").fill("check")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".key-name")).to_have_text(["Checkout"])
    page.locator("#sort-name").click()
    expect(page.locator("thead .column-name")).to_have_attribute("aria-sort", "ascending")
    expect(page).to_have_url(re.compile("q=check&sort=name&revoked=1"))


def test_what_was_changed_meanwhile_is_said(world: World, visit: Visitor) -> None:
    ada = world.person()
    key, _ = world.key(ada, world.project(ada))
    page = plain(visit, ada).go(f"/api-keys/{key.id}/projects")
    service.revoke_key(ada.actor, key.id)
    page.get_by_role("button", name="Save projects").click()
    expect(page.get_by_text("was revoked by Ada at 2")).to_be_visible()
