"""The editor of sources: line numbers, findings that lead to their place, text that is not lost."""

from playwright.sync_api import Dialog, Page, expect

from leapter.blueprints import service
from tests.blueprints.sources import fee
from tests.browser.conftest import Visitor
from tests.world import Person, World

CARET = "area => area.value.slice(0, area.selectionStart).split('\\n').map(line => line.length)"


def edit_path(world: World, person: Person, source: str) -> str:
    project = world.project(person, blueprints={"late-fee": source})
    return f"/projects/{project.id}/blueprints/{project.blueprints['late-fee']}/edit"


def leave(page: Page) -> list[str]:
    """Follow a link away, staying where the browser asks; what kind of question it asked."""
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="API Keys").click()
    page.wait_for_function("document.readyState === 'complete'")
    return asked


def test_line_numbers_follow_the_text_and_its_scrolling(visit: Visitor, world: World) -> None:
    ada = world.person()
    window = visit(ada)
    page = window.go(edit_path(world, ada, fee()))
    source, numbers = page.get_by_role("textbox", name="Source"), page.locator("[data-lines]")
    lines = fee().count("\n") + 1
    expect(numbers).to_have_text("\n".join(str(number + 1) for number in range(lines)), use_inner_text=True)
    source.press("Control+End")
    page.keyboard.insert_text("// a long line that scrolls sideways " * 20 + "\n" * 80)
    expect(numbers).to_contain_text(str(lines + 80))
    at_the_end = (
        "area => area.scrollTop > 100 && Math.abs(area.scrollTop - area.previousElementSibling.scrollTop) < 2"
    )
    page.wait_for_function(f"({at_the_end})(document.querySelector('[data-source]'))")
    window.assert_accessible()


def test_a_finding_leads_to_its_line_and_column(visit: Visitor, world: World) -> None:
    ada = world.person()
    source = fee(amount="😀").replace("fee = 😀", 'fee = "😀" + unknown_name')
    source = source.replace('"""What is due."""', '"""What is due."""' + "\n// more" * 60)
    window = visit(ada)
    page = window.go(edit_path(world, ada, source))
    page.get_by_role("button", name="Line 68, column 17").click()
    area = page.get_by_role("textbox", name="Source")
    expect(area).to_be_focused()
    before = area.evaluate(CARET)
    # The emoji is one character of the source and two units of the text area.
    assert (len(before), before[-1]) == (68, 17)
    assert area.evaluate("area => area.scrollTop") > 300
    window.assert_accessible()


def test_without_javascript_findings_are_text_and_there_are_no_numbers(visit: Visitor, world: World) -> None:
    ada = world.person()
    page = visit(ada, java_script_enabled=False).go(edit_path(world, ada, fee(amount="unknown_name")))
    expect(page.get_by_text("Line 8, column 11")).to_be_visible()
    expect(page.locator("[data-lines]")).to_be_hidden()


def test_leaving_with_unsaved_text_asks_and_saving_does_not(visit: Visitor, world: World) -> None:
    ada = world.person()
    path = edit_path(world, ada, fee())
    window = visit(ada)
    page = window.go(path)
    source = page.get_by_role("textbox", name="Source")
    source.press("Control+End")
    source.press_sequentially("// more")
    assert leave(page) == ["beforeunload"]
    expect(page).to_have_url(window.url + path)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Revision 2 saved")
    assert asked == []


def test_a_new_blueprint_asks_once_its_template_was_changed(visit: Visitor, world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    window = visit(ada)
    page = window.go(f"/projects/{project.id}/blueprints/new")
    page.get_by_role("textbox", name="Source").click()
    assert leave(page) == []
    expect(page).to_have_url(window.url + "/api-keys")
    page = window.go(f"/projects/{project.id}/blueprints/new")
    page.get_by_role("textbox", name="Source").press_sequentially("x")
    assert leave(page) == ["beforeunload"]


def test_text_that_was_refused_is_still_unsaved(visit: Visitor, world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"late-fee": fee()})
    blueprint_id = project.blueprints["late-fee"]
    page = visit(ada).go(f"/projects/{project.id}/blueprints/{blueprint_id}/edit")
    (shown,) = service.list_blueprints(ada.actor, project.id)
    base = shown.newest.id
    service.save_revision(ada.actor, project.id, blueprint_id, source=fee(amount="6"), base_revision_id=base)
    page.get_by_role("textbox", name="Source").fill(fee(amount="7"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved")
    page.get_by_role("heading", name="Edit").click()
    assert leave(page) == ["beforeunload"]
