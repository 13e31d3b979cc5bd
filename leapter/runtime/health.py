"""Whether the server is fit to be sent requests."""

from sqlalchemy import Engine

from leapter import migrate
from leapter.errors import LeapterError


class NotReadyError(LeapterError):
    """The database answers, but is not at the schema of this version."""


def check_ready(engine: Engine) -> None:
    """Check that the database is reachable and migrated.

    Raises:
        NotReadyError: it is at the schema of another version.
        OperationalError: it cannot be reached.
    """
    with engine.connect() as connection:
        if not migrate.is_current(connection):
            raise NotReadyError
