"""Tables of API keys: scope, usage, history."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from leapter.clock import now
from leapter.db import Id, Model, UtcDateTime, new_id


def _folded_name(context: Any) -> str:
    name: str = context.get_current_parameters()["name"]
    return name.casefold()


class ApiKey(Model):
    """A key, without its secret: `digest` is the SHA-256 of the whole key, in hexadecimal."""

    __tablename__ = "api_keys"
    __table_args__ = (Index(None, "appspace_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    appspace_id: Mapped[str] = mapped_column(ForeignKey("appspaces.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    # For search, order and hints: what a database's own `lower` knows of letters depends on its locale.
    name_folded: Mapped[str] = mapped_column(String(300), default=_folded_name)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    prefix: Mapped[str] = mapped_column(String(12), index=True)
    # What the form that asked for the key carried: the same form sent twice makes one key.
    creation_token: Mapped[str] = mapped_column(Id, unique=True, default=new_id)
    # Counts scope edits, so that an edit made against an older state is refused.
    scope_version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_by_name: Mapped[str] = mapped_column(String(100))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by_name: Mapped[str | None] = mapped_column(String(100))

    def __repr__(self) -> str:
        return f"ApiKey(id={self.id!r})"


class ApiKeyProject(Model):
    """A project that a key may call."""

    __tablename__ = "api_key_projects"

    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ApiKeyUsage(Model):
    """What the flusher of the runtime writes; apart from `api_keys`, so that it never waits for an edit."""

    __tablename__ = "api_key_usage"

    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    use_count: Mapped[int] = mapped_column(BigInteger, default=0)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    last_used_address: Mapped[str | None] = mapped_column(String(45))
    last_used_agent: Mapped[str | None] = mapped_column(String(200))
    refused_count: Mapped[int] = mapped_column(BigInteger, default=0)
    last_refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_refused_address: Mapped[str | None] = mapped_column(String(45))
    last_refused_agent: Mapped[str | None] = mapped_column(String(200))


class ApiKeyCall(Model):
    """What came with a key and was no run: refusals, and calls that only ask. One row for each kind of them.

    `what` is the part of the API that was asked; `code` the problem that was answered, "" for none, with what
    more is known of its cause behind a colon. `project_id` is the project in the address if it is one of the
    key's appspace, else "". It is no foreign key: what was tried stays when the project is gone. The flusher
    of the runtime writes the rows.
    """

    __tablename__ = "api_key_calls"

    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    what: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(String(50), primary_key=True)
    project_id: Mapped[str] = mapped_column(Id, primary_key=True)
    status: Mapped[int] = mapped_column(Integer)  # the HTTP status that was answered
    count: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_address: Mapped[str | None] = mapped_column(String(45))
    last_agent: Mapped[str | None] = mapped_column(String(200))


class KeylessCall(Model):
    """Calls to a project's address without a key that this server knows: none, damaged, or of elsewhere.

    One row for each `what` and `code`, as in `ApiKeyCall`. Anyone can cause them, so they are told to the
    people of the project as a hint and prove nothing.
    """

    __tablename__ = "keyless_calls"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    what: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(String(50), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_address: Mapped[str | None] = mapped_column(String(45))
    last_agent: Mapped[str | None] = mapped_column(String(200))


class ApiKeyHour(Model):
    """How many calls came with a key in one hour of UTC, which begins at `hour`.

    `failures` are those of the `runs` that were answered with a status of 400 or more; `other_calls` only
    asked; `refusals` ended before there was a run. The runtime's flusher counts them, and they stay when the
    records of the runs are deleted.
    """

    __tablename__ = "api_key_hours"
    # The rows are narrow: an index beside the table would double it.
    __table_args__ = ({"sqlite_with_rowid": False},)

    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True, index=True)
    runs: Mapped[int] = mapped_column(BigInteger, default=0)
    failures: Mapped[int] = mapped_column(BigInteger, default=0)
    other_calls: Mapped[int] = mapped_column(BigInteger, default=0)
    refusals: Mapped[int] = mapped_column(BigInteger, default=0)


class ApiKeyEvent(Model):
    """Who changed what a key may do, and when. `detail` holds names as they were: projects may be gone later.

    `created`: {"projects": [{"id", "name"}]}; `scope_changed`: {"added": […], "removed": […]}; `revoked`: {};
    `project_deleted`: {"removed": […]}.
    """

    __tablename__ = "api_key_events"
    __table_args__ = (
        CheckConstraint("kind IN ('created', 'scope_changed', 'project_deleted', 'revoked')", name="kind"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    actor_name: Mapped[str] = mapped_column(String(100))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
