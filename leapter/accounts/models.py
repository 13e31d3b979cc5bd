"""Tables of users, their sessions, appspaces, memberships."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from leapter.clock import now
from leapter.db import Id, Model, UtcDateTime, new_id


class User(Model):
    """A person who signs in."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # lower-cased
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class SignInSession(Model):
    """A browser that is signed in. The cookie holds a random token, this table its SHA-256 only."""

    __tablename__ = "sign_in_sessions"

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class SignInFailure(Model):
    """Wrong passwords in a row, for one account from one address, counted in all workers.

    `subject` is a SHA-256 of the e-mail and the address, so that no list of tried accounts is kept.
    """

    __tablename__ = "sign_in_failures"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_failed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Appspace(Model):
    """The workspace of a person or a team: projects and keys belong to one."""

    __tablename__ = "appspaces"
    __table_args__ = (CheckConstraint("kind IN ('personal', 'team')", name="kind"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10), default="personal")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Membership(Model):
    """Who may enter an appspace."""

    __tablename__ = "memberships"
    __table_args__ = (CheckConstraint("role IN ('owner', 'member')", name="role"),)

    appspace_id: Mapped[str] = mapped_column(ForeignKey("appspaces.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(String(10), default="owner")
