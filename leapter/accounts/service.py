"""Verbs on users and their appspaces."""

import re
from datetime import datetime

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from structlog import get_logger

from leapter.accounts import passwords, throttle
from leapter.accounts.access import Actor
from leapter.accounts.models import Appspace, Membership, SignInSession, User
from leapter.db import db, transaction
from leapter.errors import InvalidInputError, LeapterError, NotFoundError

log = get_logger("leapter.accounts")

MOST_NAME_CHARACTERS = 100
MOST_EMAIL_CHARACTERS = 254  # RFC 5321, §4.5.3.1.3, less the angle brackets


class WrongPasswordError(LeapterError):
    """No account has this e-mail with this password: which of the two is wrong is never told.

    Args:
        user_id: whose e-mail it is, for the log alone; None where it is nobody's.
    """

    def __init__(self, user_id: str | None) -> None:
        super().__init__()
        self.user_id = user_id


class AlreadySetUpError(LeapterError):
    """The first account exists already."""


def has_users() -> bool:
    """Whether anybody has an account yet."""
    return db.session.scalar(select(User.id).limit(1)) is not None


def create_user(*, email: str, name: str, password: str) -> User:
    """Create a user with a personal appspace.

    Raises:
        InvalidInputError: a field is not acceptable, or the e-mail already has an account.
    """
    user = _new_user(email=email, name=name, password=password)
    try:
        with transaction() as session:
            _add(session, user)
    except IntegrityError:
        raise InvalidInputError({"email": ["This e-mail address already has an account."]}) from None
    log.info("user_created", user_id=user.id)
    return user


def create_first_user(*, email: str, name: str, password: str) -> User:
    """Create the first user; of two attempts at once, one succeeds.

    Raises:
        AlreadySetUpError: there is a user already.
        InvalidInputError: a field is not acceptable.
    """
    user = _new_user(email=email, name=name, password=password)
    with transaction() as session:
        if session.get_bind().dialect.name == "postgresql":
            # SQLite lets one writer in at a time; here the table is what the second one waits for.
            session.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
        if session.scalar(select(User.id).limit(1)) is not None:
            raise AlreadySetUpError
        _add(session, user)
    log.info("user_created", user_id=user.id)
    return user


def check_password(*, email: str, password: str, address: str) -> User:
    """The user with this e-mail and this password, typed at the network address `address`.

    Raises:
        WrongPasswordError: there is none.
        TooManyAttemptsError: too many were wrong before; the password was not looked at.
    """
    email = _normal_email(email)
    throttle.reserve_attempt(email, address)
    user = _find_user(email)
    db.session.commit()  # no transaction stays open while the hash takes its time
    if not passwords.matches(password, None if user is None else user.password_hash) or user is None:
        raise WrongPasswordError(None if user is None else user.id)
    throttle.forgive(email, address)
    if passwords.is_outdated(user.password_hash):
        stored = user.password_hash
        with transaction() as session:
            # Only over the hash that was checked: the password may have been changed in between.
            session.execute(
                update(User)
                .where(User.id == user.id, User.password_hash == stored)
                .values(password_hash=passwords.digest(password))
            )
    return user


def change_password(actor: Actor, *, current_password: str, new_password: str, address: str) -> User:
    """Give the person a new password, and end all their sessions.

    Raises:
        InvalidInputError: the current password is wrong, or the new one is not acceptable.
        TooManyAttemptsError: too many were wrong before; the password was not looked at.
    """
    user = db.session.get(User, actor.user_id)
    if user is None:
        raise NotFoundError("user")
    try:
        check_password(email=user.email, password=current_password, address=address)
    except WrongPasswordError:
        log.info("password_change_failed", user_id=user.id, address=address)
        raise InvalidInputError({"current_password": ["This is not your current password."]}) from None
    except throttle.TooManyAttemptsError as error:
        log.info("password_change_throttled", user_id=user.id, address=address, wait_s=error.wait_s)
        raise
    _set_password(user, new_password, field="new_password")
    log.info("password_changed", user_id=user.id, address=address)
    return user


def reset_password(email: str, password: str) -> User:
    """Give a person a new password in the operator's name, and end all their sessions.

    Raises:
        NotFoundError: nobody has this e-mail.
        InvalidInputError: the password is not acceptable.
    """
    user = _find_user(_normal_email(email))
    if user is None:
        raise NotFoundError("user")
    _set_password(user, password, field="password")
    log.info("password_reset", user_id=user.id)
    return user


def count_sessions(actor: Actor, *, seen_after: datetime) -> int:
    """How many browsers are signed in as this person and were used after `seen_after`."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(SignInSession)
            .where(SignInSession.user_id == actor.user_id, SignInSession.last_seen_at >= seen_after)
        )
        or 0
    )


def _find_user(email: str) -> User | None:
    # Text that is no e-mail address may hold what a database refuses to compare with (a NUL).
    return None if _faults_of_email(email) else db.session.scalar(select(User).where(User.email == email))


def _set_password(user: User, password: str, *, field: str) -> None:
    faults = passwords.check(password, email=user.email, name=user.name)
    if faults:
        raise InvalidInputError({field: faults})
    password_hash = passwords.digest(password)
    with transaction() as session:
        session.execute(update(User).where(User.id == user.id).values(password_hash=password_hash))
        session.execute(delete(SignInSession).where(SignInSession.user_id == user.id))


def _new_user(*, email: str, name: str, password: str) -> User:
    email, name = _normal_email(email), name.strip()
    errors = {
        "email": _faults_of_email(email),
        "name": _faults_of_name(name),
        "password": passwords.check(password, email=email, name=name),
    }
    errors = {field: sentences for field, sentences in errors.items() if sentences}
    if errors:
        raise InvalidInputError(errors)
    return User(email=email, name=name, password_hash=passwords.digest(password))


def _add(session: Session, user: User) -> None:
    appspace = Appspace(name=f"{user.name[: MOST_NAME_CHARACTERS - 11]}'s appspace")
    session.add_all([user, appspace])
    session.flush()
    session.add(Membership(appspace_id=appspace.id, user_id=user.id, role="owner"))


def _normal_email(email: str) -> str:
    return email.strip().lower()


def _faults_of_email(email: str) -> list[str]:
    if not email:
        return ["Enter an e-mail address."]
    # Whether an address exists only a message to it can tell; this finds what was typed into the wrong field.
    if not re.fullmatch(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+", email):
        return ["Enter an e-mail address such as ada@example.com."]
    if len(email) > MOST_EMAIL_CHARACTERS:
        return [f"Enter an e-mail address of at most {MOST_EMAIL_CHARACTERS} characters."]
    return []


def _faults_of_name(name: str) -> list[str]:
    if not name:
        return ["Enter a name."]
    if len(name) > MOST_NAME_CHARACTERS:
        return [f"Enter a name of at most {MOST_NAME_CHARACTERS} characters."]
    if not name.isprintable():
        return ["Enter a name without line breaks or control characters."]
    return []
