"""What else hangs on a project: asked before one is deleted.

This capability may not know the ones above it, so they register here in their `init_app`.
"""

from typing import Protocol

from flask import Flask, current_app
from sqlalchemy.orm import Session

from leapter.projects.models import Project

_EXTENSION = "leapter_project_dependents"


class Dependents(Protocol):
    """One kind of thing that loses something when a project is deleted."""

    def losing(self, project_id: str) -> list[str]:
        """The things that would lose the project, as the page names them: "Billing (lpt_1a2B3c4D)"."""

    def before_delete(self, session: Session, project: Project, actor_name: str) -> None:
        """Note the loss, in the transaction that deletes `project` right after."""


def register(app: Flask, dependents: Dependents) -> None:
    """Have `dependents` asked whenever a project of `app` is to be deleted."""
    app.extensions.setdefault(_EXTENSION, []).append(dependents)


def registered() -> list[Dependents]:
    """All that have registered with the present application."""
    dependents: list[Dependents] = current_app.extensions.get(_EXTENSION, [])
    return dependents
