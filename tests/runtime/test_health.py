"""What load balancers and Prometheus ask."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from leapter import create_app
from leapter.config import Settings
from leapter.db import db


@pytest.mark.both_databases
def test_a_server_that_can_take_requests_says_so(client: FlaskClient) -> None:
    alive, ready = client.get("/healthz"), client.get("/readyz")
    assert (alive.status_code, alive.json) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json) == (200, {"status": "ready"})
    assert alive.headers["Cache-Control"] == ready.headers["Cache-Control"] == "no-store"


@pytest.mark.both_databases
def test_a_server_whose_database_is_of_another_version_is_not_ready(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["code"]) == (503, "not_ready")
    assert answer.headers["Retry-After"]
    assert client.get("/healthz").status_code == 200


def test_a_server_without_its_database_is_not_ready_but_alive(tmp_path: Path) -> None:
    nowhere = f"postgresql+psycopg://leapter@/none?host={tmp_path}"
    settings = Settings.from_env({"LEAPTER_HOME": str(tmp_path), "LEAPTER_DATABASE_URL": nowhere})
    client = create_app(settings).test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"]
    assert client.get("/healthz").status_code == 200


def test_metrics_are_not_there_unless_configured(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_metrics_are_given_in_the_text_format_when_configured(tmp_path: Path) -> None:
    settings = Settings.from_env({"LEAPTER_HOME": str(tmp_path), "LEAPTER_METRICS": "1"})
    client = create_app(settings).test_client()
    client.post("/runtime/api/v1/a/p/models/b/runs")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    assert 'leapter_problems_total{code="missing_api_key"} 1.0' in answer.text


def test_every_kind_of_problem_has_a_page_that_anyone_can_read(client: FlaskClient) -> None:
    answer = client.post("/runtime/api/v1/a/p/models/b/runs")
    path = answer.json["type"].removeprefix("http://localhost")
    page = client.get(path)
    assert path == "/problems/missing-api-key"
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "API key missing" in page.text
    assert client.get("/problems/nothing-of-the-kind").status_code == 404
    assert client.get("/problems/missing_api_key").status_code == 404
