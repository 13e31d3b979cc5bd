"""Creating an API key, and the one time that it is shown."""

import itertools
import json
import re
import shlex
import urllib.request

import pytest
from playwright.sync_api import Dialog, Error, Page, Route, expect

from leapter.api_keys import keys, listing
from leapter.api_keys.records import KeyQuery
from leapter.db import db
from tests.browser.conftest import Visit, Visitor
from tests.servers import Server
from tests.world import Person, World

# All that a page holds: what it says, what its fields hold, what it has put aside.
EVERYTHING = """() => [
  document.documentElement.outerHTML,
  ...[...document.querySelectorAll("input, textarea")].map((field) => field.value),
  JSON.stringify(localStorage), JSON.stringify(sessionStorage), JSON.stringify(history.state), location.href,
].join("\\n")"""


def open_form(window: Visit, path: str = "/api-keys") -> Page:
    page = window.go(path)
    page.get_by_role("link", name="Create API Key").click()
    expect(page.get_by_role("dialog", name="Create API Key")).to_be_visible()
    return page


def create(window: Visit, name: str = "Checkout", path: str = "/api-keys") -> str:
    """Create a key for the first project; return what is shown as its secret."""
    page = open_form(window, path)
    page.get_by_label("Key Name").fill(name)
    page.locator("[name=projects]").first.check()
    page.get_by_role("button", name="Create Key").click()
    field = page.get_by_label("API key", exact=True)
    expect(field).to_be_visible()
    secret = field.input_value()
    assert keys.is_well_formed(secret)
    return secret


def store(page: Page) -> None:
    page.get_by_role("button", name="I have stored this key").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def assert_holds_no(secret: str, page: Page) -> None:
    # A step back can lead on to another document: the one that is looked at then gives way meanwhile.
    for _ in range(20):
        try:
            everything = page.evaluate(EVERYTHING)
            break
        except Error:
            page.wait_for_load_state()
    assert secret[12:] not in everything


def key_names(person: Person) -> list[str]:
    db.session.rollback()
    return [row.name for row in listing.list_keys(person.actor, KeyQuery()).rows]


# ---- the form ----


def test_the_dialog_asks_for_a_name_and_projects(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    page = open_form(window)
    expect(page.get_by_label("Key Name")).to_be_focused()
    expect(page.get_by_role("group", name="Projects")).to_be_visible()
    expect(page.get_by_role("button", name="Create Key")).to_be_visible()
    window.assert_accessible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="Create API Key")).to_be_focused()


def test_faults_are_told_in_the_dialog_beside_their_fields(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    page = open_form(window)
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_text("Give the key a name that says who will use it.")).to_be_visible()
    expect(page.get_by_text("Choose at least one project.")).to_be_visible()
    expect(page.get_by_label("Key Name")).to_be_focused()
    window.assert_accessible()
    page.get_by_label("Key Name").fill("Checkout")
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_text("Give the key a name")).to_have_count(0)
    expect(page.get_by_label("Key Name")).to_have_value("Checkout")
    page.locator("[name=projects]").check()
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_role("heading", name="Your new API key")).to_be_visible()


def test_a_name_has_a_hundred_characters_at_most(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    page = open_form(visit(ada))
    page.get_by_label("Key Name").press_sequentially("x" * 105)
    expect(page.get_by_label("Key Name")).to_have_value("x" * 100)
    page.locator("[name=projects]").check()
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_role("heading", name="Your new API key")).to_be_visible()


def test_a_name_in_use_gets_a_hint_while_typing_and_is_no_obstacle(world: World, visit: Visitor) -> None:
    ada = world.person()
    key, _ = world.key(ada, world.project(ada), name="Checkout")
    window = visit(ada)
    page = open_form(window)
    page.get_by_label("Key Name").press_sequentially("checkout")
    expect(page.locator("#name-hint")).to_contain_text(f"already a key called “Checkout” ({key.prefix}")
    window.assert_accessible()
    page.get_by_label("Key Name").press_sequentially(" 2")
    expect(page.locator("#name-hint")).to_be_empty()
    page.get_by_label("Key Name").fill("Checkout")
    page.locator("[name=projects]").check()
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_role("heading", name="Your new API key")).to_be_visible()


def test_a_key_pasted_as_a_name_never_gets_into_an_address(world: World, visit: Visitor) -> None:
    ada = world.person()
    _, secret = world.key(ada, world.project(ada))
    page = open_form(visit(ada))
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.get_by_label("Key Name").fill("one")
    expect(page.locator("#name-hint")).to_be_empty()
    page.get_by_label("Key Name").fill(secret)
    page.locator("[name=projects]").check()
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_text("This holds an API key itself.")).to_be_visible()
    assert requested
    assert not [url for url in requested if secret[12:] in url]


def test_the_projects_can_be_filtered_and_ticked_all_at_once(world: World, visit: Visitor) -> None:
    ada = world.person()
    for name in ("Parcel shipping", "Parcel returns", "Lending"):
        world.project(ada, name, {})
    page = open_form(visit(ada))
    expect(page.get_by_text("0 of 3 chosen")).to_be_visible()
    page.get_by_label("Filter projects").fill("PARCEL")
    expect(page.get_by_label("Lending")).to_be_hidden()
    page.get_by_label("All", exact=True).check()
    expect(page.get_by_text("2 of 3 chosen")).to_be_visible()
    page.get_by_label("Filter projects").fill("nothing")
    expect(page.get_by_text("No project has that in its name.")).to_be_visible()
    page.get_by_label("Filter projects").press("Enter")
    expect(page.get_by_label("Filter projects")).to_be_visible()
    page.get_by_label("Filter projects").fill("")
    expect(page.get_by_label("Lending")).not_to_be_checked()
    expect(page.get_by_label("Parcel returns")).to_be_checked()
    assert page.get_by_label("All", exact=True).evaluate("box => box.indeterminate")


def test_without_a_project_there_is_a_hint_and_a_link(world: World, visit: Visitor) -> None:
    page = open_form(visit(world.person()))
    expect(page.get_by_text("There is no project yet")).to_be_visible()
    expect(page.get_by_role("button", name="Create Key")).to_have_count(0)
    page.get_by_role("link", name="Create or import a project").click()
    expect(page).to_have_url(re.compile("/projects$"))


# ---- never two keys ----


def test_a_double_click_makes_one_key(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    page = open_form(visit(ada))
    page.get_by_label("Key Name").fill("Once")
    page.locator("[name=projects]").check()
    page.get_by_role("button", name="Create Key").dblclick()
    expect(page.get_by_role("heading", name="Your new API key")).to_be_visible()
    store(page)
    assert key_names(ada) == ["Once"]


def test_enter_pressed_many_times_makes_one_key(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    page = open_form(visit(ada))
    page.locator("[name=projects]").check()
    page.get_by_label("Key Name").fill("Once")
    for _ in range(4):
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your new API key")).to_be_visible()
    store(page)
    assert key_names(ada) == ["Once"]


def test_an_answer_lost_on_the_way_and_sent_again_makes_no_second_key(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    page = open_form(window)

    def lose(route: Route) -> None:
        route.fetch()  # it reaches the server; its answer does not reach the page
        route.abort()

    page.get_by_label("Key Name").fill("Once")
    page.locator("[name=projects]").check()
    page.route("**/api-keys/new", lose, times=1)
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_text("The connection broke before the server answered")).to_be_visible()
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_role("heading", name="This key was already created")).to_be_visible()
    window.assert_accessible()
    assert key_names(ada) == ["Once"]
    page.get_by_role("link", name="Revoke this key").click()
    page.get_by_role("button", name="Revoke key").click()
    expect(page.locator("#toasts")).to_contain_text("is revoked")
    lost = re.compile("ERR_FAILED|htmx:sendError|htmx:afterRequest")
    window.complaints[:] = [each for each in window.complaints if not lost.search(each)]


# ---- the reveal ----


def test_the_key_is_shown_whole_with_advice_and_only_one_way_on(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    secret = create(window)
    page = window.page
    dialog = page.get_by_role("dialog", name="Your new API key")
    field = page.get_by_label("API key", exact=True)
    expect(field).to_have_attribute("readonly", "")
    assert field.evaluate("field => getComputedStyle(field).fontFamily").find("mono") >= 0
    assert field.evaluate("field => field.scrollWidth <= field.clientWidth")
    for advice in ("secret store", "public repository", "client-side code", "Lost means a new one"):
        expect(dialog).to_contain_text(advice)
    expect(dialog.get_by_role("button", name="Close")).to_have_count(0)
    expect(dialog.get_by_role("link", name="Cancel")).to_have_count(0)
    window.assert_accessible()
    store(page)
    assert_holds_no(secret, page)


def test_copy_puts_the_key_on_the_clipboard_and_says_so(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada, permissions=["clipboard-read", "clipboard-write"])
    secret = create(window)
    page = window.page
    copy = page.locator("[data-copy=new-key]")
    copy.click()
    expect(copy).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    expect(copy).to_have_text("Copy")


def test_where_the_clipboard_is_refused_the_key_is_selected(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    secret = create(window)
    page = window.page
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
    copy = page.locator("[data-copy=new-key]")
    copy.click()
    expect(copy).to_contain_text("Selected")
    field = page.get_by_label("API key", exact=True)
    expect(field).to_be_focused()
    selected = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert field.evaluate(selected) == secret


def test_the_curl_line_of_the_chosen_blueprint_runs_it_with_this_key(
    world: World, visit: Visitor, server: Server
) -> None:
    ada = world.person()
    shipping = world.project(ada, "Shipping")
    lending = world.project(ada, "Lending")
    window = visit(ada, permissions=["clipboard-read", "clipboard-write"])
    page = open_form(window)
    page.get_by_label("Key Name").fill("Checkout")
    page.get_by_label("All", exact=True).check()
    page.get_by_role("button", name="Create Key").click()
    choice = page.get_by_label("Project and Blueprint")
    secret = page.get_by_label("API key", exact=True).input_value()
    for project in (lending, shipping):
        option = choice.locator(f"optgroup[label={project.name}] option")
        choice.select_option(value=option.get_attribute("value"))
        expect(page.locator("[data-call]:visible")).to_have_count(1)
        page.locator("[data-call]:visible").get_by_role("button", name="Copy").click()
        expect(page.locator("[data-call]:visible").get_by_role("button")).to_have_text("Copied")
        words = shlex.split(page.evaluate("navigator.clipboard.readText()").replace("\\\n", " "))
        assert words[0] == "curl"
        blueprint = project.blueprints["parcel-price"]
        path = f"/runtime/api/v1/{ada.appspace_id}/{project.id}/models/{blueprint}/runs"
        assert words[1] == server.url + path
        headers = dict(word.split(": ") for flag, word in itertools.pairwise(words) if flag == "-H")
        assert headers["X-API-Key"] == secret
        request = urllib.request.Request(words[1], data=words[-1].encode(), headers=headers)
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["outputData"]


def test_nothing_but_its_button_closes_the_key(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    secret = create(window)
    page = window.page
    dialog = page.get_by_role("dialog", name="Your new API key")
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("The key is gone when this closes")
    page.mouse.click(5, 5)
    page.mouse.click(1270, 850)
    expect(dialog).to_be_visible()
    # What a browser does that knows neither `closedby` nor a prevented cancel.
    page.evaluate("document.getElementById('dialog').close()")
    expect(dialog).to_be_visible()
    expect(page.get_by_label("API key", exact=True)).to_have_value(secret)
    store(page)


def test_back_keeps_the_key_on_the_screen(world: World, visit: Visitor) -> None:
    ada = world.person()
    project = world.project(ada)
    world.key(ada, project, name="Earlier")
    window = visit(ada)
    page = window.go("/api-keys")
    page.locator("#sort-name").click()
    expect(page).to_have_url(re.compile("sort=name"))
    page.get_by_role("link", name="Create API Key").click()
    page.get_by_label("Key Name").fill("Checkout")
    page.locator("[name=projects]").check()
    page.get_by_role("button", name="Create Key").click()
    field = page.get_by_label("API key", exact=True)
    expect(field).to_be_visible()
    secret = field.input_value()
    page.evaluate("history.back()")
    expect(page.locator("[data-leaving]")).to_contain_text("Store it first")
    expect(field).to_have_value(secret)
    expect(page).to_have_url(re.compile("sort=name"))
    store(page)
    assert_holds_no(secret, page)


def test_leaving_the_page_asks_while_the_key_is_shown(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    secret = create(window)
    page = window.page
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.evaluate("location.assign('/projects')")
    expect(page.get_by_label("API key", exact=True)).to_have_value(secret)
    page.wait_for_function("() => true")
    assert asked == ["beforeunload"]
    store(page)
    page.goto(window.url + "/projects")
    assert asked == ["beforeunload"]


def test_the_new_row_is_marked_and_has_the_focus(world: World, visit: Visitor) -> None:
    ada = world.person()
    project = world.project(ada)
    world.key(ada, project, name="Earlier")
    window = visit(ada)
    create(window, "Checkout", path="/api-keys?sort=name&q=Earlier")
    page = window.page
    store(page)
    row = page.locator("tr.is-new")
    expect(row).to_contain_text("Checkout")
    expect(row).to_contain_text("New")
    expect(row).to_be_focused()
    expect(page.locator(".key-name")).to_have_text(["Checkout", "Earlier"])
    expect(page).to_have_url(re.compile("/api-keys$"))
    window.assert_accessible()
    page.reload()
    expect(page.locator(".key-name")).to_have_text(["Checkout", "Earlier"])
    expect(page.locator("tr.is-new")).to_have_count(0)


@pytest.mark.parametrize("way", ["back", "reload", "second tab", "leave and come back"])
def test_nothing_brings_the_key_back(world: World, visit: Visitor, way: str) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    window.go("/projects")
    secret = create(window)
    page = window.page
    page.on("dialog", lambda dialog: dialog.accept())
    if way == "leave and come back":
        page.goto(window.url + "/projects")
        page.go_back()
        expect(page.get_by_role("heading", name="API Keys")).to_be_visible()
    else:
        store(page)
        expect(page.locator("tr.is-new")).to_be_visible()
    if way == "back":
        while page.url.startswith(window.url):
            assert_holds_no(secret, page)
            # A page that is still at work when it is left may end the wait for its load.
            page.go_back(wait_until="commit")
            page.wait_for_load_state()
        page.goto(window.url + "/api-keys")
    elif way == "reload":
        page.reload()
    elif way == "second tab":
        address = page.url
        page = window.new_tab()
        page.goto(address)
    expect(page.get_by_role("heading", name="API Keys")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert_holds_no(secret, page)


def test_a_created_key_is_in_no_log_and_no_file_of_the_server(
    world: World, visit: Visitor, server: Server
) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    secret = create(window)
    store(window.page)
    window.go("/api-keys")
    assert "api_key_created" in server.log()
    assert secret[12:] not in server.log()
    stored = [path.read_bytes() for path in server.home.rglob("*") if path.is_file()]
    assert any(keys.digest(secret).encode() in content for content in stored)
    assert not any(secret[12:].encode() in content for content in stored)
    assert not any(secret in str(cookie) for cookie in window.context.cookies())


def test_the_form_opened_by_its_own_address_works_the_same(world: World, visit: Visitor) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    page = window.go("/api-keys/new")
    page.get_by_role("button", name="Create Key").click()
    expect(page.get_by_text("Choose at least one project.")).to_be_visible()
    expect(page.locator("#name")).to_have_count(1)
    page.get_by_label("Key Name").fill("Checkout")
    page.locator("[name=projects]").check()
    page.get_by_role("button", name="Create Key").click()
    secret = page.get_by_label("API key", exact=True).input_value()
    window.assert_accessible()
    page.get_by_role("button", name="I have stored this key").click()
    expect(page.locator("tr.is-new")).to_be_focused()
    page.go_back()
    expect(page.get_by_label("Key Name")).to_be_visible()
    assert_holds_no(secret, page)
