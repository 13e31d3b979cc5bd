"""Tables of the older MCP transport: streams that are open, and the replies that are on their way to them."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from leapter.clock import now
from leapter.db import Model, UtcDateTime


class McpStream(Model):
    """An open stream of some worker on some node. `digest` is the SHA-256, in hexadecimal, of its session id.

    The worker that holds it moves `seen_at` on; a row that has fallen behind belongs to a worker that died.
    """

    __tablename__ = "mcp_streams"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)


class McpReply(Model):
    """A reply, as JSON, that waits for the worker that holds its stream; sent, it is deleted."""

    __tablename__ = "mcp_replies"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    stream: Mapped[str] = mapped_column(ForeignKey("mcp_streams.digest", ondelete="CASCADE"), index=True)
    body: Mapped[str] = mapped_column(Text)
