"""The connection test in a browser: it says by itself what came, and what the page of the key then tells."""

import http.client
import json
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_frame import assert_fits
from tests.servers import Server
from tests.world import World


def call(server: Server, path: str, secret: str, agent: str) -> int:
    """Run a Blueprint as a program does; return the status."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    headers = {"X-API-Key": secret, "Content-Type": "application/json", "User-Agent": agent}
    connection.request("POST", path, json.dumps({"weight_kg": 2}), headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_a_call_shows_by_itself_and_a_refused_one_says_why(
    world: World, visit: Visitor, server: Server
) -> None:
    ada = world.person()
    project, other = world.project(ada, "Parcel Shipping"), world.project(ada, "Consumer Lending")
    record, secret = world.key(ada, project)
    base = f"/runtime/api/v1/{ada.appspace_id}"
    window = visit(ada, viewport={"width": 390, "height": 844})
    page = window.go("/integrations/connection-test?client=n8n")
    page.get_by_label("API key").select_option(record.id)
    page.get_by_role("button", name="Start").click()
    said = page.locator("#test-said")
    expect(said).to_have_text("Waiting for the first call with “Checkout” …")

    assert call(server, f"{base}/{project.id}/models/parcel-price/runs", secret, "axios/1.7.2") == 200
    expect(said).to_have_text("First call: 200, from axios (used by n8n) (ran Parcel Price).")
    assert call(server, f"{base}/{other.id}/models/parcel-price/runs", secret, "curl/8.5.0") == 403
    expect(said).to_contain_text("Latest call was refused: 403, from curl. The key is valid, but it has no")
    seen = page.locator(".seen > li")
    expect(seen.first).to_contain_text("Consumer Lending")
    expect(seen.first.get_by_role("link", name="Edit projects")).to_be_visible()
    window.assert_accessible()
    assert_fits(page)

    page.get_by_role("link", name="All calls of this key").click()
    refused = page.get_by_role("region", name="Refused calls")
    expect(refused).to_contain_text("No access to this project")
    expect(refused).to_contain_text("Consumer Lending")
    expect(page.get_by_role("region", name="Latest calls")).to_contain_text("axios (used by n8n)")
    window.assert_accessible()
    assert_fits(page)
    page.get_by_role("link", name="Can it call …?").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Project").select_option(other.id)
    expect(dialog.get_by_label("Blueprint")).to_be_visible()
    dialog.get_by_role("button", name="Check").click()
    expect(dialog.locator("#check-answer")).to_contain_text("No. The caller gets 403 project_not_permitted")
    expect(dialog.locator("#check-answer")).to_be_focused()
    window.assert_accessible()
    dialog.get_by_role("link", name="Edit the projects of the key").click()
    expect(page.get_by_label("Consumer Lending")).to_be_visible()
