"""Verbs on users and their appspaces."""

from argon2 import PasswordHasher
from sqlalchemy.exc import IntegrityError

from leapter.accounts.models import Appspace, Membership, User
from leapter.db import transaction
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
