"""Who acts, and which appspaces that person may enter."""

from dataclasses import dataclass

from sqlalchemy import Select, select

from leapter.accounts.models import Appspace, Membership, User
from leapter.db import db
from leapter.errors import NotFoundError


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """A person, or (without a user id) the operator at the command line, who may enter every appspace."""

    user_id: str | None
    name: str


OPERATOR = Actor(user_id=None, name="command line")


def visible_appspaces(actor: Actor) -> Select[str]:
    """The ids of the appspaces that `actor` may enter, as a subquery for `….in_(…)`.

    Every SELECT of a service that starts from an id from outside carries this condition: a stranger's id then
    finds nothing, exactly as an id that does not exist.
    """
    if actor.user_id is None:
        return select(Appspace.id)
    return select(Membership.appspace_id).where(Membership.user_id == actor.user_id)


def home_appspace(actor: Actor) -> Appspace:
    """The personal appspace of `actor`.

    Raises:
        NotFoundError: the operator has none.
    """
    appspace = db.session.scalar(
        select(Appspace)
        .join(Membership, Membership.appspace_id == Appspace.id)
        .where(Membership.user_id == actor.user_id, Appspace.kind == "personal")
    )
    if appspace is None:
        raise NotFoundError("appspace")
    return appspace


def actor_of(email: str) -> Actor:
    """The person with this e-mail address, for commands that act in somebody's name.

    Raises:
        NotFoundError: nobody has it.
    """
    user = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise NotFoundError("user")
    return Actor(user_id=user.id, name=user.name)
