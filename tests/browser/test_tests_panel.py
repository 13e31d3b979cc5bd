"""The Tests panel: what is run is said, focus stays where it was, a run becomes a test case."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, Visitor
from tests.world import PRICE, Person, StoredProject, World

PASSES = {"id": "two", "label": "Two kilograms", "input": {"weight_kg": 2}, "expectedOutput": {"price": 5}}
FAILS = {
    "id": "four",
    "label": "Four kilograms",
    "group": "Heavy",
    "input": {"weight_kg": 4},
    "expectedOutput": {"price": "a text that is much longer than the table of a telephone can be wide"},
}


def opened(visit: Visitor, world: World, width: int = 1280, **options: object) -> tuple[Visit, Page, str]:
    ada: Person = world.person()
    project: StoredProject = world.project(ada)
    world.suite(project, PASSES, FAILS)
    window = visit(ada, viewport={"width": width, "height": 844}, **options)
    path = f"/projects/{project.id}/blueprints/{project.blueprints['parcel-price']}"
    return window, window.go(f"{path}/tests"), path


def is_wider_than_the_window(page: Page) -> bool:
    found: bool = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_all_tests_run_and_the_page_says_so_where_the_person_is(
    visit: Visitor, world: World, width: int
) -> None:
    window, page, _ = opened(visit, world, width)
    page.locator("#tests-summary").evaluate("element => (element.dataset.same = 'yes')")
    page.get_by_role("button", name="Run all").click()
    summary = page.locator("#tests-summary")
    expect(summary).to_have_text("1 of 2 tests fails, with revision 1.")
    # A live region is read when what is in it changes: it must be the same element as before.
    expect(summary).to_have_attribute("data-same", "yes")
    expect(page.get_by_role("button", name="Run all")).to_be_focused()
    expect(page.get_by_role("cell", name="10")).to_be_visible()
    window.assert_accessible()
    assert not is_wider_than_the_window(page)


def test_one_case_runs_alone_and_what_the_others_said_stays(visit: Visitor, world: World) -> None:
    _, page, _ = opened(visit, world)
    page.get_by_role("button", name="Run all").click()
    expect(page.locator(".suite .badge")).to_have_text(["1 of 2 pass", "Passed", "Failed"])
    page.get_by_role("button", name="Run Two kilograms").click()
    expect(page.locator("#tests-summary")).to_have_text("Two kilograms: passes, with revision 1.")
    expect(page.get_by_role("button", name="Run Two kilograms")).to_be_focused()
    expect(page.locator(".case .badge")).to_have_text(["Passed", "Failed"])


def test_a_case_is_edited_in_a_dialog_and_focus_returns(visit: Visitor, world: World) -> None:
    window, page, _ = opened(visit, world)
    page.get_by_label("Actions for Four kilograms").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Expected outputs").fill('{"price": }')
    dialog.get_by_role("button", name="Save case").click()
    expect(dialog.get_by_text("Line 1, column 11")).to_be_visible()
    expect(dialog.get_by_label("Expected outputs")).to_be_focused()
    window.assert_accessible()
    dialog.get_by_label("Expected outputs").fill('{"price": 10}')
    dialog.get_by_role("button", name="Save case").click()
    expect(page.get_by_role("status").filter(has_text="Test case saved.")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Actions for Four kilograms")).to_be_focused()
    page.get_by_role("button", name="Run all").click()
    expect(page.locator("#tests-summary")).to_have_text("2 tests pass, with revision 1.")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_run_becomes_a_test_case_and_holds_back_what_would_break_it(
    visit: Visitor, world: World, width: int
) -> None:
    ada = world.person()
    project = world.project(ada)
    path = f"/projects/{project.id}/blueprints/{project.blueprints['parcel-price']}"
    window = visit(ada, viewport={"width": width, "height": 844})
    page = window.go(path)
    page.get_by_label("Weight (kg)").fill("2")
    page.get_by_role("button", name="Run revision 1").click()
    page.get_by_role("button", name="Save as test case").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Two kilograms")
    dialog.get_by_label("Name of the new suite").fill("From runs")
    window.assert_accessible()
    dialog.get_by_role("button", name="Save case").click()
    expect(page.get_by_role("heading", name="From runs")).to_be_visible()

    page = window.go(f"{path}/edit")
    page.get_by_label("Source").fill(PRICE.replace("2.5", "3"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Revision 2 is not in force.")).to_be_visible()
    page.locator(".held summary").click()
    expect(page.locator(".held .differences tbody tr")).to_have_text("price56")
    window.assert_accessible()
    assert not is_wider_than_the_window(page)
    page.get_by_role("link", name="Put into force").click()
    expect(dialog.get_by_text("Now, 1 of 1 tests fails.")).to_be_visible()
    window.assert_accessible()
    dialog.get_by_role("button", name="Put into force anyway").click()
    expect(page.get_by_role("button", name="Run revision 2")).to_be_visible()


def test_everything_works_without_javascript(visit: Visitor, world: World) -> None:
    _, page, path = opened(visit, world, java_script_enabled=False)
    page.get_by_role("button", name="Run all").click()
    expect(page.locator("#tests-summary")).to_have_text("1 of 2 tests fails, with revision 1.")
    page.get_by_role("link", name="New suite").click()
    page.get_by_label("Name").fill("More")
    page.get_by_role("button", name="Create suite").click()
    expect(page.get_by_role("heading", name="More")).to_be_visible()
    page.goto(page.url.split("/projects")[0] + path)
    page.get_by_label("Weight (kg)").fill("3")
    page.get_by_role("button", name="Run revision 1").click()
    page.get_by_role("button", name="Save as test case").click()
    page.get_by_label("Name", exact=True).fill("Three kilograms")
    page.get_by_label("Suite", exact=True).select_option("More")
    page.get_by_role("button", name="Save case").click()
    expect(page.get_by_text("Three kilograms")).to_be_visible()
