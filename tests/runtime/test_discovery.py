"""What clients ask before any project is chosen: is this key valid, and what may it call?"""

import itertools
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from leapter.api_keys import keys
from leapter.api_keys import service as api_keys
from leapter.api_keys.models import ApiKey, ApiKeyUsage
from leapter.clock import now
from leapter.db import db, transaction
from leapter.projects import service as projects
from tests.runtime.conftest import Caller, flush
from tests.world import World

VALIDATE = "/api/api-keys/validate"
PROJECTS = ("/api/v1/n8n/projects", "/api/n8n/projects")
CONNECT = "/api/v1/cli/connect"
ALL = (VALIDATE, *PROJECTS, CONNECT)


def expire(caller: Caller, moment: datetime) -> None:
    """No page sets an expiry yet; the runtime obeys one all the same."""
    with transaction() as session:
        key = session.get(ApiKey, caller.record.id)
        assert key is not None
        key.expires_at = moment


def ask(caller: Caller, path: str, secret: str | None, *, way: str = "header") -> TestResponse:
    """POST with a key in the header or in the body."""
    if way == "header":
        headers = {} if secret is None else {"X-API-Key": secret}
        return caller.client.post(path, headers=headers)
    return caller.client.post(path, json={} if secret is None else {"apiKey": secret})


# ---- answers ----


@pytest.mark.both_databases
def test_a_valid_key_is_told_what_it_is(caller: Caller, world: World) -> None:
    expected = {
        "valid": True,
        "keyId": caller.record.id,
        "name": "Checkout",
        "prefix": caller.secret[:12],
        "accountId": caller.person.appspace_id,
        "projects": [{"projectId": caller.project.id, "projectName": "Shipping"}],
        "expiresAt": None,
    }
    for way in ("header", "body"):
        answer = ask(caller, VALIDATE, caller.secret, way=way)
        assert answer.status_code == 200
        assert answer.get_json() == expected
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
    moment = now() + timedelta(days=30)
    expire(caller, moment)
    told = ask(caller, VALIDATE, caller.secret).get_json()["expiresAt"]
    assert told.endswith("Z")
    assert datetime.fromisoformat(told) == moment


def test_projects_come_with_the_addresses_of_their_document_and_their_pages(caller: Caller) -> None:
    for path, method in itertools.product(PROJECTS, ("GET", "POST")):
        answer = caller.client.open(path, method=method, headers={"X-API-Key": caller.secret})
        assert answer.status_code == 200
        assert answer.get_json() == {
            "accountId": caller.person.appspace_id,
            "projects": [
                {
                    "projectId": caller.project.id,
                    "projectName": "Shipping",
                    "specUrl": f"http://localhost{caller.base}/openapi",
                    "editorBaseUrl": f"http://localhost/projects/{caller.project.id}/blueprints",
                }
            ],
        }


def test_the_address_for_editing_opens_the_blueprint_in_the_console(caller: Caller) -> None:
    (project,) = ask(caller, PROJECTS[0], caller.secret).get_json()["projects"]
    blueprint_id = caller.project.blueprints["parcel-price"]
    page = caller.person.client.get(f"{project['editorBaseUrl']}/{blueprint_id}")
    assert page.status_code == 200
    assert "Parcel Price" in page.get_data(as_text=True)


def test_a_client_that_has_only_a_key_finds_a_model_and_runs_it(caller: Caller) -> None:
    """The command-line client: connect, list what there is, run."""
    agent = {"User-Agent": "leapter-cli/1.4.0 node/20.11.0", "Accept": "application/json"}
    authenticated = {**agent, "X-API-Key": caller.secret}
    found = caller.client.post(CONNECT, headers=authenticated, json={"apiKey": caller.secret})
    assert found.status_code == 200
    assert found.get_json() == {
        "appspace": caller.person.appspace_id,
        "projects": [{"projectId": caller.project.id, "label": "Shipping"}],
        "endpoints": {"runtime": "http://localhost/runtime"},
    }
    at = found.get_json()
    base = f"{at['endpoints']['runtime']}/api/v1/{at['appspace']}/{at['projects'][0]['projectId']}"
    models = caller.client.get(f"{base}/models", headers=authenticated).get_json()
    model = next(each for each in models if each["label"] == "Parcel Price")
    (needed,) = model["inputSchema"]["required"]
    answer = caller.client.post(
        f"{base}/models/{model['id']}/runs", headers=authenticated, json={needed: 2, "zone": "abroad"}
    )
    assert answer.get_json() == {"outputData": {"price": 5}}
    # Without the header, the body is the whole proof.
    assert caller.client.post(CONNECT, headers=agent, json={"apiKey": caller.secret}).status_code == 200
    api_keys.revoke_key(caller.person.actor, caller.record.id)
    assert caller.client.post(CONNECT, headers=authenticated).get_json()["code"] == "revoked_api_key"


def test_only_projects_of_the_key_are_told_sorted_by_name(caller: Caller, world: World) -> None:
    world.project(caller.person, "Not in scope")
    zoo, bar = world.project(caller.person, "Zoo"), world.project(caller.person, "Bar")
    _, secret = world.key(caller.person, zoo, bar, name="Two")
    validated = ask(caller, VALIDATE, secret).get_json()["projects"]
    listed = ask(caller, PROJECTS[0], secret).get_json()["projects"]
    connected = ask(caller, CONNECT, secret).get_json()["projects"]
    assert [each["projectName"] for each in validated] == ["Bar", "Zoo"]
    assert [each["projectName"] for each in listed] == ["Bar", "Zoo"]
    assert [each["label"] for each in connected] == ["Bar", "Zoo"]


def test_a_key_whose_projects_are_gone_is_valid_and_calls_nothing(caller: Caller, world: World) -> None:
    projects.delete_project(caller.person.actor, caller.project.id, typed_name="Shipping")
    for path in ALL:
        answer = ask(caller, path, caller.secret)
        assert (answer.status_code, answer.get_json()["projects"]) == (200, [])


def test_names_and_addresses_survive_clients_that_split_at_two_colons(caller: Caller, world: World) -> None:
    project = world.project(caller.person, "::Rates:: EU:::2026:")
    _, secret = world.key(caller.person, project)
    for host, written in (
        ("[::1]:8000", "[0:0:0:0:0:0:0:1]:8000"),
        ("[fe80::a:192.0.2.1]", "[fe80:0:0:0:0:a:c000:201]"),
        ("rules.example:8000", "rules.example:8000"),
    ):
        headers = {"X-API-Key": secret, "Host": host}
        (listed,) = caller.client.post(PROJECTS[0], headers=headers).get_json()["projects"]
        assert listed["projectName"] == "Rates: EU:2026"
        assert listed["specUrl"].startswith(f"http://{written}/runtime/api/v1/")
        parts = [listed["projectName"], listed["specUrl"], listed["editorBaseUrl"]]
        assert "::".join(parts).split("::") == parts
        connected = caller.client.post(CONNECT, headers=headers).get_json()
        assert connected["endpoints"]["runtime"] == f"http://{written}/runtime"


# ---- refusals ----


def test_every_state_of_a_key_is_told_at_once(caller: Caller) -> None:
    def check(secret: str | None, code: str) -> None:
        for path, way in itertools.product(ALL, ("header", "body")):
            answer = ask(caller, path, secret, way=way)
            document = answer.get_json()
            assert document["code"] == code, (path, way)
            assert answer.status_code == document["status"] == 401
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["WWW-Authenticate"] == 'ApiKey realm="leapter"'
            assert document.get("valid") is (False if path == VALIDATE else None)
            assert not secret or secret not in answer.get_data(as_text=True)

    for path, way in itertools.product(ALL, ("header", "body")):
        assert ask(caller, path, f" {caller.secret} ", way=way).status_code == 200
    check(None, "missing_api_key")
    check("", "missing_api_key")
    check(caller.secret[:-1], "malformed_api_key")
    check("secret", "malformed_api_key")
    check(keys.mint(), "unknown_api_key")
    expire(caller, now() - timedelta(seconds=1))
    check(caller.secret, "expired_api_key")
    api_keys.revoke_key(caller.person.actor, caller.record.id)
    check(caller.secret, "revoked_api_key")


def test_the_sentence_names_the_place_of_the_broken_key(caller: Caller) -> None:
    assert "apiKey" in ask(caller, VALIDATE, "lpt_cut", way="body").get_json()["detail"]
    assert "X-API-Key" in ask(caller, VALIDATE, "lpt_cut").get_json()["detail"]


def test_the_key_asked_about_stands_in_the_body_and_the_header_authenticates_elsewhere(
    caller: Caller, world: World
) -> None:
    record, other = world.key(caller.person, caller.project, name="Other")
    both: dict[str, Any] = {"headers": {"X-API-Key": caller.secret}, "json": {"apiKey": other}}
    assert caller.client.post(VALIDATE, **both).get_json()["name"] == "Other"
    assert caller.client.post(CONNECT, **both).status_code == 200
    api_keys.revoke_key(caller.person.actor, record.id)
    assert caller.client.post(VALIDATE, **both).get_json()["code"] == "revoked_api_key"
    assert caller.client.post(CONNECT, **both).status_code == 200
    api_keys.revoke_key(caller.person.actor, caller.record.id)
    assert caller.client.post(CONNECT, **both).get_json()["code"] == "revoked_api_key"


def test_an_empty_body_is_an_object_without_members(caller: Caller) -> None:
    content_types = (None, "application/json", "application/x-www-form-urlencoded")
    for path, content_type, length in itertools.product(ALL, content_types, (None, "0")):
        headers = {"X-API-Key": caller.secret}
        if length is not None:
            headers["Content-Length"] = length
        answer = caller.client.post(path, headers=headers, content_type=content_type)
        assert answer.status_code == 200, (path, content_type, length)


UNUSABLE_BODIES = [
    (b"{", "application/json", 400, "invalid_json"),
    (b"\xff", "application/json", 400, "invalid_json"),
    (b"[]", "application/json", 400, "body_not_object"),
    (b'"lpt_"', "application/json", 400, "body_not_object"),
    (b'{"apiKey": 5}', "application/json", 422, "invalid_input"),
    (b'{"apiKey": {}}', "application/json", 422, "invalid_input"),
    (b"apiKey=lpt_", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    (b" " * (1024 * 1024 + 1), "application/json", 413, "body_too_large"),
]


@pytest.mark.parametrize("has_header", [True, False])
def test_bodies_that_cannot_be_used_are_the_problems_that_they_are_for_runs(
    caller: Caller, has_header: bool
) -> None:
    headers = {"X-API-Key": caller.secret} if has_header else {}
    for path, (body, content_type, status, code) in itertools.product(ALL, UNUSABLE_BODIES):
        answer = caller.client.post(path, headers=headers, data=body, content_type=content_type)
        assert (answer.status_code, answer.get_json()["code"]) == (status, code), (path, body[:20])
        assert isinstance(answer.get_json()["detail"], str)


def test_what_these_addresses_do_not_take_is_json_too(caller: Caller) -> None:
    headers = {"X-API-Key": caller.secret}
    for path in ALL:
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", *(() if path in PROJECTS else ("GET",))):
            answer = caller.client.open(path, method=method, headers=headers)
            assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
            assert "POST" in answer.headers["Allow"]
        elsewhere = caller.client.post(f"{path}/more", headers=headers)
        assert (elsewhere.status_code, elsewhere.get_json()["code"]) == (404, "not_found")
        html = caller.client.post(path, headers={**headers, "Accept": "text/html"})
        assert (html.status_code, html.get_json()["code"]) == (406, "not_acceptable")
        in_url = caller.client.post(f"{path}?apiKey={caller.secret}", headers=headers)
        assert (in_url.status_code, in_url.get_json()["code"]) == (401, "api_key_in_url")


# ---- what is left of a call ----


def test_these_calls_count_as_uses_and_refused_ones_as_refusals(caller: Caller) -> None:
    for path in ALL:
        ask(caller, path, caller.secret, way="body")
    api_keys.revoke_key(caller.person.actor, caller.record.id)
    for path in ALL:
        ask(caller, path, caller.secret)
    flush()
    usage = db.session.get(ApiKeyUsage, caller.record.id)
    assert usage is not None
    assert (usage.use_count, usage.refused_count) == (len(ALL), len(ALL))


def test_a_key_in_a_body_stands_nowhere_in_the_log(
    caller: Caller, app: Flask, client: FlaskClient, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr("leapter.runtime.access.Access.identify", fail)
    body = json.dumps({"apiKey": caller.secret})
    answer = client.post(VALIDATE, data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal_error")
    # Cut in the middle of the key, and after it.
    for cut in (30, -1):
        client.post(VALIDATE, data=body[:cut], content_type="application/json")
    written = capsys.readouterr()
    assert "the disk is on fire" in written.err + written.out
    assert "lpt_" not in written.err + written.out
