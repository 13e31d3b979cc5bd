"""Brings the database to the schema of this version."""

import importlib
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from leapter.config import ROOT, Settings
from leapter.db import SQLITE_BUSY_TIMEOUT_MS, prepare_engine
from leapter.errors import SettingsError

_NEWER = "The database was written by a newer version of Leapter; start that version, or restore a backup."
_OLDER = "The database is not at this version yet: run `leapter db upgrade` first."

_LOCK = 0x1EA97E2  # any number: the advisory lock that nodes starting at the same time wait for


def load_models() -> None:
    """Import every module that declares tables, so that the metadata knows them all."""
    for capability in ("accounts", "projects", "blueprints", "api_keys", "runtime"):
        importlib.import_module(f"leapter.{capability}.models")


def upgrade(settings: Settings) -> bool:
    """Create or migrate the database of `settings`, in one transaction; return whether anything changed.

    Raises:
        SettingsError: the database cannot be used, or was written by a newer version of Leapter.
    """
    engine = _engine(settings)
    try:
        with engine.connect().execution_options(leapter_write=True) as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            fault = find_fault(connection)
            if fault == _NEWER:
                raise SettingsError(fault)
            if fault is not None:
                command.upgrade(_config(connection), "head")
            return fault is not None
    except SQLAlchemyError as error:
        raise SettingsError(_sentence(settings, error)) from None
    finally:
        engine.dispose()


def is_current(connection: Connection) -> bool:
    """Whether the schema is the one this version expects."""
    return find_fault(connection) is None


def find_fault(connection: Connection) -> str | None:
    """Why this version cannot work with the database as it is, as a sentence for the operator; else None."""
    script = ScriptDirectory.from_config(_config(connection))
    present = MigrationContext.configure(connection).get_current_revision()
    if present == script.get_current_head():
        return None
    known = {revision.revision for revision in script.walk_revisions()}
    return _OLDER if present is None or present in known else _NEWER


def _engine(settings: Settings) -> Engine:
    options = {}
    if settings.is_sqlite:
        options = {"isolation_level": None, "timeout": SQLITE_BUSY_TIMEOUT_MS / 1000}
    engine = create_engine(settings.database_url, connect_args=options, hide_parameters=True)
    prepare_engine(engine)
    return engine


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(ROOT, "migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _sentence(settings: Settings, error: SQLAlchemyError) -> str:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    where = settings.database_url.removeprefix("sqlite:///") if settings.is_sqlite else "LEAPTER_DATABASE_URL"
    return f"The database ({where}) cannot be used: {reason}."
