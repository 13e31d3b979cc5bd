"""The database: engine settings of both dialects, the session, one way to write."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, String, event
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from leapter.config import Settings

SQLITE_BUSY_TIMEOUT_MS = 5_000
POSTGRES_CONNECT_TIMEOUT_S = 5


class Base(DeclarativeBase):
    """Carries the names of constraints, which SQLite's batch migrations need."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# expire_on_commit: what a service returned stays readable after its transaction, without another SELECT.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def new_id() -> str:
    """Return a new UUID as text: ids are `String(36)` in both dialects, so no driver converts them."""
    return str(uuid.uuid4())


Id = String(36)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. SQLite has no such type and keeps `YYYY-MM-DD HH:MM:SS.ffffff`, which sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def init_app(app: Flask, settings: Settings) -> None:
    """Bind the database of `settings` to `app`."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    # hide_parameters: the text of a database error goes to the log, and must not take digests along.
    if settings.is_sqlite:
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
            "hide_parameters": True,
            # The driver must not open transactions of its own: `_begin` says which kind each one is.
            "connect_args": {"isolation_level": None, "timeout": SQLITE_BUSY_TIMEOUT_MS / 1000},
        }
    else:
        options: dict[str, Any] = {"hide_parameters": True, "pool_pre_ping": True}
        if "connect_timeout=" not in settings.database_url:
            # The driver by itself waits minutes for a host that does not answer; a caller is told 503 before.
            options["connect_args"] = {"connect_timeout": POSTGRES_CONNECT_TIMEOUT_S}
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def prepare_engine(engine: Engine) -> None:
    """Set up each connection of `engine`; on PostgreSQL there is nothing to set up."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, record: apply_sqlite_pragmas(connection))
        event.listen(engine, "connect", lambda connection, record: _know_all_letters(connection))
        event.listen(engine, "begin", _begin)


def apply_sqlite_pragmas(connection: Any) -> None:
    """Set a `sqlite3` connection to the product's durability and integrity settings."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys=ON")


def _know_all_letters(connection: Any) -> None:
    # SQLite's own `lower` knows A to Z only: "Ärzte" would not be found by "ärzte", and would sort behind Z.
    connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another wrote in between,
    # whatever the busy timeout: writers take the lock before they read.
    writes = connection.get_execution_options().get("leapter_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction() -> Iterator[Session]:
    """Open the one write transaction of a service verb: commit at the end, roll back on any error.

    What was read before is read again, since it may have changed before the lock was taken.
    """
    session = db.session()
    session.commit()
    session.expire_all()
    try:
        session.connection(execution_options={"leapter_write": True})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
