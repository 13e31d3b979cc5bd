"""Tables of the older MCP transport: streams that are open, and the replies that are on their way to them."""

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from leapter.db import Model


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
