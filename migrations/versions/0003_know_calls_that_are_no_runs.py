"""Know the calls that are no runs, how runs came in, and the streams of the older MCP transport.

Count the calls of keys by the hour, and have old runs deleted.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("via", sa.String(length=10), nullable=True))
    # The latest runs of a key are asked for; a key has millions of them.
    op.create_index("ix_runs_key_id_started_at", "runs", ["key_id", "started_at"])
    op.drop_index("ix_runs_key_id", table_name="runs")
    # The oldest runs of a project are deleted in their order.
    op.create_index("ix_runs_project_id_started_at", "runs", ["project_id", "started_at"])
    op.create_table(
        "api_key_calls",
        sa.Column("key_id", sa.String(length=36), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_address", sa.String(length=45), nullable=True),
        sa.Column("last_agent", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["key_id"], ["api_keys.id"], name="fk_api_key_calls_key_id_api_keys", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key_id", "what", "code", "project_id", name="pk_api_key_calls"),
    )
    op.create_table(
        "keyless_calls",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_address", sa.String(length=45), nullable=True),
        sa.Column("last_agent", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_keyless_calls_project_id_projects", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "what", "code", name="pk_keyless_calls"),
    )
    op.create_table(
        "mcp_streams",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("keeper", sa.String(length=32), nullable=False),
        sa.Column("beat", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["api_keys.id"], name="fk_mcp_streams_key_id_api_keys", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_mcp_streams_project_id_projects", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_mcp_streams"),
    )
    for column in ("keeper", "key_id", "project_id"):
        op.create_index(f"ix_mcp_streams_{column}", "mcp_streams", [column])
    op.create_table(
        "mcp_replies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stream"], ["mcp_streams.digest"], name="fk_mcp_replies_stream_mcp_streams", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_mcp_replies"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mcp_replies_stream", "mcp_replies", ["stream"])
    op.create_table(
        "api_key_hours",
        sa.Column("key_id", sa.String(length=36), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("other_calls", sa.BigInteger(), nullable=False),
        sa.Column("refusals", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["api_keys.id"], name="fk_api_key_hours_key_id_api_keys", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key_id", "hour", name="pk_api_key_hours"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_api_key_hours_hour", "api_key_hours", ["hour"])
    op.create_table(
        "sweeps",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("keeper", sa.String(length=32), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("believed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sweeps"),
    )


def downgrade() -> None:
    op.drop_table("sweeps")
    op.drop_table("api_key_hours")
    op.drop_index("ix_runs_project_id_started_at", table_name="runs")
    op.drop_table("mcp_replies")
    op.drop_table("mcp_streams")
    op.drop_table("keyless_calls")
    op.drop_table("api_key_calls")
    op.create_index("ix_runs_key_id", "runs", ["key_id"])
    op.drop_index("ix_runs_key_id_started_at", table_name="runs")
    # Not in batch mode, which would copy the table: SQLite removes such a column in place.
    op.drop_column("runs", "via")
