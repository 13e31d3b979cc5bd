"""A run gone through step by step in the browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.blueprints.test_replay import CALLEE, CALLER
from tests.browser.conftest import Visit, Visitor
from tests.browser.test_frame import NARROW, assert_fits
from tests.world import World


def recorded(world: World, visit: Visitor, view: str = "source", **options: object) -> Visit:
    """A window with a run of a Blueprint that calls another one, at its first step."""
    ada = world.person("Ada")
    project = world.project(ada, blueprints={"zone-rate": CALLEE, "shipping": CALLER})
    window = visit(ada, **options)
    page = window.go(f"/projects/{project.id}/blueprints/{project.blueprints['shipping']}?view={view}")
    page.locator("[name='input.code']").fill("far")
    page.locator("[name='input.kg']").fill("2")
    page.get_by_role("button", name="Run step by step").click()
    return window


def now(page: Page) -> str:
    return page.locator(".replay-now strong").inner_text()


def current(page: Page) -> str:
    return page.locator("#reading [data-replay=current]").first.inner_text()


def values(page: Page) -> dict[str, str]:
    rows = page.locator(".replay-variables tbody tr").all()
    # A value is followed by words for those who do not see that it is marked as changed.
    return {row.locator("th").inner_text(): row.locator("td").inner_text().split("\n")[0] for row in rows}


def test_the_place_and_the_values_follow_the_steps(world: World, visit: Visitor) -> None:
    page = recorded(world, visit).page
    step = page.get_by_role("button", name="Next")
    expect(step).to_be_focused()
    assert (now(page), values(page)) == ("Shipping", {"code": '"far"', "kg": "2"})
    assert "function shipping" in current(page)
    while now(page) != "Multiply":
        step.click()
    assert "fee = zone.rate * kg" in current(page)
    assert values(page)["fee"] == "5"
    page.get_by_role("button", name="Back").click()
    assert "fee" not in values(page)


def test_a_call_is_stepped_into_over_and_out_of(world: World, visit: Visitor) -> None:
    page = recorded(world, visit).page
    step = page.get_by_role("button", name="Next")
    expect(step).to_be_focused()
    while now(page) != "Zone Rate":
        step.click()
    # The source of the Blueprint that is called takes the place of the caller's.
    expect(page.locator("#reading [data-replay=current]")).to_contain_text("function zone_rate")
    assert values(page) == {"code": '"far"', "rate": "1"}
    expect(page.locator(".replay-now")).to_contain_text("Shipping › Zone Rate")
    expect(page.locator("#reading")).to_contain_text("This is Zone Rate, which is called here.")
    page.get_by_role("button", name="Out of the call").click()
    expect(page.locator("#reading [data-replay=current]")).to_contain_text("zone_rate(code: code)")
    assert "rate" not in values(page)
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("Home")
    while page.get_by_role("button", name="Over the call").get_attribute("aria-disabled") == "true":
        step.click()
    page.get_by_role("button", name="Over the call").click()
    assert now(page) == "Look up the rate"
    assert "zone" in values(page)
    page.get_by_role("button", name="Back").click()
    assert "zone" not in values(page)
    expect(page.get_by_role("button", name="Over the call")).to_have_attribute("aria-disabled", "false")


@pytest.mark.parametrize("view", ["specification", "flow"])
def test_document_and_diagram_are_marked_too(world: World, visit: Visitor, view: str) -> None:
    page = recorded(world, visit, view).page
    step = page.get_by_role("button", name="Next")
    expect(step).to_be_focused()
    while now(page) != "Multiply":
        step.click()
    marked = page.locator("#reading [data-replay=current]")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("Multiply")
    page.get_by_role("link", name="Source", exact=True).click()
    expect(page.locator(".line[data-replay=current]")).to_contain_text("fee = zone.rate * kg")


def test_closing_leaves_the_page_as_it_was(world: World, visit: Visitor) -> None:
    page = recorded(world, visit).page
    step = page.get_by_role("button", name="Next")
    expect(step).to_be_focused()
    while now(page) != "Zone Rate":
        step.click()
    expect(page.locator("#reading [data-replay=current]")).to_contain_text("function zone_rate")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(".source")).to_contain_text("function shipping")
    expect(page.locator("[data-replay]")).to_have_count(0)
    expect(page.get_by_role("button", name="Run step by step")).to_be_focused()


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 860}, NARROW], ids=["wide", "narrow"])
def test_the_player_is_accessible_and_fits(world: World, visit: Visitor, viewport: dict[str, int]) -> None:
    window = recorded(world, visit, viewport=viewport)
    expect(window.page.get_by_role("button", name="Next")).to_be_focused()
    window.page.get_by_role("button", name="Next").click()
    window.assert_accessible()
    assert_fits(window.page)


def test_without_javascript_the_steps_are_a_list(world: World, visit: Visitor) -> None:
    page = recorded(world, visit, java_script_enabled=False).page
    page.get_by_text("All steps").click()
    steps = page.locator("#replay .replay-step")
    expect(steps.filter(has_text="Multiply")).to_contain_text("fee 5")
    expect(page.locator(".replay-player:visible")).to_have_count(0)
