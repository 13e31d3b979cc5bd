"""A program that knows nothing but the OpenAPI document: from a key made in the browser to its refusal."""

import json
import re
import urllib.error
import urllib.request
from typing import Any

from openapi_spec_validator import validate
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.world import World


def ask(url: str, headers: dict[str, str], inputs: object = None) -> tuple[int, dict[str, Any]]:
    """What the server answers, be it an error or not."""
    body = None if inputs is None else json.dumps(inputs).encode()
    request = urllib.request.Request(url, body, {**headers, "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def test_a_program_calls_what_it_finds_in_the_document_until_its_key_is_revoked(
    world: World, visit: Visitor
) -> None:
    ada = world.person()
    project = world.project(ada)
    window = visit(ada)
    page = window.go("/api-keys")
    page.get_by_role("link", name="Create API Key").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Key Name").fill("Code generator")
    dialog.get_by_label("Shipping").check()
    dialog.get_by_role("button", name="Create Key").click()
    secret = dialog.get_by_label("API key", exact=True).input_value()
    dialog.get_by_role("button", name="I have stored this key").click()
    expect(dialog).to_be_hidden()

    # The address and the key are all that the program is given; the document says the rest.
    address = f"{window.url}/runtime/api/v1/{ada.appspace_id}/{project.id}/openapi"
    status, document = ask(address, {"X-API-Key": secret})
    assert status == 200
    validate(document)
    ((path, item),) = document["paths"].items()
    operation = item["post"]
    assert operation["operationId"] == "parcel_price"
    scheme = document["components"]["securitySchemes"]["apiKey"]
    authorized = {scheme["name"]: secret}
    url = document["servers"][0]["url"] + path
    inputs = operation["requestBody"]["content"]["application/json"]["example"]
    answered = operation["responses"]["200"]["content"]["application/json"]["example"]
    assert ask(url, authorized, inputs) == (200, answered)

    row = page.get_by_role("row", name=re.compile("Code generator"))
    row.locator("[data-menu] > summary").click()
    page.get_by_role("link", name="Revoke").click()
    dialog.get_by_role("button", name=re.compile("Revoke")).click()
    expect(dialog).to_be_hidden()
    for refused in (ask(url, authorized, inputs), ask(address, authorized)):
        status, problem = refused
        assert (status, problem["code"]) == (401, "revoked_api_key")
        assert re.fullmatch(r"This API key was revoked on .+\.", problem["detail"])
    # The document had told of it.
    told = document["components"]["responses"]["Unauthorized"]["content"]["application/problem+json"]
    assert problem.keys() == told["examples"]["revoked_api_key"]["value"].keys()
