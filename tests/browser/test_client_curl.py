"""curl, from the Connect dialog: a key made in place, a call with it, and its refusal once it is revoked."""

import json
import re
import subprocess

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.world import World


def run(command: str, secret: str) -> dict[str, object]:
    """What a shell prints for the copied command, with the key where the dialog said to put it."""
    done = subprocess.run(
        ["bash", "-c", command],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "LEAPTER_API_KEY": secret},
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def create_key(page: Page, name: str) -> str:
    """Create a key from the dialog or the page that is open; return it."""
    page.get_by_role("link", name=re.compile("Create a key")).click()
    expect(page.get_by_role("checkbox", name="Shipping")).to_be_checked()
    page.get_by_label("Key Name").fill(name)
    page.get_by_role("button", name="Create Key").click()
    return page.locator("#new-key").input_value()


def test_a_key_made_in_the_dialog_calls_by_the_copied_line_until_it_is_revoked(
    world: World, visit: Visitor
) -> None:
    ada = world.person()
    project = world.project(ada)
    window = visit(ada, permissions=["clipboard-read", "clipboard-write"])
    page = window.go(f"/projects/{project.id}")
    page.get_by_role("link", name="Connect").click()
    dialog = page.get_by_role("dialog", name="Connect Shipping")
    expect(dialog).to_contain_text("No active key may call this project yet")
    window.assert_accessible()
    # Every tab is reached by the keyboard, and has the focus when it is shown.
    for tab, heading in (
        ("AI (MCP)", "Configuration"),
        ("n8n", "2. Paste the workflow"),
        ("Web API", "OpenAPI"),
    ):
        dialog.get_by_role("link", name=tab, exact=True).focus()
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("heading", name=heading)).to_be_visible()
        expect(dialog.get_by_role("link", name=tab, exact=True)).to_be_focused()
        window.assert_accessible()

    # A choice far down changes what is there, and nothing moves.
    page.set_viewport_size({"width": 390, "height": 500})
    dialog.get_by_role("link", name="Python").focus()
    place = page.evaluate("document.querySelector('#connect .dialog-main').scrollTop")
    assert place > 0
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("region", name="Python that calls this Blueprint")).to_be_visible()
    expect(dialog.get_by_role("link", name="Python")).to_be_focused()
    assert page.evaluate("document.querySelector('#connect .dialog-main').scrollTop") == place
    dialog.get_by_role("link", name="curl").click()
    page.set_viewport_size({"width": 1280, "height": 800})

    # Who would rather not create a key is back where it was asked for, whichever way.
    creation = page.get_by_role("dialog", name="Create API Key")
    for leave in (
        lambda: page.keyboard.press("Escape"),
        lambda: creation.get_by_role("button", name="Close").click(),
        lambda: creation.get_by_role("link", name="Cancel").click(),
    ):
        dialog.get_by_role("link", name="Create a key here").click()
        expect(creation).to_be_visible()
        leave()
        expect(dialog).to_be_visible()
    secret = create_key(page, "Made here")
    window.assert_accessible()
    page.get_by_role("button", name="Continue to Connect").click()
    expect(dialog.get_by_label("API key")).to_contain_text("Made here")
    assert secret not in page.content()
    dialog.get_by_role("region", name="curl that calls this Blueprint").locator("..").get_by_role(
        "button", name="Copy"
    ).click()
    command = page.evaluate("navigator.clipboard.readText()")
    assert run(command, secret) == {"outputData": {"price": 2.5}}

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Connect")).to_be_focused()
    page.get_by_role("link", name="Connect").click()
    dialog.get_by_role("link", name="Made here").click()
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name=re.compile("Revoke")).click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    refused = run(command, secret)
    assert refused["code"] == "revoked_api_key"
    assert "revoked" in str(refused["detail"])


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_page_for_a_client_leads_to_a_key_and_back(world: World, visit: Visitor, script: bool) -> None:
    ada = world.person()
    project = world.project(ada)
    window = visit(ada, viewport={"width": 390, "height": 844}, java_script_enabled=script)
    page = window.go("/integrations/mcp")
    secret = create_key(page, "For an agent")
    page.get_by_role("button", name="Continue to AI (MCP)").click()
    expect(page.get_by_label("API key", exact=True)).to_contain_text("For an agent")
    expect(page).to_have_url(re.compile(rf"/integrations/mcp\?project={project.id}&key="))
    expect(page.locator("#step-claude-desktop")).to_contain_text(f"<the key {secret[:12]}…>")
    page.get_by_role("link", name="Connect Shipping").click()
    page.get_by_role("link", name="Cursor").click()
    expect(page.locator("#connect-snippet")).to_contain_text("${env:LEAPTER_API_KEY}")
