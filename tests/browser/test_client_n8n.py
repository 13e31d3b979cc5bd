"""n8n from the first key to its revocation: a person in the browser, the requests of n8n beside."""

import re

import pytest
from playwright.sync_api import expect

from leapter.api_keys import keys
from leapter.integrations.n8n_workflow import workflow
from tests.browser.conftest import Visitor
from tests.runtime.n8n_node import CommunityNode, NodeError, by_network, http_request_node
from tests.servers import Server
from tests.world import World


def test_n8n_works_with_a_key_of_the_browser_until_it_is_revoked_there(
    world: World, visit: Visitor, server: Server
) -> None:
    ada = world.person()
    project = world.project(ada, "Shipping")
    window = visit(ada)
    page = window.go("/api-keys")
    page.get_by_role("link", name="Create API Key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Key Name").fill("n8n production")
    dialog.get_by_label("Shipping").check()
    dialog.get_by_role("button", name="Create Key").click()
    secret = dialog.get_by_label("API key", exact=True).input_value()
    assert keys.is_well_formed(secret)
    dialog.get_by_role("button", name="I have stored this key").click()
    expect(dialog).to_be_hidden()

    # The community node: credential, projects, Blueprints, fields, a run.
    node = CommunityNode(base_url=server.url, key=secret, send=by_network)
    tested = node.test_credential()
    assert (tested.status, tested.document["name"]) == (200, "n8n production")
    with_slash = CommunityNode(base_url=f"{server.url}/", key=secret, send=by_network)
    assert with_slash.test_credential().status == 200
    (chosen_project,) = node.projects()
    (operation,) = node.operations(chosen_project.value)
    assert (chosen_project.name, operation.name) == ("Shipping", "Parcel Price")
    (weight,) = node.fields(chosen_project.value, operation.value)
    assert (weight.name, weight.kind, weight.required) == ("weight_kg", "number", True)
    assert node.execute(operation.value, {"weight_kg": 2}) == {"outputData": {"price": 5}}

    # The workflow to paste, with the node HTTP Request.
    run_url = operation.value.split("::")[1]
    pasted = workflow("Parcel Price", run_url, {"weight_kg": 4}, "Leapter")
    credential = {"name": "X-API-Key", "value": secret}
    assert http_request_node(pasted, credential, by_network).document == {"outputData": {"price": 10}}

    # The link back into the console opens what was run.
    headers = {"X-API-Key": secret, "User-Agent": "n8n"}
    listed = by_network("GET", f"{server.url}/api/n8n/projects", headers, None).document
    page.goto(f"{listed['projects'][0]['editorBaseUrl']}/{project.blueprints['parcel-price']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Parcel Price")

    # Revoked, and the very next request says so.
    page = window.go("/api-keys")
    page.get_by_label("Actions for n8n production").click()
    page.get_by_role("link", name="Revoke").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("Revoke")).click()
    expect(dialog).to_be_hidden()
    with pytest.raises(NodeError, match=r"^This API key was revoked on .* UTC\.$"):
        node.execute(operation.value, {"weight_kg": 2})
    assert node.test_credential().document["valid"] is False
    refused = http_request_node(pasted, credential, by_network)
    assert (refused.status, refused.document["code"]) == (401, "revoked_api_key")
    assert secret not in server.log()
