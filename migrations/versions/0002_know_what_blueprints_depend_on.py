"""Know what Blueprints depend on: their calls of each other, the types document, a project's release.

Revision ID: 0002
Revises: 0001
"""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain columns, not in batch mode: for a default like `false`, or to take a default out again, that would
    # have SQLite copy the table and drop the old one, and dropping a table deletes what hangs on its rows.
    op.add_column("projects", sa.Column("release", sa.String(length=36), nullable=False, server_default=""))
    op.add_column(
        "projects",
        sa.Column("demands_green_tests", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("blueprint_revisions", sa.Column("calls", sa.JSON(), nullable=True))
    op.add_column(
        "blueprint_revisions",
        sa.Column("uses_types", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    # Where the source was in the project that it came with, if not in the usual place.
    op.add_column("blueprints", sa.Column("file_path", sa.String(length=500), nullable=True))
    op.add_column("blueprint_revisions", sa.Column("test_report", sa.JSON(), nullable=True))

    connection = op.get_bind()
    projects = sa.table("projects", sa.column("id", sa.String), sa.column("release", sa.String))
    for (project_id,) in connection.execute(sa.select(projects.c.id)).all():
        connection.execute(
            projects.update().where(projects.c.id == project_id).values(release=str(uuid.uuid4()))
        )
    revisions = sa.table(
        "blueprint_revisions",
        sa.column("has_errors", sa.Boolean),
        sa.column("calls", sa.JSON),
        sa.column("uses_types", sa.Boolean),
    )
    # What had no errors before this version neither called another Blueprint nor used a type of the project.
    # What had errors perhaps meant to: it stays unknown (NULL), and is looked at again with the next change.
    connection.execute(revisions.update().where(revisions.c.has_errors.is_(False)).values(calls=[]))
    connection.execute(revisions.update().where(revisions.c.has_errors.is_(True)).values(uses_types=True))


def downgrade() -> None:
    # Not in batch mode, for the same reason; SQLite removes such columns in place.
    op.drop_column("blueprints", "file_path")
    op.drop_column("blueprint_revisions", "test_report")
    op.drop_column("blueprint_revisions", "uses_types")
    op.drop_column("blueprint_revisions", "calls")
    op.drop_column("projects", "demands_green_tests")
    op.drop_column("projects", "release")
