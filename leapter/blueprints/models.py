"""Tables of Blueprints, their revisions, their runs."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from leapter.clock import now
from leapter.db import Id, Model, UtcDateTime, new_id


def source_path(slug: str) -> str:
    """Where the source of a Blueprint is in a project's folder, unless it came from elsewhere in it."""
    return f"logic/{slug}/{slug}.logic.vts"


class Blueprint(Model):
    """A Blueprint under the ids that callers use.

    The id is unique within its project only: a project imported a second time keeps its Blueprints' ids.
    Label, call identifier and description are those of the revision in force, or of the newest where none is.
    `file_path` is the path that its source had in the project it came with, None for the usual one.
    """

    __tablename__ = "blueprints"
    __table_args__ = (
        UniqueConstraint("project_id", "slug"),
        UniqueConstraint("project_id", "call_identifier"),
    )

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(String(100))
    label: Mapped[str] = mapped_column(String(200))
    call_identifier: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    revision_in_force_id: Mapped[str | None] = mapped_column(Id)
    newest_revision_id: Mapped[str] = mapped_column(Id)
    file_path: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    @property
    def source_path(self) -> str:
        """Where its source is in the project's folder."""
        return self.file_path or source_path(self.slug)


class BlueprintRevision(Model):
    """One saved source. The source never changes after it was written; what is known about it may.

    `calls` are the call identifiers of the other Blueprints that the source calls, in the order of the
    alphabet; None is for sources from before this was known. With `uses_types`, it says what the findings are
    to be found anew after: what is wrong with a source depends on the Blueprints and types that it names.
    `test_report` is what was found when it was to come into force, or when its tests last ran: see
    `trials.Trial.to_json`. Where a person put it into force, `put_by` and `put_at` say who and when; where
    its tests turned red because other types were saved, `types_by` and `types_at` do.
    """

    __tablename__ = "blueprint_revisions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "blueprint_id"], ["blueprints.project_id", "blueprints.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("project_id", "blueprint_id", "number"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(Id)
    blueprint_id: Mapped[str] = mapped_column(Id)
    number: Mapped[int] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(Text)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    has_errors: Mapped[bool] = mapped_column(Boolean)
    calls: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), default=list)
    uses_types: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    test_report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_name: Mapped[str] = mapped_column(String(100))


class Run(Model):
    """One run, of a key or of a person in the console.

    `key_id` is no foreign key: the record outlives what it names. `via` is the way it came in: "rest", "mcp",
    "console"; None is for runs from before this was recorded. `input_data` and `output_data` are kept only
    where the project says so.
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index(None, "project_id", "blueprint_id", "started_at"),
        Index(None, "project_id", "started_at"),
        Index(None, "key_id", "started_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    blueprint_id: Mapped[str] = mapped_column(Id)
    revision_number: Mapped[int] = mapped_column(Integer)
    key_id: Mapped[str | None] = mapped_column(Id)
    caller: Mapped[str] = mapped_column(String(100))  # the key's display prefix, or the person's name
    via: Mapped[str | None] = mapped_column(String(10))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    duration_us: Mapped[int] = mapped_column(Integer)
    status: Mapped[int] = mapped_column(Integer)  # the HTTP status that was answered
    error_code: Mapped[str | None] = mapped_column(String(50))
    error_message: Mapped[str | None] = mapped_column(Text)
    correlation_id: Mapped[str | None] = mapped_column(String(200))
    client_address: Mapped[str | None] = mapped_column(String(45))
    client_agent: Mapped[str | None] = mapped_column(String(200))
    input_data: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    output_data: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
