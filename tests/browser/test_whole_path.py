"""From an empty machine to a refused key, as the README tells it: one browser, one curl."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Visit, watched
from tests.servers import Server


@pytest.fixture
def empty_server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, workers=2) as server:
        yield server


@pytest.fixture
def window(browser: Browser, empty_server: Server) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=empty_server.url)
    complaints: list[str] = []
    yield Visit(
        page=watched(context.new_page(), complaints),
        context=context,
        url=empty_server.url,
        complaints=complaints,
    )
    context.close()
    assert not complaints


def run(line: str) -> tuple[int, dict[str, Any]]:
    """Have a shell run a curl line; return the status and the JSON that was answered."""
    shell = ["sh", "-c", line + " --silent --write-out '\\n%{http_code}'"]
    done = subprocess.run(shell, check=False, capture_output=True, text=True)
    assert done.returncode == 0  # no more words: the line holds a key
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def wait_until_used(page: Page, row: Locator) -> None:
    """Reload the page until the row tells of a use, which is within a second."""
    deadline = time.monotonic() + 5
    while "Never" in row.inner_text():
        assert time.monotonic() < deadline, "the page does not show that the key was used"
        page.reload()


def choose_project(page: Page, row: Locator, wanted: str, unwanted: str) -> None:
    """Change what the key of `row` may call, by the menu."""
    row.locator("[data-menu] > summary").click()
    page.get_by_role("link", name="Edit projects").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(wanted).check()
    dialog.get_by_label(unwanted).uncheck()
    dialog.get_by_role("button", name=re.compile("Save")).click()
    expect(dialog).to_be_hidden()
    expect(row).to_contain_text(wanted)


def test_from_the_set_up_link_to_a_refused_key(empty_server: Server, window: Visit) -> None:
    page = window.page

    # The terminal names the link; the owner is made, the examples come along.
    link = re.search(r"http://\S+/setup\?token=\S+", empty_server.log())
    assert link, "no set-up link on the terminal"
    page.goto(link[0])
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill("correct horse battery staple")
    window.assert_accessible()
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Projects")
    expect(page.get_by_role("link", name="Parcel Shipping")).to_be_visible()

    # The link has had its one use.
    page.goto(link[0])
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Set up")

    # A key, seen once, copied.
    page.get_by_role("link", name="API Keys").click()
    page.get_by_role("link", name="Create API Key").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Key Name").fill("n8n production")
    dialog.get_by_label("Parcel Shipping").check()
    dialog.get_by_role("button", name="Create Key").click()
    secret = dialog.get_by_label("API key", exact=True).input_value()
    assert re.fullmatch(r"lpt_[0-9A-Za-z]{36}", secret)
    window.assert_accessible()
    dialog.get_by_label("Project and Blueprint").select_option(label="Parcel Price")
    dialog.locator("[data-call]:visible").get_by_role("button", name="Copy").click()
    line = page.evaluate("navigator.clipboard.readText()")
    assert secret in line
    dialog.get_by_role("button", name="I have stored this key").click()
    expect(dialog).to_be_hidden()
    row = page.get_by_role("row", name=re.compile("n8n production"))
    expect(row).to_contain_text("Never")

    # curl runs a real Blueprint; the page shows when.
    status, answer = run(line)
    assert status == 200, answer
    assert answer["outputData"]["price_eur"] > 0
    wait_until_used(page, row)

    # Another set of projects, the same key: refused from the next request on, and back.
    choose_project(page, row, "Consumer Lending", "Parcel Shipping")
    status, answer = run(line)
    assert (status, answer["code"]) == (403, "project_not_permitted")
    choose_project(page, row, "Parcel Shipping", "Consumer Lending")
    assert run(line)[0] == 200

    # Revoked: refused by the next request.
    row.locator("[data-menu] > summary").click()
    page.get_by_role("link", name="Revoke").click()
    expect(dialog).to_contain_text("curl")
    dialog.get_by_role("button", name=re.compile("Revoke")).click()
    expect(dialog).to_be_hidden()
    status, answer = run(line)
    assert (status, answer["code"]) == (401, "revoked_api_key")
    assert secret not in empty_server.log()
