"""Editing the projects of a key, revoking it, and what others changed meanwhile."""

import json
import re
import time
import urllib.error
import urllib.request

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from leapter.api_keys import service
from leapter.api_keys.models import ApiKeyUsage
from leapter.api_keys.records import KeyRecord
from leapter.clock import now
from leapter.db import transaction
from leapter.projects.service import delete_project
from tests.browser.conftest import Visitor
from tests.servers import Server
from tests.world import StoredProject, World

INPUTS = {"weight_kg": 2}


def call(server: Server, secret: str, project: StoredProject) -> int:
    """Call the project's Blueprint with a key; return the status."""
    blueprint = project.blueprints["parcel-price"]
    request = urllib.request.Request(
        f"{server.url}/runtime/api/v1/{project.appspace_id}/{project.id}/models/{blueprint}/runs",
        data=json.dumps(INPUTS).encode(),
        headers={"X-API-Key": secret, "Content-Type": "application/json", "User-Agent": "till/1.0"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def choose(page: Page, key: KeyRecord, item: str) -> Locator:
    """Open the row's menu and choose an item; return the dialog."""
    row = page.locator(f"#key-{key.id}")
    row.get_by_label(f"Actions for {key.name}").click()
    row.get_by_role("link", name=item).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


# ---- edit projects ----


def test_editing_tells_what_changes_and_the_key_goes_on_with_the_new_set(
    world: World, visit: Visitor, server: Server
) -> None:
    ada = world.person()
    shipping, lending = world.project(ada, "Shipping"), world.project(ada, "Lending")
    key, secret = world.key(ada, shipping)
    assert (call(server, secret, shipping), call(server, secret, lending)) == (200, 403)
    window = visit(ada)
    page = window.go("/api-keys?sort=name")
    dialog = choose(page, key, "Edit projects")
    expect(dialog.get_by_label("Shipping")).to_be_checked()
    expect(dialog.get_by_label("Lending")).not_to_be_checked()
    expect(dialog.locator("[data-scope-change]")).to_have_text("No change yet.")
    dialog.get_by_label("Lending").check()
    expect(dialog.locator(".scope-added")).to_have_text("Added: Lending")
    dialog.get_by_label("Shipping").uncheck()
    expect(dialog.locator(".scope-removed")).to_have_text("Taken away: Shipping")
    window.assert_accessible()
    dialog.get_by_role("button", name="Save projects").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("may now call 1 project")
    expect(page.locator(f"#key-{key.id} .column-permissions")).to_have_text("Lending")
    expect(page).to_have_url(re.compile(r"/api-keys\?sort=name$"))
    expect(page.locator(f"#menu-{key.id} summary")).to_be_focused()
    assert (call(server, secret, shipping), call(server, secret, lending)) == (403, 200)


def test_change_told_while_ticking_tells_projects_of_one_name_apart(world: World, visit: Visitor) -> None:
    ada = world.person()
    first, second = world.project(ada, "Shipping", {}), world.project(ada, "Shipping", {})
    key, _ = world.key(ada, first)
    window = visit(ada)
    dialog = choose(window.go("/api-keys"), key, "Edit projects")
    dialog.get_by_label(f"Shipping {first.id[:8]}").uncheck()
    dialog.get_by_label(f"Shipping {second.id[:8]}").check()
    change = dialog.locator("[data-scope-change]")
    expect(change).to_contain_text(f"Added: Shipping {second.id[:8]}")
    expect(change).to_contain_text(f"Taken away: Shipping {first.id[:8]}")
    window.assert_accessible()


def test_at_least_one_project_has_to_stay(world: World, visit: Visitor) -> None:
    ada = world.person()
    key, _ = world.key(ada, world.project(ada))
    page = visit(ada).go("/api-keys")
    dialog = choose(page, key, "Edit projects")
    dialog.get_by_label("Shipping").uncheck()
    dialog.get_by_role("button", name="Save projects").click()
    expect(dialog.get_by_text("Choose at least one project.")).to_be_visible()
    expect(dialog.locator(".scope-removed")).to_have_text("Taken away: Shipping")


# ---- revoke ----


def test_revoking_shows_what_would_break_and_ends_it_at_once(
    world: World, visit: Visitor, server: Server
) -> None:
    ada = world.person()
    shipping = world.project(ada)
    key, secret = world.key(ada, shipping)
    with transaction() as session:
        session.execute(
            update(ApiKeyUsage)
            .where(ApiKeyUsage.key_id == key.id)
            .values(
                use_count=1234,
                last_used_at=now(),
                last_used_agent="till/1.0",
                last_used_address="203.0.113.7",
            )
        )
    window = visit(ada)
    page = window.go("/api-keys")
    dialog = choose(page, key, "Revoke")
    told = ("Checkout", key.prefix, "Shipping", "1,234 times", "till/1.0", "203.0.113.7", "no way back")
    for fact in told:
        expect(dialog).to_contain_text(fact)
    expect(dialog.get_by_role("link", name="Keep the key")).to_be_focused()
    window.assert_accessible()
    assert call(server, secret, shipping) == 200
    dialog.get_by_role("button", name="Revoke key").click()
    expect(page.locator("#toasts")).to_contain_text(
        "is revoked. Every request with it is refused from now on."
    )
    assert [call(server, secret, shipping) for _ in range(6)] == [401] * 6
    expect(dialog).to_be_hidden()
    expect(page.locator(f"#key-{key.id}")).to_have_count(0)
    expect(page.get_by_role("heading", name="No key is in use")).to_be_visible()
    page.get_by_role("link", name="Show 1 revoked key").click()
    row = page.locator(f"#key-{key.id}")
    expect(row.locator(".column-status")).to_contain_text("Revoked")
    row.get_by_label("Actions for Checkout").click()
    expect(row.get_by_role("link", name="Details")).to_be_visible()
    expect(row.get_by_role("link", name="Revoke")).to_have_count(0)


def test_where_revoked_keys_are_shown_the_row_turns(world: World, visit: Visitor) -> None:
    ada = world.person()
    key, _ = world.key(ada, world.project(ada))
    page = visit(ada).go("/api-keys?revoked=1")
    choose(page, key, "Revoke").get_by_role("button", name="Revoke key").click()
    expect(page.locator(f"#key-{key.id} .column-status")).to_contain_text(f"Revoked {now():%Y-%m-%d}")
    expect(page).to_have_url(re.compile(r"\?revoked=1$"))


def test_a_key_can_be_kept_after_all(world: World, visit: Visitor, server: Server) -> None:
    ada = world.person()
    shipping = world.project(ada)
    key, secret = world.key(ada, shipping)
    page = visit(ada).go("/api-keys")
    dialog = choose(page, key, "Revoke")
    dialog.get_by_role("link", name="Keep the key").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(f"#menu-{key.id} summary")).to_be_focused()
    assert call(server, secret, shipping) == 200


def test_uses_of_a_revoked_key_show_on_its_row(world: World, visit: Visitor, server: Server) -> None:
    ada = world.person()
    shipping = world.project(ada)
    key, secret = world.key(ada, shipping)
    service.revoke_key(ada.actor, key.id)
    assert [call(server, secret, shipping) for _ in range(3)] == [401] * 3
    page = visit(ada).go("/api-keys?revoked=1")
    status = page.locator(f"#key-{key.id} .column-status")
    deadline = time.monotonic() + 10
    while "3 times" not in status.inner_text() and time.monotonic() < deadline:
        page.reload()  # the bookkeeping may be up to a second late, and nothing tells when it is there
    expect(status).to_contain_text("refused 3 times since")
    page.locator(f"#key-{key.id} .key-name").click()
    expect(page.get_by_role("region", name="Refused since it was revoked")).to_contain_text("till/1.0")


# ---- changed meanwhile ----


def test_edit_of_what_somebody_else_has_changed_shows_the_present_state(world: World, visit: Visitor) -> None:
    ada = world.person()
    grace = world.member(ada)
    shipping, lending = world.project(ada, "Shipping", {}), world.project(ada, "Lending", {})
    world.project(ada, "Tax", {})
    key, _ = world.key(ada, shipping)
    window = visit(ada)
    page = window.go("/api-keys")
    dialog = choose(page, key, "Edit projects")
    service.set_projects(grace.actor, key.id, [lending.id])
    dialog.get_by_label("Tax").check()
    dialog.get_by_role("button", name="Save projects").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Grace changed what this key may call")
    expect(dialog.get_by_label("Lending")).to_be_checked()
    expect(dialog.get_by_label("Tax")).not_to_be_checked()
    window.assert_accessible()
    dialog.get_by_label("Tax").check()
    dialog.get_by_role("button", name="Save projects").click()
    expect(page.locator(f"#key-{key.id} .column-permissions")).to_contain_text("Tax")


def test_menu_of_an_old_table_says_that_the_key_was_revoked(world: World, visit: Visitor) -> None:
    ada = world.person()
    grace = world.member(ada)
    key, _ = world.key(ada, world.project(ada))
    window = visit(ada)
    page = window.go("/api-keys")
    service.revoke_key(grace.actor, key.id)
    for item in ("Edit projects", "Revoke"):
        dialog = choose(page, key, item)
        expect(dialog).to_contain_text("was revoked by Grace at 2")
        window.assert_accessible()
        page.keyboard.press("Escape")
    choose(page, key, "Revoke").get_by_role("link", name="Show the present state").click()
    expect(page.get_by_role("heading", name="No key is in use")).to_be_visible()


def test_revoking_what_another_tab_has_revoked_says_so(world: World, visit: Visitor) -> None:
    ada = world.person()
    key, _ = world.key(ada, world.project(ada))
    window = visit(ada)
    page = window.go("/api-keys")
    other = window.new_tab()
    other.goto(window.url + "/api-keys")
    dialog = choose(page, key, "Revoke")
    choose(other, key, "Revoke").get_by_role("button", name="Revoke key").click()
    expect(other.locator("#toasts")).to_contain_text("is revoked")
    dialog.get_by_role("button", name="Revoke key").click()
    expect(dialog).to_contain_text("was revoked by Ada at 2")


def test_edit_after_a_project_was_deleted_names_it(world: World, visit: Visitor) -> None:
    ada = world.person()
    shipping, lending = world.project(ada, "Shipping", {}), world.project(ada, "Lending", {})
    key, _ = world.key(ada, shipping, lending)
    page = visit(ada).go("/api-keys")
    dialog = choose(page, key, "Edit projects")
    delete_project(ada.actor, lending.id, typed_name="Lending")
    dialog.get_by_label("Shipping").uncheck()
    dialog.get_by_role("button", name="Save projects").click()
    expect(dialog.get_by_role("alert")).to_contain_text("the project Lending was deleted")
    expect(dialog.get_by_label("Lending")).to_have_count(0)
    expect(dialog.get_by_label("Shipping")).to_be_checked()


# ---- one key's page ----


def test_the_page_of_a_key_tells_what_it_could_call_and_who_changed_that(
    world: World, visit: Visitor
) -> None:
    ada = world.person()
    key, _ = world.key(ada, world.project(ada, "Shipping", {}))
    world.project(ada, "Lending", {})
    window = visit(ada)
    page = window.go("/api-keys")
    page.locator(f"#key-{key.id}").get_by_role("link", name="Checkout").click()
    page.get_by_role("link", name="Edit projects").click()
    page.get_by_role("dialog").get_by_label("Lending").check()
    page.get_by_role("button", name="Save projects").click()
    history = page.get_by_role("region", name="What it could call, and when").locator("li")
    expect(history.first).to_contain_text("From then on: Lending, Shipping")
    expect(page).to_have_url(re.compile(f"/api-keys/{key.id}$"))
    window.assert_accessible()
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke key").click()
    expect(history.first).to_contain_text("Revoked by Ada")
    expect(page.get_by_role("link", name="Edit projects")).to_have_count(0)
    window.assert_accessible()
