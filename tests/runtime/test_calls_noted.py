"""What calls that are no runs leave behind: on their key, on the project, and never anything of the key."""

import time
from typing import Any

import pytest
from sqlalchemy import select

from leapter.api_keys import keys
from leapter.api_keys import service as api_keys
from leapter.api_keys.models import ApiKeyCall, ApiKeyUsage, KeylessCall
from leapter.blueprints.models import Run
from leapter.db import db, new_id
from leapter.projects import service as projects
from leapter.runtime.notes import MAX_KEYLESS_KINDS, MAX_KINDS, MAX_KINDS_OF_A_KEY, Client, Kind
from leapter.runtime.usage import Usage
from tests.runtime.conftest import Caller, flush
from tests.world import World

N8N = "n8n/1.80.0"


def calls(key_id: str) -> list[tuple[str, str, str, int, int]]:
    """The notes on a key: what, code, project, status, count."""
    flush()
    rows = db.session.scalars(select(ApiKeyCall).where(ApiKeyCall.key_id == key_id)).all()
    return sorted((row.what, row.code, row.project_id, row.status, row.count) for row in rows)


def keyless(project_id: str) -> list[tuple[str, str, int]]:
    """The notes on a project of calls without a key of this server: what, code, count."""
    flush()
    rows = db.session.scalars(select(KeylessCall).where(KeylessCall.project_id == project_id)).all()
    return sorted((row.what, row.code, row.count) for row in rows)


@pytest.mark.both_databases
def test_calls_that_are_no_runs_are_told_on_their_key_and_runs_are_not_told_twice(
    caller: Caller, world: World
) -> None:
    elsewhere = world.project(caller.person, "Consumer Lending")
    assert caller.run().status_code == 200
    assert caller.run(blueprint="refusal").status_code == 422
    assert caller.get("/models").status_code == 200
    assert caller.get("/models/parcel-price").status_code == 200
    assert caller.get("/models", accept="image/png").status_code == 406
    assert caller.get(f"/runs/{new_id()}").status_code == 404
    for _ in range(2):
        path = caller.path().replace(caller.project.id, elsewhere.id.upper())
        assert caller.run(path=path).status_code == 403
    assert caller.run(path=caller.path().replace(caller.project.id, "of-no-form")).status_code == 403
    assert caller.run(blueprint="nothing-here").status_code == 404
    assert caller.run(data="{", headers={"User-Agent": N8N}).status_code == 400
    here = caller.project.id
    assert calls(caller.record.id) == [
        ("models", "", here, 200, 2),
        ("models", "not_acceptable", here, 406, 1),
        ("run", "blueprint_not_found", here, 404, 1),
        ("run", "invalid_json", here, 400, 1),
        ("run", "project_not_permitted", "", 403, 1),
        ("run", "project_not_permitted", elsewhere.id, 403, 2),
        ("stored_run", "run_not_found", here, 404, 1),
    ]
    assert len(db.session.scalars(select(Run)).all()) == 2
    usage = db.session.get_one(ApiKeyUsage, caller.record.id, populate_existing=True)
    assert (usage.use_count, usage.refused_count) == (11, 0)
    row = db.session.scalars(select(ApiKeyCall).where(ApiKeyCall.code == "invalid_json")).one()
    assert (row.last_agent, row.last_address) == (N8N, "127.0.0.1")
    assert caller.run(data="{").status_code == 400
    assert ("run", "invalid_json", here, 400, 2) in calls(caller.record.id)


def test_a_revoked_key_keeps_telling_what_it_is_tried_on(caller: Caller) -> None:
    api_keys.revoke_key(caller.person.actor, caller.record.id)
    assert caller.run(headers={"User-Agent": N8N}).status_code == 401
    assert caller.get("/models").status_code == 401
    here = caller.project.id
    assert calls(caller.record.id) == [
        ("models", "revoked_api_key", here, 401, 1),
        ("run", "revoked_api_key", here, 401, 1),
    ]
    usage = db.session.get_one(ApiKeyUsage, caller.record.id, populate_existing=True)
    assert (usage.use_count, usage.refused_count) == (0, 2)


def test_what_clients_ask_before_and_beside_runs_is_told_too(caller: Caller, world: World) -> None:
    other = world.project(caller.person, "Consumer Lending")
    headers = {"X-API-Key": caller.secret, "User-Agent": N8N}

    def say(method: str, project: str = caller.project.id, **params: Any) -> Any:
        path = f"{caller.base}/mcp".replace(caller.project.id, project)
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return caller.client.post(path, json=message, headers=headers)

    handshake = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "x", "version": "1"},
    }
    assert say("initialize", **handshake).json["result"]
    assert len(say("tools/list").json["result"]["tools"]) == len(caller.project.blueprints)
    assert (
        say("tools/call", name="parcel_price", arguments={"weight_kg": 2}).json["result"]["isError"] is False
    )
    assert say("tools/call", name="parcel_price", arguments={}).json["result"]["isError"] is True
    assert say("tools/call", name="no_such_tool", arguments={}).json["error"]
    assert say("no/such/method").json["error"]
    assert say("tools/list", project=other.id).status_code == 403
    assert caller.client.post("/api/api-keys/validate", json={"apiKey": caller.secret}).status_code == 200
    assert (
        caller.client.post("/api/api-keys/validate", json={"apiKey": caller.secret[:-1]}).status_code == 401
    )
    assert caller.client.get("/api/n8n/projects", headers=headers).status_code == 200
    assert caller.client.post("/api/v1/cli/connect", json={"apiKey": caller.secret}).status_code == 200
    here = caller.project.id
    assert calls(caller.record.id) == [
        ("connect", "", "", 200, 1),
        ("mcp", "bad_request", here, 400, 1),
        ("mcp", "project_not_permitted", other.id, 403, 1),
        ("mcp_call", "blueprint_not_found", here, 404, 1),
        ("mcp_hello", "", here, 200, 1),
        ("mcp_tools", "", here, 200, 1),
        ("projects", "", "", 200, 1),
        ("validate", "", "", 200, 1),
        ("validate", "malformed_api_key:short:body", "", 401, 1),
    ]
    assert {run.via for run in db.session.scalars(select(Run))} == {"mcp"}


@pytest.mark.both_databases
def test_a_call_without_a_known_key_is_told_on_the_project_it_came_to(caller: Caller, world: World) -> None:
    stranger = world.project(world.person("Eve"), "Elsewhere")
    unknown = keys.mint()
    for secret in ("", unknown, "no key at all", "  "):
        assert caller.run(headers={"X-API-Key": secret}).status_code == 401
    assert caller.run(path=f"{caller.path()}?api_key=x").status_code == 401
    # The project of one appspace under another's address is no project; neither is an invented one.
    for project in (stranger.id, new_id()):
        path = caller.path().replace(caller.project.id, project)
        assert caller.run(path=path, headers={"X-API-Key": ""}).status_code == 401
    assert keyless(caller.project.id) == [
        ("run", "api_key_in_url", 1),
        ("run", "malformed_api_key", 1),
        ("run", "missing_api_key", 2),
        ("run", "unknown_api_key", 1),
    ]
    assert keyless(stranger.id) == []
    assert calls(caller.record.id) == []


@pytest.mark.both_databases
def test_a_key_that_was_cut_short_is_told_on_the_key_it_was(caller: Caller) -> None:
    prefix = caller.record.prefix
    for damaged in (caller.secret[:-1], f"{prefix}…", f'"{caller.secret}"', caller.secret + "x"):
        assert caller.run(headers={"X-API-Key": damaged.encode().decode("latin-1")}).status_code == 401
    assert caller.run(headers={"X-API-Key": keys.mint()[:-1]}).status_code == 401
    assert caller.run(path=f"{caller.path()}?key={caller.secret}").status_code == 401
    here = caller.project.id
    assert calls(caller.record.id) == [
        ("run", "api_key_in_url", "", 401, 1),
        ("run", "malformed_api_key:long", "", 401, 1),
        ("run", "malformed_api_key:quotes", "", 401, 1),
        ("run", "malformed_api_key:short", "", 401, 2),
    ]
    assert keyless(here) == [("run", "malformed_api_key", 1)]
    # Anyone who knows the prefix can do this: it is no use of the key, and no refusal of it.
    usage = db.session.get_one(ApiKeyUsage, caller.record.id, populate_existing=True)
    assert (usage.use_count, usage.refused_count) == (0, 0)


def test_no_look_up_is_made_for_what_is_no_key(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("leapter.runtime.connections.HeldConnections.fetch_all", fail)
    for secret in ("", "no key", caller.secret[:-1]):
        assert caller.run(headers={"X-API-Key": secret}).status_code == 401


def test_nothing_of_a_key_but_its_prefix_is_ever_kept(caller: Caller) -> None:
    secret = caller.secret
    for header in (secret[:-1], secret[:30], f"Bearer {secret}"):
        caller.run(headers={"X-API-Key": header})
    caller.run(path=f"{caller.path()}?x={secret}")
    caller.get(f"/runs/{secret[:-2]}")
    caller.run(path=caller.path().replace(caller.project.id, secret[:-2]))
    flush()
    stored = [
        str(value)
        for table in (ApiKeyCall, KeylessCall, ApiKeyUsage)
        for row in db.session.execute(select(*table.__table__.columns))
        for value in row
    ]
    assert stored
    assert not [value for value in stored if "lpt_" in value or secret[4:16] in value]


@pytest.mark.both_databases
def test_counts_of_several_processes_add_up_and_moments_never_move_backwards(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = Usage(db.engine), Usage(db.engine)
    kind = Kind(caller.record.id, "", "", caller.project.id, "run", "rate_limited")
    hint = Kind("", "", caller.person.appspace_id, caller.project.id, "mcp", "missing_api_key")
    present = time.time()
    for usage, moment, agent in ((early, present - 60, "early"), (late, present, "late")):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        for each in (kind, kind, hint):
            usage.note(each, status=429, client=Client(address="203.0.113.1", agent=agent))
    assert late.flush()
    assert early.flush()
    db.session.rollback()
    row = db.session.scalars(select(ApiKeyCall)).one()
    assert (row.count, row.last_agent) == (4, "late")
    assert abs(row.first_at.timestamp() - (present - 60)) < 0.001
    assert abs(row.last_at.timestamp() - present) < 0.001
    told = db.session.scalars(select(KeylessCall)).one()
    assert (told.count, told.last_agent) == (2, "late")


@pytest.mark.both_databases
def test_nobody_wipes_what_is_told_of_a_key_by_inventing_projects(
    caller: Caller, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = world.project(world.person("Eve"), "Elsewhere")
    usage = Usage(db.engine)
    client = Client(address="203.0.113.1", agent="")
    own = Kind(caller.record.id, "", "", caller.project.id, "run", "rate_limited")
    usage.note(own, status=429, client=client)
    damaged = Kind("", caller.record.prefix, caller.person.appspace_id, "", "run", "malformed_api_key:short")
    for project_id in (elsewhere.id, *(new_id() for _ in range(2 * MAX_KINDS_OF_A_KEY))):
        foreign = own._replace(project_id=project_id, code="project_not_permitted")
        usage.note(foreign, status=403, client=client)
        usage.note(damaged._replace(project_id=project_id), status=401, client=client)
    assert usage.flush()
    many = 2 * MAX_KINDS_OF_A_KEY + 1
    assert calls(caller.record.id) == [
        ("run", "malformed_api_key:short", "", 401, many),
        ("run", "project_not_permitted", "", 403, many),
        ("run", "rate_limited", caller.project.id, 429, 1),
    ]
    # Past the bound, what proves nothing goes first, and then the oldest.
    present = time.time()
    for number in range(MAX_KINDS_OF_A_KEY):
        monkeypatch.setattr(time, "time", lambda number=number: present - 1000 + number)
        usage.note(own._replace(what=f"part {number}"), status=429, client=client)
    assert usage.flush()
    kept = {(what, code) for what, code, *_ in calls(caller.record.id)}
    assert len(kept) == MAX_KINDS_OF_A_KEY
    assert ("run", "rate_limited") in kept
    assert ("run", "malformed_api_key:short") not in kept
    assert ("part 0", "rate_limited") not in kept


def test_a_wrong_method_or_address_and_a_key_in_authorization_are_told_on_the_key(caller: Caller) -> None:
    """They are the likeliest mistakes of who sets up a client by hand."""
    headers = {"X-API-Key": caller.secret}
    get, client = caller.client.get, caller.client
    assert get(caller.path(), headers=headers).status_code == 405
    assert get(f"{caller.base}/mcp", headers={"Authorization": f"Bearer {caller.secret}"}).status_code == 405
    assert client.post(f"{caller.base}/mcpp", json={}, headers=headers).status_code == 404
    assert get("/runtime/nothing", headers={"Authorization": caller.secret}).status_code == 404
    assert get("/runtime/api/n8n/projects", headers=headers).status_code == 404
    assert get("/leapter/api/n8n/projects", headers=headers).status_code == 404
    assert get(caller.path(), headers={"X-API-Key": caller.secret[:-1]}).status_code == 405
    told = client.post(caller.path(), json={}, headers={"Authorization": f"Bearer {caller.secret}"})
    assert told.status_code == 401
    assert "The header Authorization, which came, is not read" in told.json["detail"]
    assert calls(caller.record.id) == [
        ("address", "not_found", "", 404, 3),
        ("mcp", "method_not_allowed", "", 405, 1),
        ("run", "method_not_allowed", "", 405, 1),
        ("run", "missing_api_key", "", 401, 1),
    ]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ('"{}"', "there are quotes around it"),
        ("“{}”", "there are quotes around it"),
        ("{:.20} x", "there are blanks in it"),
        ("{:.35}", "it has 35 of 40 characters"),
        ("{}xyz", "it has 43 characters where a key has 40"),
        ("{:.39}_", "its checksum is wrong"),
        ("Bearer {}", "there is something beside the key"),
    ],
)
def test_a_damaged_key_is_told_what_is_wrong_with_it(caller: Caller, damage: str, told: str) -> None:
    header = damage.format(caller.secret).encode().decode("latin-1")
    assert told in caller.run(headers={"X-API-Key": header}).json["detail"]
    bearer = {"Authorization": f"Bearer {header}"}
    detail = caller.client.post(f"{caller.base}/mcp", json={}, headers=bearer).json["detail"]
    assert detail.startswith("The header Authorization does not hold, after “Bearer”, a Leapter API key: ")


def test_what_waits_is_bounded_by_its_kinds(caller: Caller) -> None:
    usage = Usage(db.engine)
    client = Client(address="203.0.113.1", agent="")
    for _ in range(MAX_KINDS + 10):
        kind = Kind(caller.record.id, "", "", new_id(), "run", "project_not_permitted")
        usage.note(kind, status=403, client=client)
    for _ in range(MAX_KEYLESS_KINDS + 10):
        usage.note(Kind("", "", new_id(), new_id(), "run", "missing_api_key"), status=401, client=client)
    notes = usage._notes.cut(10 * MAX_KINDS)
    # Past the bound a key's calls are counted without the project.
    (rest,) = [tally for kind, tally in notes.items() if kind.key_id and not kind.project_id]
    assert rest.count == 10
    assert len(notes) == MAX_KINDS + 1 + MAX_KEYLESS_KINDS


def test_notes_of_what_was_deleted_meanwhile_are_left_out(caller: Caller, world: World) -> None:
    gone = world.project(caller.person, "Gone")
    caller.run(path=caller.path().replace(caller.project.id, gone.id), headers={"X-API-Key": ""})
    caller.get("/models")
    projects.delete_project(caller.person.actor, gone.id, typed_name="Gone")
    assert keyless(gone.id) == []
    assert [row[:2] for row in calls(caller.record.id)] == [("models", "")]
