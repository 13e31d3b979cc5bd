"""What only a real server with several workers shows."""

import http.client
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from leapter import create_app
from leapter.api_keys.models import ApiKeyUsage
from leapter.blueprints.models import Run
from leapter.config import MAX_BODY_BYTES
from leapter.db import db
from tests.runtime.load import load
from tests.servers import Server
from tests.world import World


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Two workers, metrics on."""
    with Server(tmp_path, workers=2, environment={"LEAPTER_METRICS": "1"}) as server:
        yield server


@pytest.fixture
def app(server: Server) -> Iterator[Flask]:
    """An application of this process on the server's database."""
    app = create_app(server.settings)
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _send(
    server: Server, method: str, path: str, secret: str, body: Any = None, **options: Any
) -> tuple[http.client.HTTPResponse, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        headers = {"X-API-Key": secret, "Content-Type": "application/json"}
        connection.request(method, path, body, headers, **options)
        answer = connection.getresponse()
        return answer, json.loads(answer.read())
    finally:
        connection.close()


def test_bodies_in_chunks_are_read_up_to_the_limit(server: Server, world: World) -> None:
    ada = world.person("Ada")
    project = world.project(ada)
    _, secret = world.key(ada, project)
    path = f"/runtime/api/v1/{ada.appspace_id}/{project.id}/models/parcel-price/runs"

    def chunks(size: int) -> Iterator[bytes]:
        yield b'{"weight_kg":'
        yield b" " * (size - 15)
        yield b"2}"

    answer, document = _send(server, "POST", path, secret, chunks(MAX_BODY_BYTES), encode_chunked=True)
    assert (answer.status, document) == (200, {"outputData": {"price": 5}})
    answer, document = _send(server, "POST", path, secret, chunks(MAX_BODY_BYTES + 1), encode_chunked=True)
    assert (answer.status, document["code"]) == (413, "body_too_large")

    # A run is found at once, whichever worker had it and whichever is asked.
    answer, _ = _send(server, "POST", path, secret, b'{"weight_kg": 2}')
    run_id = answer.headers["X-Run-Id"]
    stored = f"{path.partition('/models/')[0]}/runs/{run_id}"
    for _ in range(3):
        found, document = _send(server, "GET", stored, secret)
        assert (found.status, document.get("runId")) == (200, run_id)


def test_the_metrics_of_one_worker_are_those_of_all(server: Server) -> None:
    with load(server.port, "/runtime/api/v1/a/p/models/b/runs", "no-key", threads=4) as seen:
        seen.wait_for(200, lambda call: call.status == 401)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    figures = answer.read().decode()
    connection.close()
    assert (answer.headers.get_content_type(), answer.headers["Cache-Control"]) == ("text/plain", "no-store")
    counted = re.search(r'^leapter_problems_total\{code="malformed_api_key"\} (.+)$', figures, re.MULTILINE)
    assert counted is not None, figures
    assert float(counted[1]) == len(seen.calls)


def test_a_server_that_is_told_to_stop_writes_every_use_and_every_run_first(
    server: Server, world: World
) -> None:
    ada = world.person("Ada")
    project = world.project(ada)
    key, secret = world.key(ada, project)
    path = f"/runtime/api/v1/{ada.appspace_id}/{project.id}/models/parcel-price/runs"
    with load(server.port, path, secret, threads=4) as seen:
        seen.wait_for(200, lambda call: call.status == 200)
    accepted = len(seen.calls)
    assert {call.status for call in seen.calls} == {200}

    assert server.stop(signal.SIGTERM) == 0
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Run)) == accepted
    assert db.session.scalar(select(ApiKeyUsage.use_count).where(ApiKeyUsage.key_id == key.id)) == accepted
    assert server.log().count("Traceback") == 0
