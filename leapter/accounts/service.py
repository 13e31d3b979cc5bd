"""Verbs on users and their appspaces."""

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from leapter.accounts.models import Appspace, Membership, User
from leapter.db import db, transaction
from leapter.errors import InvalidInputError

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106, §4, second choice


def create_user(*, email: str, name: str, password: str) -> User:
    """Create a user with a personal appspace.

    Raises:
        InvalidInputError: a field is not acceptable, or the e-mail already has an account.
    """
    user = User(email=email.strip().lower(), name=name.strip(), password_hash=_hasher.hash(password))
    try:
        with transaction() as session:
            appspace = Appspace(name=f"{user.name}'s appspace")
            session.add_all([user, appspace])
            session.flush()
            session.add(Membership(appspace_id=appspace.id, user_id=user.id, role="owner"))
    except IntegrityError:
        raise InvalidInputError({"email": ["This e-mail address already has an account."]}) from None
    return user


def has_users() -> bool:
    """Whether anybody has an account yet."""
    return db.session.scalar(select(User.id).limit(1)) is not None


def find_user_by_password(email: str, password: str) -> User | None:
    """The user with this e-mail and this password."""
    user = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None:
        return None
    try:
        _hasher.verify(user.password_hash, password)
    except VerifyMismatchError:
        return None
    return user
