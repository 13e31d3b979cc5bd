"""The people and things that tests talk about, made by the product's own services."""

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient

from leapter.accounts import service as accounts
from leapter.accounts.access import Actor, home_appspace
from leapter.accounts.models import User
from leapter.api_keys import service as api_keys
from leapter.api_keys.records import KeyRecord
from leapter.db import new_id
from leapter.projects.models import Project

PASSWORD = "correct horse battery staple"


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

    def person(self, name: str = "Ada") -> Person:
        """A user called `name`, signed in through the sign-in page."""
        email = f"{name.lower()}-{new_id()[:8]}@example.com"  # unique: several tests share a server
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
