"""The table of API keys, as a person sees it."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, update

from leapter.api_keys import keys, service
from leapter.api_keys.models import ApiKey, ApiKeyUsage
from leapter.api_keys.records import KeyRecord
from leapter.clock import now
from leapter.db import new_id, transaction
from leapter.projects.service import delete_project
from tests.browser.conftest import Visitor
from tests.world import Person, World


def names(page: Page) -> list[str]:
    return page.locator(".key-table tbody .key-name").all_inner_texts()


def used(key: KeyRecord, **values: object) -> None:
    with transaction() as session:
        session.execute(update(ApiKeyUsage).where(ApiKeyUsage.key_id == key.id).values(**values))


def many_keys(person: Person, count: int) -> None:
    made = [
        {
            "id": new_id(),
            "appspace_id": person.appspace_id,
            "name": f"Key {number:05}",
            "digest": keys.digest(new_id()),
            "prefix": f"lpt_{number:08}",
            "created_by_name": person.actor.name,
        }
        for number in range(count)
    ]
    with transaction() as session:
        session.execute(insert(ApiKey), made)


def test_the_sidebar_leads_to_the_keys(world: World, visit: Visitor) -> None:
    page = visit(world.person()).go("/projects")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="API Keys").click()
    expect(page.get_by_role("heading", name="API Keys", level=1)).to_be_visible()
    expect(page.locator("nav [aria-current=page]")).to_have_text("API Keys")


def test_empty_page_says_what_keys_are_for_and_its_button_opens_the_dialog(
    world: World, visit: Visitor
) -> None:
    window = visit(world.person())
    page = window.go("/api-keys")
    expect(page.locator(".empty")).to_contain_text("A program that calls your Blueprints")
    page.get_by_role("link", name="Create API Key").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    window.assert_accessible()


def test_the_columns_stand_in_their_order_and_a_row_has_its_menu(world: World, visit: Visitor) -> None:
    ada = world.person()
    key, secret = world.key(ada, world.project(ada))
    window = visit(ada)
    page = window.go("/api-keys")
    headings = page.locator(".key-table thead th").all_inner_texts()
    assert [each.strip() for each in headings] == [
        *("Name", "Permissions", "Key", "Status", "Last Used", "Created", "Actions"),
    ]
    row = page.locator(f"#key-{key.id}")
    cells = [" ".join(each.split()) for each in row.locator("> *").all_inner_texts()]
    assert cells[:5] == ["Checkout", "Shipping", f"{secret[:12]}…", "Active", "Never"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d by Ada", cells[5])
    boxes = [row.locator(f".column-{name}").bounding_box() for name in ("created", "menu")]
    assert all(boxes)
    row.get_by_label("Actions for Checkout").click()
    expect(row.get_by_role("link", name="Edit projects")).to_be_visible()
    expect(row.get_by_role("link", name="Revoke")).to_be_visible()
    window.assert_accessible()
    page.keyboard.press("Escape")
    expect(row.get_by_role("link", name="Revoke")).to_be_hidden()
    expect(row.locator("summary").last).to_be_focused()


def test_past_two_projects_a_count_opens_the_list(world: World, visit: Visitor) -> None:
    ada = world.person()
    projects = [world.project(ada, name, {}) for name in ("A", "B", "Gamma", "Delta")]
    key, _ = world.key(ada, *projects)
    page = visit(ada).go("/api-keys")
    cell = page.locator(f"#key-{key.id} .column-permissions")
    expect(cell.get_by_text("B", exact=True)).to_be_visible()
    expect(cell.get_by_text("Gamma")).to_be_hidden()
    count = cell.get_by_label("2 more projects")
    count.click()
    expect(cell.get_by_text("Gamma")).to_be_visible()
    page.keyboard.press("Escape")
    expect(cell.get_by_text("Gamma")).to_be_hidden()
    expect(count).to_be_focused()
    count.click()
    expect(cell.get_by_text("Gamma")).to_be_visible()
    page.get_by_role("heading", name="API Keys").click()
    expect(cell.get_by_text("Gamma")).to_be_hidden()


def test_last_use_is_exact_on_hover(world: World, visit: Visitor) -> None:
    ada = world.person()
    key, _ = world.key(ada, world.project(ada))
    used(key, last_used_at=now(), use_count=1)
    page = visit(ada).go("/api-keys")
    time = page.locator(f"#key-{key.id} .column-used time")
    expect(time).to_have_text(re.compile("just now|seconds ago"))
    expect(time).to_have_attribute("title", re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$"))


def test_typing_in_the_search_narrows_the_table_and_the_address_follows(world: World, visit: Visitor) -> None:
    ada = world.person()
    project = world.project(ada)
    for name in ("Nightly", "Notebook"):
        world.key(ada, project, name=name)
    wanted, _ = world.key(ada, project, name="Portal")
    page = visit(ada).go("/api-keys?sort=name")
    search = page.get_by_role("searchbox", name="Search by name or prefix")
    search.press_sequentially("n")
    expect(page.locator(".key-name")).to_have_text(["Nightly", "Notebook"])
    expect(search).to_be_focused()
    search.press_sequentially("igh")
    expect(page.locator(".key-name")).to_have_text(["Nightly"])
    expect(page).to_have_url(re.compile(r"q=nigh\b.*sort=name"))
    page.reload()
    expect(page.locator(".key-name")).to_have_text(["Nightly"])
    expect(search).to_have_value("nigh")
    search.fill(wanted.prefix)
    expect(page.locator(".key-name")).to_have_text(["Portal"])
    search.fill("nothing like it")
    expect(page.get_by_role("heading", name="No key matches")).to_be_visible()
    page.get_by_role("link", name="Clear the search").click()
    expect(page.locator(".key-name")).to_have_count(3)


def test_a_whole_key_typed_into_the_search_never_gets_into_an_address(world: World, visit: Visitor) -> None:
    ada = world.person()
    key, secret = world.key(ada, world.project(ada))
    page = visit(ada).go("/api-keys")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.get_by_role("searchbox").fill(secret)
    expect(page).to_have_url(re.compile(f"q={key.prefix}$"))
    expect(page.locator(".key-name")).to_have_text(["Checkout"])
    assert requested
    assert not [url for url in requested if secret[12:] in url]


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_round(world: World, visit: Visitor) -> None:
    ada = world.person()
    project = world.project(ada)
    for name in ("Beta", "alpha", "Gamma"):
        world.key(ada, project, name=name)
    page = visit(ada).go("/api-keys")
    heading = page.locator("thead .column-name")
    heading.get_by_role("link").click()
    expect(page.locator(".key-name")).to_have_text(["alpha", "Beta", "Gamma"])
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(heading.get_by_role("link")).to_be_focused()
    heading.get_by_role("link").click()
    expect(page.locator(".key-name")).to_have_text(["Gamma", "Beta", "alpha"])
    expect(heading).to_have_attribute("aria-sort", "descending")
    for column in ("permissions", "key", "status", "used", "created"):
        page.locator(f"#sort-{column}").click()
        expect(page.locator(f"thead .column-{column}")).to_have_attribute("aria-sort", re.compile("cending"))
        expect(page).to_have_url(re.compile("/api-keys"))


def test_back_and_forward_walk_through_the_states_of_the_table(world: World, visit: Visitor) -> None:
    ada = world.person()
    project = world.project(ada)
    for name in ("alpha", "Beta"):
        world.key(ada, project, name=name)
    page = visit(ada).go("/api-keys")
    page.locator("#sort-name").click()
    expect(page.locator(".key-name")).to_have_text(["alpha", "Beta"])
    page.locator("#sort-name").click()
    expect(page.locator(".key-name")).to_have_text(["Beta", "alpha"])
    page.go_back()
    expect(page.locator("thead .column-name")).to_have_attribute("aria-sort", "ascending")
    expect(page.locator(".key-name")).to_have_text(["alpha", "Beta"])
    page.go_forward()
    expect(page.locator("thead .column-name")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("link", name="Create API Key").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_fifty_keys_a_page_with_the_state_in_the_address(world: World, visit: Visitor) -> None:
    ada = world.person()
    many_keys(ada, 120)
    page = visit(ada).go("/api-keys?sort=name")
    assert names(page) == [f"Key {number:05}" for number in range(50)]
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".key-name").first).to_have_text("Key 00050")
    expect(page).to_have_url(re.compile("sort=name&page=2"))
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()
    page.reload()
    expect(page.locator(".key-name").first).to_have_text("Key 00050")
    page.get_by_role("link", name="Previous").click()
    expect(page.locator(".key-name").first).to_have_text("Key 00000")


def test_ten_thousand_keys_are_smooth(world: World, visit: Visitor) -> None:
    ada = world.person()
    many_keys(ada, 10_000)
    page = visit(ada).go("/api-keys")
    expect(page.get_by_text("Page 1 of 200")).to_be_visible()
    page.get_by_role("searchbox").fill("Key 09999")
    expect(page.locator(".key-name")).to_have_text(["Key 09999"])
    page.get_by_role("searchbox").fill("")
    expect(page.get_by_text("Page 1 of 200")).to_be_visible()
    page.locator("#sort-name").click()
    expect(page.locator(".key-name").first).to_have_text("Key 00000")


def test_revoked_keys_are_hidden_until_they_are_asked_for(world: World, visit: Visitor) -> None:
    ada = world.person()
    project = world.project(ada)
    world.key(ada, project, name="Kept")
    gone, _ = world.key(ada, project, name="Gone")
    service.revoke_key(ada.actor, gone.id)
    used(gone, refused_count=14, last_refused_at=now())
    window = visit(ada)
    page = window.go("/api-keys")
    assert names(page) == ["Kept"]
    page.get_by_label("Show revoked keys (1)").check()
    row = page.locator(f"#key-{gone.id}")
    expect(row.locator(".column-status")).to_contain_text(f"Revoked {now():%Y-%m-%d}")
    expect(row.locator(".column-status")).to_contain_text("refused 14 times since")
    expect(page).to_have_url(re.compile("revoked=1"))
    window.assert_accessible()
    page.get_by_label("Show revoked keys").uncheck()
    expect(page.locator(".key-name")).to_have_text(["Kept"])


@pytest.mark.parametrize("width", [320, 360, 390])
def test_narrow_the_table_stays_a_table_with_the_rest_behind_each_row(
    world: World, visit: Visitor, width: int
) -> None:
    ada = world.person()
    key, _ = world.key(ada, world.project(ada, "A project with a rather long name"))
    window = visit(ada, viewport={"width": width, "height": 844})
    page = window.go("/api-keys")
    expect(page.get_by_role("columnheader")).to_have_text(["Name", "Status", "Actions"])
    expect(page.get_by_text(key.prefix).locator("visible=true")).to_have_count(1)
    expect(page.get_by_text("A project with a rather long name").locator("visible=true")).to_have_count(0)
    page.get_by_label("More about Checkout").click()
    more = page.locator(".row-more")
    expect(more.get_by_text("A project with a rather long name")).to_be_visible()
    expect(more).to_contain_text("Never")
    expect(more).to_contain_text("by Ada")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    scroll = page.locator(".table-scroll")
    assert scroll.evaluate("element => element.scrollWidth <= element.clientWidth")
    expect(page.locator(f"#menu-{key.id}")).to_be_in_viewport()
    window.assert_accessible()


def test_narrow_a_key_without_a_project_says_so_and_all_columns_sort(world: World, visit: Visitor) -> None:
    ada = world.person()
    project, doomed = world.project(ada, "Shipping", {}), world.project(ada, "Lending", {})
    world.key(ada, project, name="Callable")
    key, _ = world.key(ada, doomed, name="Checkout production")
    delete_project(ada.actor, doomed.id, typed_name="Lending")
    window = visit(ada, viewport={"width": 320, "height": 700})
    page = window.go("/api-keys?sort=name")
    warning = page.get_by_text("No project: it may call nothing").locator("visible=true")
    expect(warning).to_have_count(1)
    sorting = page.get_by_role("navigation", name="Sort by")
    for label, address in (("Key", "key"), ("Permissions", "-permissions"), ("Last Used", "-used")):
        sorting.get_by_role("link", name=label).click()
        expect(page).to_have_url(re.compile(f"sort={address}$"))
        expect(sorting.locator("[aria-current]")).to_contain_text(label)
    sorting.get_by_role("link", name="Created").click()
    expect(page).to_have_url(re.compile("/api-keys$"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    name = page.locator(f"#key-{key.id} .key-name")
    assert name.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert name.evaluate("element => element.clientWidth") > 100  # no word of it is broken
    window.assert_accessible()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(sorting).to_be_hidden()
    expect(warning).to_have_count(1)


def test_printed_the_table_has_all_columns_and_whole_names_and_nothing_to_click(
    world: World, visit: Visitor
) -> None:
    ada = world.person()
    names = ["A project with a very long name indeed", "Beta", "Gamma", "Delta"]
    key, _ = world.key(ada, *(world.project(ada, name, {}) for name in names), name="Nightly reconciliation")
    page = visit(ada, viewport={"width": 720, "height": 1000}, color_scheme="dark").go("/api-keys")
    page.emulate_media(media="print", color_scheme="dark")
    row = page.locator(f"#key-{key.id}")
    for column in ("name", "permissions", "key", "status", "used", "created"):
        expect(row.locator(f".column-{column}")).to_be_visible()
    for name in names:
        chip = row.locator(".project-chip-name", has_text=name)
        expect(chip).to_be_visible()
        assert chip.evaluate("element => element.scrollWidth <= element.clientWidth || !element.clientWidth")
    for hidden in (".toolbar", ".button", ".menu", ".sort-by", ".row-more", ".more-chips > summary"):
        expect(page.locator(f".main {hidden}").locator("visible=true")).to_have_count(0)
    assert row.locator("th").evaluate("cell => cell.clientWidth") > 90  # no word of the name is broken
    assert row.locator(".key-name").evaluate("name => getComputedStyle(name).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
