"""The signed-in browser: a random token in the cookie, its digest and last use in the database."""

import hashlib
import secrets
from datetime import timedelta

from flask import Flask, current_app, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import delete, update

from leapter.accounts.access import Actor
from leapter.accounts.models import SignInSession, User
from leapter.clock import now
from leapter.config import Settings
from leapter.db import db, transaction

# Last use is written at most this often: a page view is then a read in nearly every case.
_TOUCH_EVERY = timedelta(minutes=1)


class SignedIn(UserMixin):  # type: ignore[misc]  # flask-login has no types
    """What flask-login keeps: the session's token stands where a user id usually does."""

    def __init__(self, token: str, user: User) -> None:
        self.token = token
        self.user = user

    def get_id(self) -> str:
        return self.token


def init_app(app: Flask) -> None:
    """Have every request look its session up in the database."""
    manager = LoginManager(app)
    manager.user_loader(find_signed_in)


def sign_in(user: User) -> None:
    """Start a session for `user` in this browser; what the old one held is dropped."""
    token = secrets.token_urlsafe(32)
    with transaction() as database:
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


def end_other_sessions(user_id: str) -> None:
    """End every session of a user but this browser's. Runs inside the caller's transaction."""
    db.session.execute(
        delete(SignInSession).where(
            SignInSession.user_id == user_id, SignInSession.token_digest != _digest(current_user.token)
        )
    )


def find_signed_in(token: str) -> SignedIn | None:
    """The session of `token`, unless it was ended or stood idle for too long."""
    settings: Settings = current_app.extensions["leapter_settings"]
    stored = db.session.get(SignInSession, _digest(token))
    if stored is None:
        return None
    idle = now() - stored.last_seen_at
    if idle > timedelta(minutes=settings.session_idle_minutes):
        return None
    if idle > _TOUCH_EVERY:
        with transaction() as database:
            database.execute(
                update(SignInSession)
                .where(SignInSession.token_digest == stored.token_digest)
                .values(last_seen_at=now())
            )
    user = db.session.get(User, stored.user_id)
    return None if user is None else SignedIn(token, user)


def current_actor() -> Actor:
    """The signed-in person. Only for routes that are not public: those are never reached without one."""
    return Actor(user_id=current_user.user.id, name=current_user.user.name)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
