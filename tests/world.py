"""The people and things that tests talk about, made by the product's own services."""

from contextvars import Context
from dataclasses import dataclass
from typing import Any

from flask import Flask, has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from leapter.accounts import service as accounts
from leapter.accounts.access import Actor, home_appspace
from leapter.accounts.models import User
from leapter.api_keys import service as api_keys
from leapter.api_keys.records import KeyRecord
from leapter.db import db, new_id
from leapter.projects.models import Project

PASSWORD = "correct horse battery staple"


class Browser(FlaskClient):
    """A client whose requests stand alone, as on a server.

    Flask would have them share the application context of the test, and with it `flask.g`: who was signed in
    for one request would be signed in for all. What the test itself has read is read anew after each request.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Make a request outside of the test's own context."""
        if has_app_context():
            db.session.rollback()
        return Context().run(super().open, *args, **kwargs)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user with the browser that is signed in as them."""

    user: User
    actor: Actor
    appspace_id: str
    client: FlaskClient


class World:
    """Makes people and things in one application."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        app.test_client_class = Browser

    def person(self, name: str = "Ada", *, email: str | None = None) -> Person:
        """A user called `name`, signed in through the sign-in page."""
        # Unique unless told otherwise: several tests share a server.
        email = email or f"{name.lower()}-{new_id()[:8]}@example.com"
        user = accounts.create_user(email=email, name=name, password=PASSWORD)
        actor = Actor(user_id=user.id, name=name)
        client = self.app.test_client()
        answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return Person(user=user, actor=actor, appspace_id=home_appspace(actor).id, client=client)

    def key(
        self, person: Person, project: Project, *more: Project, name: str = "Checkout"
    ) -> tuple[KeyRecord, str]:
        """A key of `person` for these projects, with its secret."""
        return api_keys.create_key(
            person.actor,
            name=name,
            project_ids=[each.id for each in (project, *more)],
            creation_token=new_id(),
        )
