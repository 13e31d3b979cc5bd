"""Projects and Blueprints as a person meets them."""

import re
from pathlib import Path

from playwright.sync_api import expect

from leapter.blueprints import service
from leapter.blueprints.importing import EXAMPLES, import_example
from tests.browser.conftest import Visitor
from tests.world import PRICE, World


def test_from_the_empty_page_to_a_result_in_three_clicks(visit: Visitor, world: World) -> None:
    window = visit(world.person())
    page = window.go("/projects")
    page.get_by_role("button", name="Add Parcel Shipping").click()
    expect(page.get_by_role("status")).to_contain_text("Parcel Shipping added")
    page.get_by_role("link", name="Parcel Price").click()
    page.get_by_role("link", name="Fill in an example").click()
    page.get_by_role("button", name="Run revision 1").click()
    expect(page.get_by_role("heading", name="Result")).to_be_focused()
    expect(page.locator("#run-json")).to_contain_text('"price_eur"')
    # The list of runs follows without a reload.
    expect(page.locator("#latest-runs tbody tr:not(.row-more)")).to_have_count(1)
    window.assert_accessible()


def test_a_fault_gets_the_focus_and_what_was_typed_stays(visit: Visitor, world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    window = visit(ada)
    page = window.go(f"/projects/{project.id}/blueprints/{project.blueprints['parcel-price']}")
    page.get_by_role("button", name="Run revision 1").click()
    weight = page.get_by_label("Weight (kg)")
    expect(weight).to_be_focused()
    expect(weight).to_have_accessible_description("This is required.")
    window.assert_accessible()
    weight.fill("2")
    weight.press("Enter")
    expect(page.locator("#run-result")).to_contain_text("Price (EUR)")
    expect(weight).to_have_value("2")


def test_the_panel_and_the_editor_work_without_javascript(visit: Visitor, world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    page = visit(ada, java_script_enabled=False).go(f"/projects/{project.id}")
    page.get_by_role("link", name="Parcel Price").click()
    page.get_by_label("Weight (kg)").fill("4")
    page.get_by_role("button", name="Run revision 1").click()
    expect(page.locator("#run-json")).to_contain_text('"price": 10')
    page.get_by_role("link", name="Edit source").click()
    page.get_by_label("Source").fill(PRICE.replace("2.5", "3"))
    page.get_by_role("button", name="Save").click()
    said = "Revision 2 saved. It is in force from now on; it has no tests yet."
    expect(page.get_by_role("status")).to_contain_text(said)
    expect(page.get_by_role("button", name="Run revision 2")).to_be_visible()


def test_saving_unchanged_text_from_a_browser_changes_nothing(visit: Visitor, world: World) -> None:
    ada = world.person()
    source = "\ufeff\n" + PRICE.replace("\n", "\r\n")
    project = world.project(ada, blueprints={"parcel-price": source})
    path = f"/projects/{project.id}/blueprints/{project.blueprints['parcel-price']}/edit"
    page = visit(ada).go(path)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing has changed")
    (shown,) = service.list_blueprints(ada.actor, project.id)
    assert shown.newest.source == source


def test_two_people_who_edit_at_once_both_keep_their_text(visit: Visitor, world: World) -> None:
    ada = world.person()
    grace = world.member(ada)
    project = world.project(ada)
    path = f"/projects/{project.id}/blueprints/{project.blueprints['parcel-price']}/edit"
    mine, theirs = visit(ada), visit(grace)
    first, second = mine.go(path), theirs.go(path)
    second.get_by_label("Source").fill(PRICE.replace("2.5", "3"))
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_role("status")).to_contain_text("Revision 2 saved")
    first.get_by_label("Source").fill(PRICE.replace("2.5", "4"))
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_role("alert")).to_contain_text("Grace saved revision 2")
    expect(first.get_by_label("Source", exact=True)).to_have_value(PRICE.replace("2.5", "4"))
    expect(first.get_by_role("region", name="Source of revision 2")).to_contain_text("weight_kg * 3")
    mine.assert_accessible()
    first.get_by_role("button", name="Save on top of revision 2").click()
    expect(first.get_by_role("status")).to_contain_text("Revision 3 saved")


def test_a_project_is_renamed_and_deleted_from_the_list(visit: Visitor, world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    world.key(ada, project, name="Checkout")
    page = visit(ada).go("/projects")
    page.get_by_label("Actions for Shipping").click()
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Project name").fill("Parcels")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Project renamed.")
    expect(page.get_by_role("link", name="Parcels")).to_be_visible()
    page.get_by_label("Actions for Parcels").click()
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("Checkout (lpt_")
    page.get_by_label("Type the project’s name").fill("Parcels")
    page.get_by_role("button", name="Delete project").click()
    expect(page.locator("#toasts")).to_contain_text("Project Parcels deleted.")
    expect(page.get_by_text("Start with a project")).to_be_visible()


def test_a_number_that_cannot_be_read_is_kept_and_told_and_nothing_runs(visit: Visitor, world: World) -> None:
    ada = world.person()
    source = PRICE.replace("weight_kg: number", "weight_kg: type number = 3")
    project = world.project(ada, blueprints={"parcel-price": source})
    page = visit(ada).go(f"/projects/{project.id}/blueprints/{project.blueprints['parcel-price']}")
    weight = page.get_by_label("Weight (kg)")
    for typed in ("2-0", "1e"):
        weight.fill("")
        weight.press_sequentially(typed)
        page.get_by_role("button", name="Run revision 1").click()
        expect(weight).to_have_accessible_description(f'This must be a number such as 12.5, not "{typed}".')
        expect(weight).to_have_value(typed)
    expect(page.locator("#run-json")).to_have_count(0)


def test_every_example_can_be_read_and_operated_at_390_pixels(visit: Visitor, world: World) -> None:
    ada = world.person()
    window = visit(ada, viewport={"width": 390, "height": 844})
    for example in EXAMPLES:
        project = import_example(ada.actor, example.name)
        page = window.go(f"/projects/{project.project.id}")
        window.assert_accessible()
        for one in project.blueprints:
            page = window.go(f"/projects/{project.project.id}/blueprints/{one.blueprint.id}?inputs=example")
            page.get_by_role("button", name="Run revision 1").click()
            expect(page.get_by_role("heading", name="Result")).to_be_visible()
            for table in ("inputs", "outputs", "runs"):
                area = page.get_by_role("group", name=f"Table of {table}")
                expect(area).to_be_visible()
                wide, seen = area.evaluate("area => [area.scrollWidth, area.clientWidth]")
                assert wide <= seen, (one.blueprint.slug, table, wide, seen)
            window.assert_accessible()
    page.get_by_label("More about the run of").click()
    expect(page.get_by_role("group", name="Table of runs")).to_contain_text("Duration")
    expect(page.get_by_text("127.0.0.1").last).to_be_visible()
    window.assert_accessible()


def test_projects_are_searched_as_one_types_and_the_address_keeps_it(visit: Visitor, world: World) -> None:
    ada = world.person()
    for number in range(51):
        world.project(ada, f"Fees {number:02}", blueprints={})
    world.project(ada, "Shipping", blueprints={})
    window = visit(ada)
    page = window.go("/projects")
    window.assert_accessible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    expect(page).to_have_url(window.url + "/projects?page=2")
    search = page.get_by_label("Search by name")
    search.press_sequentially("ship")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(window.url + "/projects?q=ship")
    expect(search).to_be_focused()
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    search.fill("none such")
    expect(page.get_by_text("No project has “none such” in its name.")).to_be_visible()
    window.assert_accessible()


def test_a_project_name_in_use_gets_a_hint_while_it_is_typed(visit: Visitor, world: World) -> None:
    ada = world.person()
    world.project(ada)
    window = visit(ada)
    page = window.go("/projects")
    page.get_by_role("link", name="Create project").click()
    name = page.get_by_label("Project name")
    name.press_sequentially("shipping")
    expect(page.locator("#name-hint")).to_contain_text("There is already a project called “Shipping”")
    window.assert_accessible()
    name.press_sequentially("s")
    expect(page.locator("#name-hint")).to_be_empty()
    name.press("Backspace")
    page.get_by_role("button", name="Create project").click()
    expect(page.locator("#toasts")).to_contain_text("Project shipping created.")


def test_a_file_that_is_too_large_is_told_on_the_import_form(
    visit: Visitor, world: World, tmp_path: Path
) -> None:
    large = tmp_path / "large.zip"
    large.write_bytes(bytes(17 * 1024 * 1024))
    window = visit(world.person())
    page = window.go("/projects/import")
    page.get_by_label("Files").set_input_files(large)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_label("Files")).to_have_accessible_description(re.compile("larger than 16 MiB"))
    window.assert_accessible()
