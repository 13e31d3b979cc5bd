"""What every test may ask for: an application on a database of its own, people, clients."""

import gc
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from werkzeug.routing import Rule

from leapter import create_app, migrate
from leapter.accounts import passwords
from leapter.config import Settings
from leapter.db import db
from tests.postgres import Postgres, UnavailableError
from tests.world import Browser, World

# The same examples in every run: what passed once passes again, however busy the machine is.
hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis_settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: runs once on SQLite and once on PostgreSQL")


def pytest_collection_finish() -> None:
    # Thousands of tests stay until the end: the collector need not look through them again and again.
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session", autouse=True)
def quick_password_hashing() -> Iterator[None]:
    """argon2id with its least memory: the real parameters cost each person of each test half a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def addresses_compiled_once() -> Iterator[None]:
    """The builders of addresses are compiled once, not for each application: a tenth of a short test."""
    compiled: dict[tuple[object, bool], Any] = {}
    compile_builder = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        # All that the function is made of: the rule itself is handed to it with each call.
        key = (tuple(rule._trace), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this test run. Where none can be started, CI fails and a laptop skips."""
    try:
        server = Postgres()
    except UnavailableError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    yield server
    server.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the present schema, to be copied."""
    home = tmp_path_factory.mktemp("schema")
    migrate.upgrade(Settings.from_env({"LEAPTER_HOME": str(home)}))
    return home / "leapter.sqlite3"


@pytest.fixture
def database(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path
) -> Iterator[dict[str, str]]:
    """The environment that names an empty database at the present schema.

    It is SQLite, unless the test is marked `both_databases`: then it runs on each.
    """
    home = tmp_path / "instance"
    if getattr(request, "param", "sqlite") == "sqlite":
        home.mkdir()
        shutil.copy(migrated_sqlite, home / "leapter.sqlite3")
        yield {"LEAPTER_HOME": str(home)}
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create_database()
    yield {"LEAPTER_HOME": str(home), "LEAPTER_DATABASE_URL": url}
    server.drop_database(url)


@pytest.fixture
def settings(database: dict[str, str]) -> Settings:
    """The settings of a fresh server with an empty database."""
    return Settings.from_env(database)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """The templates as Python code, which each application would compile anew: most of a page's time."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(settings: Settings, compiled_templates: BytecodeCache) -> Iterator[Flask]:
    """The application, with CSRF off; `csrf_app` has it on."""
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = Browser
    yield app
    for stop in app.extensions["leapter_worker_stop"]:
        stop()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def csrf_app(settings: Settings, compiled_templates: BytecodeCache) -> Iterator[Flask]:
    """The application as it is in production: forms need the token of their page."""
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class Clock:
    """The present as a test sets it; it stands still until it is moved."""

    def __init__(self) -> None:
        self.present = datetime.now(UTC)

    def now(self, zone: tzinfo) -> datetime:
        """What `datetime.now` would say."""
        return self.present.astimezone(zone)

    def advance(self, **span: float) -> None:
        """Move on by `span`, given as for `timedelta`."""
        self.present += timedelta(**span)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The product's clock, in the test's hand."""
    clock = Clock()
    monkeypatch.setattr("leapter.clock.datetime", clock)
    return clock


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    """People and their things, inside an application context."""
    with app.app_context():
        yield World(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser of nobody in particular."""
    return app.test_client()
