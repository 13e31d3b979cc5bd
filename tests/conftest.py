"""What every test may ask for: an application on a database of its own, people, clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from leapter import create_app, migrate
from leapter.config import Settings
from leapter.db import db
from tests.world import World


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a fresh server with an empty SQLite database, at the present schema."""
    settings = Settings.from_env({"LEAPTER_HOME": str(tmp_path / "instance")})
    migrate.upgrade(settings)
    return settings


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application, with CSRF off; `csrf_app` has it on."""
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    """People and their things, inside an application context."""
    with app.app_context():
        yield World(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser of nobody in particular."""
    return app.test_client()
