"""The signed-in browser: a random token in the cookie, its digest and last use in the database."""

import hashlib
import secrets
from datetime import datetime, timedelta

from flask import Flask, current_app, g, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from leapter.accounts.access import Actor
from leapter.accounts.models import SignInSession, User
from leapter.clock import now
from leapter.config import Settings
from leapter.db import db, transaction

# Last use is written at most this often: a page view is then a read in nearly every case.
_TOUCH_EVERY = timedelta(minutes=1)


class SignedIn(UserMixin):
    """What flask-login keeps: the session's token stands where a user id usually does."""

    def __init__(self, token: str, user: User) -> None:
        self.token = token
        self.user = user

    def get_id(self) -> str:
        return self.token


def init_app(app: Flask) -> None:
    """Have every request look its session up in the database."""
    manager = LoginManager(app)
    # Of use only beside "remember me" cookies, of which there are none.
    manager.session_protection = None
    manager.user_loader(_load)


def sign_in(user: User) -> None:
    """Start a session for `user` in this browser; what the old one held is dropped."""
    token = secrets.token_urlsafe(32)
    with transaction() as database:
        database.execute(delete(SignInSession).where(SignInSession.last_seen_at < idle_since()))
        database.add(SignInSession(token_digest=_digest(token), user_id=user.id))
    session.clear()
    login_user(SignedIn(token, user))


def sign_out() -> None:
    """End this browser's session for good: a copy of its cookie is worthless from now on."""
    with transaction() as database:
        database.execute(
            delete(SignInSession).where(SignInSession.token_digest == _digest(current_user.token))
        )
    logout_user()
    session.clear()


def end_other_sessions() -> None:
    """End every session of the signed-in person but this browser's."""
    with transaction() as database:
        database.execute(
            delete(SignInSession).where(
                SignInSession.user_id == current_user.user.id,
                SignInSession.token_digest != _digest(current_user.token),
            )
        )


def idle_since() -> datetime:
    """A session last used before this moment has ended."""
    settings: Settings = current_app.extensions["leapter_settings"]
    return now() - timedelta(minutes=settings.session_idle_minutes)


def find_signed_in(token: str) -> SignedIn | None:
    """The session of `token`, unless it was ended or stood idle for too long."""
    present, ended_before = now(), idle_since()
    stored = db.session.get(SignInSession, _digest(token))
    if stored is None or stored.last_seen_at < ended_before:
        return None
    # A tenth of a short idle time: one of a minute would else end in the middle of somebody's work.
    if present - stored.last_seen_at > min(_TOUCH_EVERY, (present - ended_before) / 10):
        with transaction() as database:
            database.execute(
                update(SignInSession)
                .where(SignInSession.token_digest == stored.token_digest)
                .values(last_seen_at=present)
            )
    user = db.session.get(User, stored.user_id)
    return None if user is None else SignedIn(token, user)


def current_actor() -> Actor:
    """The signed-in person. Only for routes that are not public: those are never reached without one."""
    return Actor(user_id=current_user.user.id, name=current_user.user.name)


def _load(token: str) -> SignedIn | None:
    # The page that says that the database is away asks again who is signed in, and must not fail on it.
    if g.get("database_is_away"):
        return None
    try:
        return find_signed_in(token)
    except OperationalError:
        g.database_is_away = True
        raise


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
