"""Four workers under load: what the console takes away is refused from the moment it has answered."""

import time
from collections.abc import Iterator

import pytest

from tests.console import Console
from tests.runtime.load import Call, Load, load
from tests.servers import Server
from tests.world import PASSWORD, Person, World, world_on

# So many calls after the change, over all workers, that one with an older view would show itself.
_CALLS_AFTER = 400


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of four workers on each database."""
    environment = {}
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres")
        environment["LEAPTER_DATABASE_URL"] = postgres.create_database()
    with Server(tmp_path_factory.mktemp("load"), workers=4, environment=environment) as server:
        yield server


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    """Makes people, projects and keys in the server's database."""
    with world_on(server) as world:
        yield world


@pytest.fixture
def ada(world: World) -> Person:
    """The person whose keys these are."""
    return world.person("Ada")


@pytest.fixture
def console(server: Server, ada: Person) -> Console:
    """Her browser."""
    console = Console(server.url)
    console.sign_in(ada.user.email, PASSWORD)
    return console


def _was_accepted(call: Call) -> bool:
    return call.status == 200


def _accepted_after(seen: Load, moment: float) -> int:
    seen.wait_for(_CALLS_AFTER, lambda call: call.sent_at > moment)
    return sum(_was_accepted(call) for call in list(seen.calls) if call.sent_at > moment)


def _path(ada: Person, project_id: str) -> str:
    return f"/runtime/api/v1/{ada.appspace_id}/{project_id}/models/parcel-price/runs"


def test_no_call_sent_after_a_revocation_has_answered_is_accepted(
    server: Server, world: World, ada: Person, console: Console
) -> None:
    project = world.project(ada)
    for _ in range(3):
        key, secret = world.key(ada, project)
        with load(server.port, _path(ada, project.id), secret) as seen:
            seen.wait_for(100, _was_accepted)
            assert console.submit(f"/api-keys/{key.id}/revoke").status == 303
            answered_at = time.monotonic()
            assert _accepted_after(seen, answered_at) == 0
        assert {(call.status, call.code) for call in seen.calls} == {(200, ""), (401, "revoked_api_key")}


def test_no_call_sent_after_a_change_of_scope_has_answered_is_accepted(
    server: Server, world: World, ada: Person, console: Console
) -> None:
    shipping, lending = world.project(ada, "Shipping"), world.project(ada, "Lending")
    key, secret = world.key(ada, shipping, lending)
    edit = f"/api-keys/{key.id}/projects"
    with load(server.port, _path(ada, shipping.id), secret) as seen:
        for _ in range(2):
            seen.calls.clear()
            seen.wait_for(100, _was_accepted)
            confirmation = console.submit(edit, projects=[lending.id])
            assert console.send(edit, confirmation.form(edit)).status == 303
            answered_at = time.monotonic()
            assert _accepted_after(seen, answered_at) == 0
            confirmation = console.submit(edit, projects=[shipping.id, lending.id])
            assert console.send(edit, confirmation.form(edit)).status == 303
            given_back_at = time.monotonic()
            seen.wait_for(_CALLS_AFTER, lambda call, moment=given_back_at: call.sent_at > moment)
            later = [call for call in list(seen.calls) if call.sent_at > given_back_at]
            assert all(map(_was_accepted, later))
    assert {(call.status, call.code) for call in seen.calls} <= {(200, ""), (403, "project_not_permitted")}


def test_the_key_is_found_neither_in_the_log_nor_in_the_files(
    server: Server, world: World, ada: Person, console: Console
) -> None:
    project = world.project(ada)
    _, secret = world.key(ada, project)
    with load(server.port, _path(ada, project.id), secret, threads=2) as seen:
        seen.wait_for(20, _was_accepted)
    with load(server.port, f"{_path(ada, project.id)}?api_key={secret}", secret, threads=2) as seen:
        seen.wait_for(20, lambda call: call.code == "api_key_in_url")
    assert server.get("/readyz") == 200
    assert secret[12:] not in server.log()
    for path in server.home.iterdir():
        assert secret[12:].encode() not in path.read_bytes(), path
