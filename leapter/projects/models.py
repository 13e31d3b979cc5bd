"""Tables of projects, with the files that no other table holds."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from leapter.clock import now
from leapter.db import Id, Model, UtcDateTime, new_id


class Project(Model):
    """A set of Blueprints that keys are given access to as a whole.

    `release` is another one after every change of what runs: a revision in force, the types document. What
    was linked for one release holds as long as it is the project's.
    """

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    appspace_id: Mapped[str] = mapped_column(ForeignKey("appspaces.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text, default="")
    main_slug: Mapped[str | None] = mapped_column(String(100))
    ignores_unknown_inputs: Mapped[bool] = mapped_column(Boolean, default=False)
    keeps_run_data: Mapped[bool] = mapped_column(Boolean, default=False)
    demands_green_tests: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    release: Mapped[str] = mapped_column(Id, default=new_id, server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_name: Mapped[str] = mapped_column(String(100))


class ProjectFile(Model):
    """A file of an imported project as it came: manifest, types document, test suites, anything unknown.

    Sources of Blueprints are not here: `blueprint_revisions` holds them.
    """

    __tablename__ = "project_files"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(String(500), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
