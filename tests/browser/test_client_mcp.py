"""From a key made in the browser to a tool that the official client of MCP calls, and to its end."""

import re
from typing import Any

import pytest
from mcp import Client, MCPError
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.mcp_client import MODES, with_client
from tests.servers import Server
from tests.world import World


def test_a_key_made_in_the_browser_works_for_mcp_until_it_is_revoked_there(
    server: Server, world: World, visit: Visitor
) -> None:
    ada = world.person("Ada")
    project = world.project(ada, "Shipping")
    page = visit(ada).go("/api-keys")
    page.get_by_role("link", name="Create API Key").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Key Name").fill("Assistant")
    dialog.get_by_label("Shipping").check()
    dialog.get_by_role("button", name="Create Key").click()
    secret = dialog.get_by_label("API key", exact=True).input_value()
    dialog.get_by_role("button", name="I have stored this key").click()
    row = page.get_by_role("row", name=re.compile("Assistant"))
    expect(row).to_contain_text("Never")

    async def list_and_call(client: Client) -> Any:
        (tool,) = (await client.list_tools()).tools
        return (await client.call_tool(tool.name, {"weight_kg": 2})).structured_content

    url = f"{server.url}/runtime/api/v1/{ada.appspace_id}/{project.id}/mcp"
    for mode in MODES:
        assert with_client(url, {"X-API-Key": secret}, mode, list_and_call) == {"price": 5}

    row.locator("[data-menu] > summary").click()
    page.get_by_role("link", name="Revoke").click()
    dialog.get_by_role("button", name=re.compile("Revoke")).click()
    expect(dialog).to_be_hidden()
    for mode in MODES:
        with pytest.raises(MCPError, match=r"^This API key was revoked on .* UTC\.$"):
            with_client(url, {"X-API-Key": secret}, mode, list_and_call)
    assert secret not in server.log()
