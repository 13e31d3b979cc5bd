"""Tables of the runtime's own: streams of the older MCP transport with their replies, and who sweeps."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from leapter.db import Model, UtcDateTime


class McpStream(Model):
    """An open stream of some worker on some node. `digest` is the SHA-256, in hexadecimal, of its session id.

    `keeper` is the worker that holds it, which counts `beat` on; one that no longer does has died. It is a
    count and no moment, so that neither a clock that jumps nor two that differ can end a stream.
    """

    __tablename__ = "mcp_streams"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    keeper: Mapped[str] = mapped_column(String(32), index=True)
    beat: Mapped[int] = mapped_column(Integer, default=0)
    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)


class McpReply(Model):
    """A reply, as JSON, that waits for the worker that holds its stream; sent, it is deleted."""

    __tablename__ = "mcp_replies"
    # Or SQLite would give the id of a deleted reply to the next one, which would be deleted for it.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 (SQLAlchemy's own form)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    stream: Mapped[str] = mapped_column(ForeignKey("mcp_streams.digest", ondelete="CASCADE"), index=True)
    body: Mapped[str] = mapped_column(Text)


class Sweep(Model):
    """The one row says which process deletes what is past its time; `keeper` is "" where none does.

    `beat` counts what the keeper does: it is a count and no moment, as in `McpStream`. At `believed_at` the
    clock was last believed; `doubts` counts the sweeps since then that found it more than a day ahead.
    """

    __tablename__ = "sweeps"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    keeper: Mapped[str] = mapped_column(String(32))
    beat: Mapped[int] = mapped_column(BigInteger)
    believed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    doubts: Mapped[int] = mapped_column(Integer)
