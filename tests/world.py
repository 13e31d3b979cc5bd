"""The people and things that tests talk about, made by the product's own services."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from flask import Flask, has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from leapter import create_app
from leapter.accounts import service as accounts
from leapter.accounts.access import Actor, home_appspace
from leapter.accounts.models import Membership, User
from leapter.api_keys import service as api_keys
from leapter.api_keys.records import KeyRecord
from leapter.blueprints.importing import import_archive
from leapter.blueprints.models import source_path
from leapter.blueprints.suite_texts import StoredSuite, stored_suite
from leapter.db import db, new_id, transaction
from leapter.projects import service as projects
from leapter.projects.archive import read_files
from leapter.projects.models import Project, ProjectFile
from tests.servers import Server

PASSWORD = "correct horse battery staple"

# A Blueprint that is easy to call: {"weight_kg": 2} gives {"price": 5}.
PRICE = """\
//* Parcel Price
\"\"\"What a parcel costs.\"\"\"
function parcel_price(
    //* Weight (kg)
    weight_kg: number
) ->
    //* Price (EUR)
    price: type number = 0
{
    //* Two and a half euros a kilogram
    price = weight_kg * 2.5;
}
"""


class Browser(FlaskClient):
    """A client whose requests stand alone, as on a server.

    Flask would have them share the application context of the test, and with it `flask.g`: who was signed in
    for one request would be signed in for all. What the test itself has read is read anew after each request.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Make a request outside of the test's own context."""
        if has_app_context():
            db.session.rollback()
            db.session.expire_all()
        return Context().run(super().open, *args, **kwargs)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user with the browser that is signed in as them."""

    user: User
    actor: Actor
    appspace_id: str
    client: FlaskClient


@dataclass(frozen=True, kw_only=True)
class StoredProject:
    """A project; `blueprints` is slug to id."""

    id: str
    name: str
    appspace_id: str
    blueprints: Mapping[str, str]


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

    def member(self, owner: Person, name: str = "Grace") -> Person:
        """Another person, who is a member of the owner's appspace."""
        person = self.person(name)
        with transaction() as session:
            session.add(Membership(appspace_id=owner.appspace_id, user_id=person.user.id, role="member"))
        return person

    def project(
        self, person: Person, name: str = "Shipping", blueprints: Mapping[str, str] | None = None
    ) -> StoredProject:
        """A project of `person`. Without `blueprints` (slug to source) it has one, `parcel-price`."""
        sources = {"parcel-price": PRICE} if blueprints is None else blueprints
        if not sources:
            empty = projects.create_project(person.actor, name=name)
            return StoredProject(id=empty.id, name=empty.name, appspace_id=empty.appspace_id, blueprints={})
        files = {source_path(slug): source.encode() for slug, source in sources.items()}
        report = import_archive(person.actor, read_files(name, files), name=name)
        return StoredProject(
            id=report.project.id,
            name=report.project.name,
            appspace_id=report.project.appspace_id,
            blueprints={one.blueprint.slug: one.blueprint.id for one in report.blueprints},
        )

    def suite(
        self, project: StoredProject, *cases: dict[str, Any], slug: str = "parcel-price"
    ) -> StoredSuite:
        """A test suite called `prices` of one of the project's Blueprints, by default with one case."""
        case = {
            "id": "two",
            "label": "Two kilograms",
            "input": {"weight_kg": 2},
            "expectedOutput": {"price": 5},
        }
        suite = {"id": "prices", "label": "Prices", "testCases": list(cases) or [case]}
        path = f"logic/{slug}/tests/prices.test.json"
        content = json.dumps(suite).encode()
        with transaction() as session:
            session.add(ProjectFile(project_id=project.id, path=path, content=content))
        return stored_suite(path, content)

    def key(
        self,
        person: Person,
        project: Project | StoredProject,
        *more: Project | StoredProject,
        name: str = "Checkout",
    ) -> tuple[KeyRecord, str]:
        """A key of `person` for these projects, with its secret."""
        return api_keys.create_key(
            person.actor,
            name=name,
            project_ids=[each.id for each in (project, *more)],
            creation_token=new_id(),
        )


@contextmanager
def world_on(server: Server) -> Iterator[World]:
    """A world in the database of a running server, from an application in this process."""
    app = create_app(server.settings)
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        yield World(app)
        db.session.remove()
        db.engine.dispose()
