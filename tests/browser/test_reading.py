"""A Blueprint as a document and as a diagram, in the browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.blueprints.generated_sources import EXAMPLES
from tests.blueprints.test_specification import WITH_HELPER
from tests.browser.conftest import Visitor
from tests.browser.test_frame import assert_accessible_and_fits
from tests.world import World

SOURCES = {path.parent.name: path.read_text() for path in EXAMPLES} | {"with-helper": WITH_HELPER}
VIEWS = ("/specification", "/flow", "?view=specification", "?view=flow")


def addresses(world: World) -> tuple[object, dict[str, str]]:
    ada = world.person("Ada")
    project = world.project(ada, blueprints=SOURCES)
    return ada, {slug: f"/projects/{project.id}/blueprints/{id_}" for slug, id_ in project.blueprints.items()}


def test_every_view_is_accessible_and_fits(world: World, visit: Visitor) -> None:
    ada, urls = addresses(world)
    window = visit(ada)
    for slug in ("parcel-price", "with-helper"):
        for view in VIEWS:
            page = window.go(urls[slug] + view)
            expect(page.locator(".spec, .flow").first).to_be_visible()
            assert_accessible_and_fits(window)


def test_no_text_of_a_diagram_leaves_its_box(world: World, visit: Visitor) -> None:
    ada, urls = addresses(world)
    window = visit(ada)
    for url in urls.values():
        page = window.go(url + "/flow")
        outside = page.evaluate(
            """() => [...document.querySelectorAll(".flow-shape")].flatMap((shape) => {
                const box = shape.querySelector(".flow-outline").getBoundingClientRect();
                return [...shape.querySelectorAll("text")].filter((text) => {
                    const own = text.getBoundingClientRect();
                    return own.left < box.left || own.right > box.right
                        || own.top < box.top - 1 || own.bottom > box.bottom + 1;
                }).map((text) => text.textContent);
            })"""
        )
        assert outside == []


def test_the_tabs_change_what_is_read_without_leaving_the_page(world: World, visit: Visitor) -> None:
    ada, urls = addresses(world)
    page = visit(ada).go(urls["parcel-price"])
    page.get_by_label("Weight on the scale").fill("2.5")
    for name, inside in (("Specification", ".spec"), ("Flow", ".flow"), ("Source", ".source")):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(f"#reading {inside}").first).to_be_visible()
        expect(page.get_by_role("link", name=name, exact=True)).to_be_focused()
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")
    expect(page.get_by_label("Weight on the scale")).to_have_value("2.5")


def test_a_box_of_the_diagram_leads_to_its_step_and_the_step_back(world: World, visit: Visitor) -> None:
    ada, urls = addresses(world)
    page = visit(ada).go(urls["parcel-price"] + "/flow")
    page.get_by_role("link", name=re.compile("Add tariff and services")).focus()
    page.keyboard.press("Enter")
    step = page.locator(".spec-step:target")
    expect(step).to_contain_text("Add tariff and services, to the cent")
    expect(step).to_be_in_viewport()
    step.locator(".spec-number").first.click()
    expect(page.locator(".flow-shape:target")).to_be_in_viewport()


def test_without_javascript_the_tabs_are_links_and_nothing_is_offered_in_vain(
    world: World, visit: Visitor
) -> None:
    ada, urls = addresses(world)
    window = visit(ada, java_script_enabled=False)
    page = window.go(urls["late-fee"])
    page.get_by_role("link", name="Flow", exact=True).click()
    expect(page.locator("#reading .flow").first).to_be_visible()
    page.get_by_role("link", name="On a page of its own").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Late Fee: flow")
    expect(page.locator("[data-print]")).to_be_hidden()


def test_print_asks_the_browser_to_print(world: World, visit: Visitor) -> None:
    ada, urls = addresses(world)
    page = visit(ada).go(urls["late-fee"] + "/specification")
    page.evaluate("window.print = () => (document.title = 'printed')")
    page.get_by_role("button", name="Print").click()
    expect(page).to_have_title("printed")


def hidden(page: Page, selector: str) -> bool:
    return all(not element.is_visible() for element in page.locator(selector).all())


@pytest.mark.parametrize("view", ["/specification", "/flow"])
def test_the_paper_holds_the_document_alone_in_black_on_white(
    world: World, visit: Visitor, view: str
) -> None:
    ada, urls = addresses(world)
    window = visit(ada, color_scheme="dark")
    page = window.go(urls["parcel-price"] + view)
    page.emulate_media(media="print", color_scheme="dark")
    for selector in (".sidebar", ".breadcrumb", ".tabs", "[data-print]", ".spec-place"):
        assert hidden(page, selector), selector
    facts = page.locator(".document-facts")
    expect(facts).to_contain_text("Revision 1, in force")
    expect(facts).to_contain_text("printed")
    colours = page.evaluate(
        """() => [document.body, document.querySelector("h1")].map((element) => {
            const style = getComputedStyle(element);
            return [style.color, style.backgroundColor];
        })"""
    )
    assert colours == [["rgb(0, 0, 0)", "rgb(255, 255, 255)"], ["rgb(0, 0, 0)", "rgba(0, 0, 0, 0)"]]
    if view == "/specification":
        link = page.locator(".spec a").first
        assert link.evaluate("link => getComputedStyle(link).textDecorationLine") == "none"
    pages = len(re.findall(rb"/Type /Page\b", page.pdf(format="A4", prefer_css_page_size=True)))
    assert 2 <= pages <= 6


def test_what_a_replay_has_reached_is_lit_up(world: World, visit: Visitor) -> None:
    ada, urls = addresses(world)
    window = visit(ada)
    for view, place, part, style in (
        ("?view=source", "#L27", "", "backgroundColor"),
        ("?view=specification", ".spec-set", " > .spec-line", "backgroundColor"),
        ("?view=flow", ".flow-step", " > a > .flow-outline", "stroke"),
    ):
        page = window.go(urls["parcel-price"] + view)
        looks = []
        for state in ("", "visited", "current"):
            page.evaluate(
                "([place, state]) => (document.querySelector(place).dataset.replay = state)", [place, state]
            )
            looks.append(
                page.evaluate(
                    """([place, style]) => {
                        const own = getComputedStyle(document.querySelector(place));
                        return own[style] + own.strokeWidth + own.boxShadow;
                    }""",
                    [place + part, style],
                )
            )
        assert len(set(looks)) == 3, view
