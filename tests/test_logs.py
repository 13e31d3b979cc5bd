"""The log: JSON lines that say who did what, and never a secret."""

import json
import logging
from dataclasses import replace
from io import FileIO, TextIOWrapper
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask import Flask
from structlog.testing import capture_logs

from leapter import create_app, logs
from leapter.accounts import service as accounts
from leapter.accounts import throttle
from leapter.blueprints import service as blueprints
from leapter.blueprints.importing import EXAMPLES_FOLDER, import_archive
from leapter.config import Settings
from leapter.db import db
from leapter.projects import service as projects
from leapter.projects.archive import read_path
from tests.servers import Server
from tests.world import PASSWORD, PRICE, World

KEY = "lpt_" + "aB3" * 12


def events(text: str) -> list[dict[str, Any]]:
    """The lines of a server's output, without those for the person at the terminal."""
    lines = [line for line in text.splitlines() if not line.startswith(("Leapter is", "No user", "  http"))]
    return [json.loads(line) for line in lines]


def test_every_line_of_a_server_is_json_and_its_start_is_one(tmp_path: Path) -> None:
    with Server(tmp_path, workers=1) as server:
        # Whoever does this is told by gunicorn itself, in the words of its own log.
        (worker,) = psutil.Process(server.process.pid if server.process else None).children()
        worker.kill()
        assert server.get("/readyz") == 200  # by the worker that took its place
    started, killed = events(server.log())
    assert (started["event"], started["level"]) == ("server_started", "info")
    assert started["bind"] == f"127.0.0.1:{server.port}"
    assert (started["workers"], started["database"]) == (1, "sqlite")
    assert started["version"]
    assert (killed["logger"], killed["level"]) == ("gunicorn.error", "error")
    assert killed["event"] == f"Worker (pid:{worker.pid}) was sent SIGKILL! Perhaps out of memory?"


def test_what_a_library_says_keeps_no_key_and_no_query(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logger = logging.getLogger("some.library")
    try:
        raise ValueError(f"no header {KEY}")
    except ValueError:
        logger.exception("Error handling request %s %s", "GET", f"/setup?token={'t' * 32}")
    logger.log(35, "an odd level")
    first, second = events(capsys.readouterr().err)
    assert (first["event"], first["level"]) == ("Error handling request GET /setup", "error")
    assert first["logger"] == "some.library"
    assert first["exception"][0]["exc_value"] == f"no header {KEY[:12]}..."
    assert (second["event"], second["level"]) == ("an odd level", "warning")


def test_a_log_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    logs.configure("info")
    # Nothing waits in a buffer there, to fail once more when it is closed.
    with TextIOWrapper(FileIO("/dev/full", "w"), write_through=True) as full:
        with pytest.raises(OSError, match="No space"):
            full.write("a line")
        monkeypatch.setattr("sys.stderr", full)
        accounts.create_user(email="eve@example.com", name="Eve", password=PASSWORD)
        monkeypatch.undo()
    assert accounts.check_password(email="eve@example.com", password=PASSWORD, address="::1").name == "Eve"


def test_people_s_sign_ins_are_logged_without_what_they_typed(app: Flask, world: World) -> None:
    with capture_logs() as log:
        ada = world.person()
        assert log == [
            {"event": "user_created", "log_level": "info", "user_id": ada.user.id},
            {
                "event": "sign_in_succeeded",
                "log_level": "info",
                "user_id": ada.user.id,
                "address": "127.0.0.1",
            },
        ]
        log.clear()
        client = app.test_client()
        for email in ("typed-password-by-mistake@example.com", ada.user.email):
            client.post("/sign-in", data={"email": email, "password": "typed secret"})
        for _ in range(throttle.FREE_PER_ACCOUNT_AND_ADDRESS):
            client.post("/sign-in", data={"email": ada.user.email, "password": "typed secret"})
    failed = [each["user_id"] for each in log if each["event"] == "sign_in_failed"]
    assert failed == [None, *[ada.user.id] * throttle.FREE_PER_ACCOUNT_AND_ADDRESS]
    assert (log[-1]["event"], log[-1]["wait_s"]) == ("sign_in_throttled", 2)
    assert {each["address"] for each in log} == {"127.0.0.1"}
    assert "typed" not in json.dumps(log)


def test_changed_passwords_are_logged(world: World) -> None:
    ada = world.person()
    form = {"new_password": "another horse staple", "repeat": "another horse staple"}
    with capture_logs() as log:
        ada.client.post("/account", data={**form, "current_password": "not the right one"})
        ada.client.post("/account", data={**form, "current_password": PASSWORD})
        accounts.reset_password(ada.user.email, PASSWORD)
    assert [(each["event"], each["user_id"]) for each in log] == [
        ("password_change_failed", ada.user.id),
        ("password_changed", ada.user.id),
        ("password_reset", ada.user.id),
    ]
    assert "horse" not in json.dumps(log)


def test_what_happens_to_projects_and_blueprints_is_logged(world: World) -> None:
    ada = world.person()
    with capture_logs() as log:
        made = projects.create_project(ada.actor, name="Own")
        shown = blueprints.create_blueprint(ada.actor, made.id, source=PRICE)
        source = PRICE.replace("2.5", "3")
        for _ in range(2):  # the second changes nothing
            shown = blueprints.get_blueprint(ada.actor, made.id, shown.blueprint.id)
            blueprints.save_revision(
                ada.actor, made.id, shown.blueprint.id, source=source, base_revision_id=shown.newest.id
            )
        projects.delete_project(ada.actor, made.id, typed_name="Own")
        came = import_archive(ada.actor, read_path(EXAMPLES_FOLDER / "parcel-shipping")).project
    assert [(each["event"], each["project_id"]) for each in log] == [
        ("project_created", made.id),
        ("blueprint_created", made.id),
        ("blueprint_revision_saved", made.id),
        ("project_deleted", made.id),
        ("project_imported", came.id),
    ]
    assert {each["actor"] for each in log} == {ada.user.id}
    assert (log[2]["revision"], log[2]["revision_in_force"], log[4]["blueprints"]) == (2, 2, 3)


def test_the_set_up_is_logged_without_its_token(settings: Settings, app: Flask) -> None:
    from leapter.accounts import first_run

    token = first_run.token(settings.secret_key)
    with capture_logs() as log:
        answer = app.test_client().post(
            "/setup",
            data={"token": token, "email": "ada@example.com", "name": "Ada", "password": PASSWORD},
        )
    assert answer.status_code == 303
    assert [each["event"] for each in log] == ["user_created", "set_up_done"]
    assert token not in json.dumps(log)


def test_requests_to_pages_are_logged_at_debug_without_their_query(settings: Settings) -> None:
    app = create_app(replace(settings, log_level="debug"))
    client = app.test_client()
    with capture_logs() as log:
        client.get("/sign-in?next=/secret-page", headers={"User-Agent": "secret-agent"})
        client.get("/nowhere?token=secret")
        client.post("/sign-out")  # refused, for want of a token
        client.get("/healthz")
        client.get("/runtime/api/v1/a/b/models")
    assert [(each["method"], each["path"], each["status"]) for each in log] == [
        ("GET", "/sign-in", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/sign-out", 422),
    ]
    assert all(each["log_level"] == "debug" and each["duration_ms"] > 0 for each in log)
    assert "secret" not in json.dumps(log)
    with app.app_context():
        db.engine.dispose()


def test_at_info_neither_pages_nor_runs_leave_a_line(app: Flask, world: World) -> None:
    ada = world.person()
    project = world.project(ada)
    _, secret = world.key(ada, project)
    with capture_logs() as log:
        path = f"/runtime/api/v1/{ada.appspace_id}/{project.id}/models/parcel-price/runs"
        ran = app.test_client().post(path, json={"weight_kg": 2}, headers={"X-API-Key": secret})
        assert ran.status_code == 200
        assert ada.client.get("/projects").status_code == 200
    assert log == []
