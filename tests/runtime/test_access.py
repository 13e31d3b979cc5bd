"""Who may call what: the table of the wire page, row by row."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text, update

from leapter import clock
from leapter.api_keys import keys
from leapter.api_keys import service as api_keys
from leapter.api_keys.models import ApiKey, ApiKeyProject, ApiKeyUsage
from leapter.blueprints.models import Run
from leapter.db import db, new_id, transaction
from leapter.runtime.connections import HeldConnections
from leapter.runtime.state import current_runtime
from tests.runtime.conftest import BLUEPRINTS, Caller, flush
from tests.world import World


@pytest.fixture
def questions(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SELECTs that the decision on calls has sent to the database."""
    sent: list[str] = []
    fetch_all = HeldConnections.fetch_all

    def listen(
        self: HeldConnections, query: object, parameters: dict[str, object]
    ) -> list[tuple[object, ...]]:
        sent.append(str(query))
        return fetch_all(self, query, parameters)  # type: ignore[arg-type]  # passed on as it is

    monkeypatch.setattr(HeldConnections, "fetch_all", listen)
    return sent


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": ""}, {"X-API-Key": "  "}])
def test_a_call_without_a_key_is_told_which_header_is_required(
    caller: Caller, client: FlaskClient, questions: list[str], headers: dict[str, str]
) -> None:
    answer = client.post(caller.path(), json={"weight_kg": 2}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "missing_api_key")
    assert "X-API-Key is required" in answer.json["detail"]
    assert questions == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda secret: secret[:-1],
        lambda secret: secret + "x",
        lambda secret: secret[:10] + ("a" if secret[10] != "a" else "b") + secret[11:],
        lambda secret: "Bearer " + secret,
        lambda secret: f'"{secret}"',
        lambda secret: f"{secret},",
        lambda secret: "sk_live_something_else",
        lambda secret: "\u00e9" * 40,
    ],
    ids=["cut short", "too long", "typo", "bearer", "quotes", "a comma", "other product", "no ASCII"],
)
def test_what_is_no_key_is_refused_without_a_look_up(
    caller: Caller, questions: list[str], spoil: Callable[[str], str]
) -> None:
    answer = caller.run(headers={"X-API-Key": spoil(caller.secret)})
    assert (answer.status_code, answer.json["code"]) == (401, "malformed_api_key")
    assert "A key is lpt_ followed by 36" in answer.json["detail"]
    assert questions == []


@pytest.mark.both_databases
def test_a_well_formed_key_that_does_not_exist_is_unknown(caller: Caller) -> None:
    answer = caller.run(headers={"X-API-Key": keys.mint()})
    assert (answer.status_code, answer.json["code"]) == (401, "unknown_api_key")
    assert "No such API key exists" in answer.json["detail"]


@pytest.mark.both_databases
def test_a_revoked_key_is_refused_on_the_next_request_and_told_when(caller: Caller) -> None:
    assert caller.run().status_code == 200
    record, _ = api_keys.revoke_key(caller.person.actor, caller.record.id)
    answer = caller.run()
    assert (answer.status_code, answer.json["code"]) == (401, "revoked_api_key")
    assert record.revoked_at is not None
    assert record.revoked_at.strftime("%Y-%m-%d %H:%M:%S UTC") in answer.json["detail"]


@pytest.mark.both_databases
def test_an_expired_key_is_refused_from_its_very_moment_and_told_when(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = clock.now() + timedelta(hours=1)
    with transaction() as session:
        session.execute(update(ApiKey).values(expires_at=end))
    monkeypatch.setattr(clock, "now", lambda: end - timedelta(microseconds=1))
    assert caller.run().status_code == 200
    monkeypatch.setattr(clock, "now", lambda: end)
    answer = caller.run()
    assert (answer.status_code, answer.json["code"]) == (401, "expired_api_key")
    assert end.strftime("%Y-%m-%d %H:%M:%S UTC") in answer.json["detail"]


@pytest.mark.both_databases
def test_the_same_answer_for_a_project_out_of_scope_unknown_or_of_another_appspace(
    caller: Caller, world: World
) -> None:
    other = world.project(caller.person, "Lending", BLUEPRINTS)
    grace = world.person("Grace")
    foreign = world.project(grace, "Foreign", BLUEPRINTS)
    answers = [
        caller.run(path=f"/runtime/api/v1/{appspace}/{project}/models/{blueprint}/runs")
        for appspace, project, blueprint in (
            (caller.person.appspace_id, other.id, "parcel-price"),
            (caller.person.appspace_id, other.id, "no-such-blueprint"),
            (caller.person.appspace_id, new_id(), "parcel-price"),
            (caller.person.appspace_id, "no-uuid", "parcel-price"),
            (caller.person.appspace_id, "nul%00", "parcel-price"),
            (grace.appspace_id, foreign.id, "parcel-price"),
            (grace.appspace_id, caller.project.id, "parcel-price"),
            (new_id(), caller.project.id, "parcel-price"),
        )
    ]
    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (403, "project_not_permitted")
        assert answer.json["detail"] == (
            "This API key has no access to this project. It has access to “Shipping”."
        )
    assert len({frozenset({**answer.json, "request_id": ""}.items()) for answer in answers}) == 1


@pytest.mark.both_databases
def test_a_key_of_no_project_is_told_so(caller: Caller) -> None:
    with transaction() as session:
        session.execute(delete(ApiKeyProject))
    answer = caller.run()
    assert (answer.status_code, answer.json["code"]) == (403, "project_not_permitted")
    assert "no project at present" in answer.json["detail"]


@pytest.mark.both_databases
def test_a_changed_scope_holds_from_the_next_request(caller: Caller, world: World) -> None:
    lending = world.project(caller.person, "Lending", BLUEPRINTS)
    there = f"/runtime/api/v1/{caller.person.appspace_id}/{lending.id}/models/parcel-price/runs"
    assert (caller.run().status_code, caller.run(path=there).status_code) == (200, 403)
    api_keys.set_projects(caller.person.actor, caller.record.id, [lending.id])
    assert (caller.run().status_code, caller.run(path=there).status_code) == (403, 200)


@pytest.mark.both_databases
def test_an_unknown_blueprint_in_scope_is_404_and_named(caller: Caller) -> None:
    for name in ("parcel-prise", new_id(), "nul\0"):
        answer = caller.run(blueprint=name.replace("\0", "%00"))
        assert (answer.status_code, answer.json["code"]) == (404, "blueprint_not_found")
        assert f"“{name.replace(chr(0), '')}”" in answer.json["detail"]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("lpt_0123456789", "lpt_…"),  # a key cut short is too much as well
        ("my-lpt_0123456789abcdefghijklmnopqrstuvwx", "my-lpt_…"),
        ("a%1B%0Ab", "ab"),
        ("x" * 101, "x" * 99 + "…"),
        ("x" * 100, "x" * 100),
    ],
)
def test_an_unknown_name_is_repeated_cut_and_cleaned(caller: Caller, asked: str, shown: str) -> None:
    answer = caller.run(blueprint=asked)
    assert (answer.status_code, answer.json["code"]) == (404, "blueprint_not_found")
    assert f"“{shown}”" in answer.json["detail"]


@pytest.mark.both_databases
def test_the_whole_decision_is_one_question_to_the_database(caller: Caller, questions: list[str]) -> None:
    assert caller.run().status_code == 200
    assert len(questions) == 1


@pytest.mark.parametrize(
    "query",
    [
        "api_key={secret}",
        "apikey={secret}",
        "X-API-Key={secret}",
        "key={secret}",
        "token={secret}",
        "trace=true&access_token=%20{secret}",
        "api_key=something",
        "lpt={cut}",
    ],
)
def test_a_key_in_the_address_is_refused_and_to_be_revoked(caller: Caller, query: str) -> None:
    query = query.format(secret=caller.secret, cut=caller.secret[:20])
    for headers in ({}, {"X-API-Key": ""}):  # also when the header is right
        answer = caller.run(path=f"{caller.path()}?{query}", headers=headers)
        assert (answer.status_code, answer.json["code"]) == (401, "api_key_in_url")
        assert "header X-API-Key" in answer.json["detail"]
        assert "Revoke" in answer.json["detail"]
        assert caller.secret[12:] not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "{base}/models/{secret}/runs",
        "{base}/models/{typo}/runs",
        "{base}/models/parcel-price-{secret}/runs",
        "{base}/models/{secret}",
        "{base}/runs/{secret}",
        "/runtime/api/v1/{secret}/x/models/parcel-price/runs",
        "/runtime/{secret}",
        "/api/v1/{secret}/projects",
        "/runtime/nothing?here={secret}",
    ],
)
def test_a_key_in_the_path_is_refused_and_never_repeated(caller: Caller, path: str) -> None:
    typo = keys.MARK + "0" * 36
    url = path.format(base=caller.base, secret=caller.secret, typo=typo)
    for method in ("GET", "POST"):
        answer = caller.client.open(url, method=method, headers={"X-API-Key": caller.secret})
        assert (answer.status_code, answer.json["code"]) == (401, "api_key_in_url")
        for secret in (caller.secret[12:], typo):
            assert secret not in answer.text


def test_other_words_in_the_query_string_are_left_alone(caller: Caller) -> None:
    assert caller.run(path=f"{caller.path()}?key=7&source=shop").status_code == 200


def test_a_bearer_token_is_no_way_in_here(caller: Caller, client: FlaskClient) -> None:
    answer = client.post(
        caller.path(), json={"weight_kg": 2}, headers={"Authorization": f"Bearer {caller.secret}"}
    )
    assert (answer.status_code, answer.json["code"]) == (401, "missing_api_key")


def test_a_signed_in_person_is_no_key(caller: Caller) -> None:
    answer = caller.person.client.post(caller.path(), json={"weight_kg": 2})
    assert (answer.status_code, answer.json["code"]) == (401, "missing_api_key")


def test_every_401_carries_a_challenge_and_the_form_of_a_problem(caller: Caller) -> None:
    answer = caller.run(headers={"X-API-Key": "wrong"})
    assert answer.headers["WWW-Authenticate"] == 'ApiKey realm="leapter"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content_type == "application/problem+json"
    assert answer.json.keys() == {"type", "title", "status", "detail", "code", "request_id"}
    assert answer.json["type"] == "http://localhost/problems/malformed-api-key"
    assert answer.json["status"] == 401
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/runtime/nothing/here", 404, "not_found"),
        ("GET", "/api/nothing/here", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("GET", "/runtime", 404, "not_found"),
        ("GET", "/runtime/api/v1/a/p/models/b/runs", 405, "method_not_allowed"),
        ("DELETE", "/runtime/api/v1/a/p/models", 405, "method_not_allowed"),
        ("OPTIONS", "/runtime/api/v1/a/p/models/b/runs", 405, "method_not_allowed"),
    ],
)
def test_what_the_router_refuses_is_a_problem_too(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["code"] == code
    if status == 405:
        assert "POST" in answer.headers["Allow"] or "GET" in answer.headers["Allow"]
        assert method in answer.json["detail"]


def test_a_host_that_is_none_does_not_spoil_the_answer(client: FlaskClient) -> None:
    answer = client.post("/runtime/api/v1/a/p/models/b/runs", headers={"Host": "a b:c"})
    assert answer.mimetype == "application/problem+json"


@pytest.mark.both_databases
def test_uses_are_counted_with_the_last_client_and_so_are_refusals(caller: Caller) -> None:
    for agent in ("first/1", "second/2"):
        caller.run(headers={"User-Agent": agent}, environ_base={"REMOTE_ADDR": "203.0.113.7"})
    caller.run({}, headers={"User-Agent": "third/3"})
    api_keys.revoke_key(caller.person.actor, caller.record.id)
    caller.run(headers={"User-Agent": "late/4"}, environ_base={"REMOTE_ADDR": "203.0.113.8"})
    flush()
    usage = db.session.get(ApiKeyUsage, caller.record.id)
    assert usage is not None
    assert (usage.use_count, usage.last_used_agent, usage.last_used_address) == (3, "third/3", "127.0.0.1")
    assert (usage.refused_count, usage.last_refused_agent) == (1, "late/4")
    assert usage.last_refused_address == "203.0.113.8"
    assert usage.last_used_at is not None
    assert usage.last_refused_at is not None
    assert abs((clock.now() - usage.last_refused_at).total_seconds()) < 60


def test_a_call_that_was_not_permitted_is_a_use_of_the_key_but_no_run(caller: Caller) -> None:
    caller.run(path=caller.path().replace(caller.project.id, new_id()))
    flush()
    usage = db.session.get(ApiKeyUsage, caller.record.id)
    assert usage is not None
    assert usage.use_count == 1
    assert db.session.query(Run).count() == 0


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_connections_that_the_database_has_cut_are_replaced_unnoticed(caller: Caller) -> None:
    assert caller.run().status_code == 200
    db.session.execute(
        text(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )
    assert caller.run().status_code == 200


def test_the_state_of_an_earlier_moment_is_never_seen(caller: Caller) -> None:
    """A connection that stayed inside a transaction would go on accepting a revoked key."""
    for _ in range(3):
        record, secret = api_keys.create_key(
            caller.person.actor, name="Brief", project_ids=[caller.project.id], creation_token=new_id()
        )
        assert caller.run(headers={"X-API-Key": secret}).status_code == 200
        api_keys.revoke_key(caller.person.actor, record.id)
        assert caller.run(headers={"X-API-Key": secret}).json["code"] == "revoked_api_key"


def test_without_the_database_a_call_is_503_until_it_is_back(caller: Caller) -> None:
    current_runtime().access.connections.close()
    db.session.remove()
    db.engine.dispose()
    path = Path(str(db.engine.url.database))
    path.rename(path.with_suffix(".away"))
    path.mkdir()  # what stands in the way cannot be opened as a database
    answer = caller.run()
    path.rmdir()
    path.with_suffix(".away").rename(path)
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert caller.run().status_code == 200
