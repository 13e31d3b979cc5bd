"""A database that an earlier version wrote comes to this version whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, create_engine, inspect, select

from leapter import migrate
from leapter.config import ROOT, Settings
from leapter.db import db, prepare_engine

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@contextmanager
def connected(settings: Settings) -> Iterator[Connection]:
    options = {"isolation_level": None} if settings.is_sqlite else {}
    engine = create_engine(settings.database_url, connect_args=options)
    prepare_engine(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def bring_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(ROOT, "migrations")))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def rows_of(connection: Connection, table: str) -> list[dict[str, object]]:
    found = Table(table, MetaData(), autoload_with=connection)
    order = [column for column in found.columns if column.primary_key]
    return [dict(row._mapping) for row in connection.execute(select(found).order_by(*order))]


def fill(connection: Connection) -> None:
    """One row and more in the tables that hang on each other, as the first version wrote them."""
    tables = MetaData()
    tables.reflect(connection)

    def add(table: str, **values: object) -> None:
        connection.execute(tables.tables[table].insert().values(**values))

    add("appspaces", id="space", name="Ada", kind="personal", created_at=NOW)
    for number in (1, 2):
        add(
            "projects",
            id=f"project-{number}",
            appspace_id="space",
            name="Shipping",
            description="",
            main_slug="price",
            ignores_unknown_inputs=False,
            keeps_run_data=True,
            created_at=NOW,
            created_by_name="Ada",
        )
    add(
        "blueprints",
        project_id="project-1",
        id="blueprint",
        slug="price",
        label="Price",
        call_identifier="price",
        description="",
        revision_in_force_id="sound",
        newest_revision_id="broken",
        created_at=NOW,
    )
    for number, (name, has_errors) in enumerate((("sound", False), ("broken", True)), 1):
        add(
            "blueprint_revisions",
            id=name,
            project_id="project-1",
            blueprint_id="blueprint",
            number=number,
            source="…",
            findings=[],
            has_errors=has_errors,
            created_at=NOW,
            created_by_name="Ada",
        )
    add("project_files", project_id="project-1", path="notes.txt", content=b"\x00kept")


def test_the_schema_is_the_one_that_the_product_works_with(settings: Settings) -> None:
    migrate.load_models()
    with connected(settings) as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_the_first_versions_data_stays_and_gets_what_is_new(settings: Settings) -> None:
    with connected(settings) as connection:
        bring_to(connection, "0001")
        assert "release" not in {column["name"] for column in inspect(connection).get_columns("projects")}
        fill(connection)
        tables = ("projects", "blueprints", "blueprint_revisions", "project_files")
        before = {table: rows_of(connection, table) for table in tables}

    assert migrate.upgrade(settings) is True

    with connected(settings) as connection:
        after = {table: rows_of(connection, table) for table in tables}
    for table, rows in before.items():
        for old, new in zip(rows, after[table], strict=True):
            assert new.items() >= old.items()
    releases = {str(project["release"]) for project in after["projects"]}
    assert [len(release) for release in releases] == [36, 36]
    assert not any(project["demands_green_tests"] for project in after["projects"])
    known = {
        revision["id"]: (revision["calls"], revision["uses_types"])
        for revision in after["blueprint_revisions"]
    }
    assert known == {"sound": ([], False), "broken": (None, True)}
