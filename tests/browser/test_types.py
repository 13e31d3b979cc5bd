"""The page of a project's types and its editor, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from leapter.blueprints import importing
from tests.browser.conftest import Visitor
from tests.world import Person, World

NARROW = {"width": 360, "height": 740}
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BROKEN = "define Broken {\n    name _text\n}\n"


def lending(world: World) -> tuple[Person, str]:
    """The example project whose Blueprints share types, and where its types are."""
    ada = world.person()
    project = importing.import_example(ada.actor, "consumer-lending").project
    return ada, f"/projects/{project.id}/types"


def save(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Types document").fill(text)
    page.get_by_role("button", name="Save", exact=True).click()


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 860}, NARROW], ids=["wide", "narrow"])
def test_the_pages_of_types_are_accessible_and_fit(
    visit: Visitor, world: World, viewport: dict[str, int]
) -> None:
    ada, types = lending(world)
    empty = f"/projects/{world.project(ada).id}/types"
    window = visit(ada, viewport=viewport)
    for path in (types, f"{types}/edit", empty, f"{empty}/edit?start=example"):
        page = window.go(path)
        window.assert_accessible()
        assert page.evaluate(WIDER) == 0, path
    page = window.go(f"{types}/edit")
    save(page, BROKEN)
    expect(page.get_by_text("Nothing was saved. There is 1 error, the first in line 2.")).to_be_visible()
    window.assert_accessible()
    assert page.evaluate(WIDER) == 0
    save(page, "")
    expect(page.get_by_role("heading", name="1 Blueprint would stop working")).to_be_focused()
    window.assert_accessible()
    assert page.evaluate(WIDER) == 0


def test_from_an_empty_page_to_types_with_a_mended_error(visit: Visitor, world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    page = visit(ada).go(f"/projects/{project.id}")
    page.get_by_label("Actions for Shipping").click()
    page.get_by_role("link", name="Types").click()
    page.get_by_role("link", name="Start from the example").click()
    editor = page.get_by_role("textbox", name="Types document")
    editor.press("Control+End")
    page.keyboard.insert_text(BROKEN)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Line 16, column 10").click()
    expect(editor).to_be_focused()
    page.keyboard.insert_text(":")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Types saved.")
    expect(page.get_by_role("heading", name="Broken")).to_be_visible()


def test_save_anyway_works_without_javascript_too(visit: Visitor, world: World) -> None:
    ada, types = lending(world)
    page = visit(ada, java_script_enabled=False).go(f"{types}/edit")
    save(page, "define Other as number")
    page.get_by_role("button", name="Save anyway").click()
    expect(page.get_by_text("Loan Application cannot run any more")).to_be_visible()
    expect(page.get_by_role("heading", name="Other")).to_be_visible()
    expect(page.get_by_role("heading", name="Applicant")).to_have_count(0)


def test_a_type_name_leads_to_its_place_below_the_bar_of_a_narrow_screen(
    visit: Visitor, world: World
) -> None:
    ada, types = lending(world)
    page = visit(ada, viewport=NARROW).go(types.removesuffix("/types"))
    page.get_by_role("link", name="Loan Application").click()
    page.locator(".parameters").get_by_role("link", name="Applicant").click()
    heading = page.get_by_role("heading", name="Applicant")
    expect(heading).to_be_in_viewport()
    bar = page.locator(".sidebar").bounding_box()
    place = heading.bounding_box()
    assert bar is not None
    assert place is not None
    assert place["y"] >= bar["height"]
