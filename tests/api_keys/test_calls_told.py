"""What the row and the page of a key tell of refused calls, and to whom."""

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from leapter.api_keys import service
from leapter.db import db
from leapter.runtime.state import current_runtime
from tests.world import Person, StoredProject, World

HOSTILE = '<img src=x onerror="alert(1)">'


def call(client: FlaskClient, person: Person, secret: str, project: StoredProject, agent: str) -> int:
    path = f"/runtime/api/v1/{person.appspace_id}/{project.id}/models/parcel-price/runs"
    headers = {"X-API-Key": secret, "User-Agent": agent}
    status = client.post(path, json={"weight_kg": 2}, headers=headers).status_code
    assert current_runtime().usage.flush()
    db.session.rollback()
    return status


def words(client: FlaskClient, path: str, place: str) -> str:
    found = BeautifulSoup(client.get(path).get_data(as_text=True), "html.parser").select_one(place)
    return " ".join(found.get_text(" ").split()) if found else ""


@pytest.mark.both_databases
def test_the_row_and_the_page_say_what_was_tried_and_by_whom(world: World, client: FlaskClient) -> None:
    ada, eve = world.person("Ada"), world.person("Eve")
    shipping, lending = world.project(ada, "Parcel Shipping"), world.project(ada, "Consumer Lending")
    hidden = world.project(eve, "Hidden Treasure")
    record, secret = world.key(ada, shipping)
    row, address = f"#key-{record.id} + .row-refused", f"/api-keys/{record.id}"
    assert call(client, ada, secret, shipping, "n8n") == 200
    assert "refused" not in words(ada.client, "/api-keys", row)
    for _ in range(2):
        assert call(client, ada, secret, lending, HOSTILE) == 403
    told = words(ada.client, "/api-keys", row)
    assert f"refused 2 times, last 403 no access to Consumer Lending, from {HOSTILE}, just now" == told
    refused = words(ada.client, address, '[aria-labelledby="refused-calls-title"]')
    assert "No access to this project" in refused
    assert f"last from {HOSTILE} at 127.0.0.1 , just now (first 20" in refused
    assert "UTC ) , 2 times in all" in refused
    assert not BeautifulSoup(ada.client.get(address).get_data(), "html.parser").select("img")
    latest = words(ada.client, address, '[aria-labelledby="calls-title"]')
    assert "200 n8n" in latest
    assert "Ran Parcel Price in Parcel Shipping" in latest

    # A project of another appspace has no name here, and neither page nor row is another's.
    assert call(client, ada, secret, hidden, "curl/8.5") == 403
    assert "no access to a project that is not in this appspace, from curl" in words(
        ada.client, "/api-keys", row
    )
    page = ada.client.get(address).get_data(as_text=True)
    assert hidden.id not in page
    assert "a project that is not in this appspace" in page
    assert "Hidden Treasure" not in page
    assert "Consumer Lending" in words(world.member(ada).client, address, "main")
    assert eve.client.get(address).status_code == 404
    assert client.get(address).status_code in (302, 303)


def test_a_revoked_key_says_what_it_is_still_tried_on(world: World, client: FlaskClient) -> None:
    ada = world.person("Ada")
    shipping = world.project(ada, "Parcel Shipping")
    record, secret = world.key(ada, shipping)
    service.revoke_key(ada.actor, record.id)
    assert call(client, ada, secret, shipping, "python-requests/2.32") == 401
    told = words(ada.client, f"/api-keys/{record.id}", '[aria-labelledby="refused-calls-title"]')
    assert "401 Python (requests)" in told
    assert "Parcel Shipping" in told
    assert "Give the client a new key." in told


def test_a_tool_that_is_not_there_is_told_in_words_of_its_own(world: World, client: FlaskClient) -> None:
    ada = world.person("Ada")
    shipping = world.project(ada, "Parcel Shipping")
    record, secret = world.key(ada, shipping)
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "gone", "arguments": {}}}
    path = f"/runtime/api/v1/{ada.appspace_id}/{shipping.id}/mcp"
    assert client.post(path, json=message, headers={"X-API-Key": secret}).status_code == 200
    assert current_runtime().usage.flush()
    told = words(ada.client, f"/api-keys/{record.id}", "#refused")
    assert "No such tool" in told
    assert "Have the client list the tools anew" in told
    assert "404" not in told
    assert "no such tool, Parcel Shipping" in words(ada.client, "/api-keys", ".row-refused")


def test_runs_are_paged_and_moments_are_told_in_full(world: World, client: FlaskClient) -> None:
    ada = world.person("Ada")
    shipping = world.project(ada, "Parcel Shipping")
    record, secret = world.key(ada, shipping)
    path = f"/runtime/api/v1/{ada.appspace_id}/{shipping.id}/models/parcel-price/runs"
    for number in range(52):
        headers = {"X-API-Key": secret, "User-Agent": f"client {number}"}
        assert client.post(path, json={"weight_kg": 2}, headers=headers).status_code == 200
    assert current_runtime().usage.flush()
    page = BeautifulSoup(ada.client.get(f"/api-keys/{record.id}").get_data(), "html.parser")
    assert len(page.select("#calls .seen > li")) == 50
    assert " UTC)" in page.select_one("#calls .seen-exact").get_text()
    older = page.select_one("#older-calls")["href"]
    page = BeautifulSoup(ada.client.get(older).get_data(), "html.parser")
    assert [one.get_text() for one in page.select("#calls .agent")] == ["client 1", "client 0"]
    assert page.select_one("#latest-calls")
    assert not page.select_one("#older-calls")
