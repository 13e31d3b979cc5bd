"""How often one key may run Blueprints."""

import time

import pytest
from structlog.testing import capture_logs

from leapter import create_app
from leapter.api_keys import service as api_keys
from leapter.config import Settings
from leapter.db import db, new_id
from tests.runtime.conftest import Caller
from tests.servers import free_port


@pytest.fixture
def settings(database: dict[str, str], request: pytest.FixtureRequest) -> Settings:
    """Three runs a minute, unless the test asks for other settings."""
    return Settings.from_env({**database, "LEAPTER_KEY_RATE_LIMIT": "3/60", **getattr(request, "param", {})})


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How many seconds the clock is ahead: change the one number in it."""
    ahead = [0.0]
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    return ahead


def test_runs_past_the_limit_are_429_and_told_when_to_come_back(caller: Caller, later: list[float]) -> None:
    remaining = [caller.run().headers["RateLimit"].split(";")[1] for _ in range(3)]
    assert remaining == ["r=2", "r=1", "r=0"]
    later[0] = 26
    answer = caller.run()
    assert (answer.status_code, answer.json["code"]) == (429, "rate_limited")
    assert answer.headers["Retry-After"] == "34"
    assert answer.headers["RateLimit-Policy"] == '"key";q=3;w=60'
    assert answer.headers["RateLimit"] == '"key";r=0;t=34'
    assert answer.json["detail"] == (
        "This API key may run Blueprints 3 times in 60 seconds. Try again in 34 seconds."
    )


def test_who_waits_as_long_as_told_is_let_in(caller: Caller, later: list[float]) -> None:
    for _ in range(3):
        assert caller.run().status_code == 200
    later[0] = 10
    wait_s = int(caller.run().headers["Retry-After"])
    later[0] = 10 + wait_s
    assert caller.run().status_code == 200


def test_each_key_has_an_allowance_of_its_own(caller: Caller) -> None:

    _, other = api_keys.create_key(
        caller.person.actor, name="Other", project_ids=[caller.project.id], creation_token=new_id()
    )
    statuses = [caller.run().status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert caller.run(headers={"X-API-Key": other}).status_code == 200


def test_what_is_no_run_takes_nothing_from_the_allowance(caller: Caller) -> None:
    for _ in range(4):
        assert caller.get("/models").status_code == 200
    assert caller.run().headers["RateLimit"].startswith('"key";r=2')


@pytest.mark.parametrize(
    "settings", [{"LEAPTER_RATE_LIMIT_STORAGE": f"redis://127.0.0.1:{free_port()}"}], indirect=True
)
def test_without_the_shared_storage_runs_go_on_and_the_log_says_so(caller: Caller) -> None:
    with capture_logs() as log:
        answer = caller.run()
    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers
    assert [line["event"] for line in log] == ["rate_limit_storage_unavailable"]


def test_without_a_limit_no_header_speaks_of_one(caller: Caller, database: dict[str, str]) -> None:
    app = create_app(Settings.from_env(database))
    answer = app.test_client().post(
        caller.path(), json={"weight_kg": 2}, headers={"X-API-Key": caller.secret}
    )
    for stop in app.extensions["leapter_worker_stop"]:
        stop()
    with app.app_context():
        db.engine.dispose()
    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers
    assert "RateLimit-Policy" not in answer.headers
