"""A caller: a program somewhere that holds a key and runs Blueprints."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from leapter.api_keys.records import KeyRecord
from leapter.db import db
from leapter.runtime.state import current_runtime
from tests.world import Person, StoredProject, World

BLUEPRINTS = {
    "parcel-price": """\
//* Parcel Price
\"\"\"What a parcel costs.\"\"\"
function parcel_price(
    //* Weight (kg)
    weight_kg: number,
    //* Zone
    zone: type text choice ["home", "abroad"] = "home"
) ->
    //* Price (EUR)
    price: type number = 0
{
    //* Two and a half euros a kilogram
    price = weight_kg * 2.5;
}
""",
    "nothing-asked": """\
//* Nothing Asked
function nothing_asked() -> answer: type number = 42 { }
""",
    "refusal": """\
//* Refusal
function refusal(weight_kg: number) -> price: type number = 0
{
    //* Too heavy
    throw "Parcels over " + weight_kg + " kg go by freight.";
}
""",
    "endless": """\
//* Endless
function endless() -> n: type number = 0
{
    //* Count on
    while (true) { n = n + 1; }
}
""",
    "operation": """\
//* Operation
function operation(list_given: list of number) -> largest: type number
{
    //* The largest
    largest = max(list_given);
}
""",
    "first-character": """\
//* First character
function first_character(t: text) -> first: type text, big: type number = 1e21
{
    //* The first unit of UTF-16, which may be half a character
    first = t.charAt(0);
}
""",
}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Sends requests with one key to one project."""

    person: Person
    project: StoredProject
    record: KeyRecord
    secret: str = field(repr=False)
    client: FlaskClient

    @property
    def base(self) -> str:
        """The path that all of the project's addresses begin with."""
        return f"/runtime/api/v1/{self.person.appspace_id}/{self.project.id}"

    def path(self, blueprint: str = "parcel-price") -> str:
        """The address to run a Blueprint at."""
        return f"{self.base}/models/{blueprint}/runs"

    def run(
        self, inputs: Any = None, blueprint: str = "parcel-price", *, path: str | None = None, **options: Any
    ) -> TestResponse:
        """Run a Blueprint. Options are those of the test client; `data` sends a raw body instead."""
        headers = {"X-API-Key": self.secret, **options.pop("headers", {})}
        if "data" in options:
            options.setdefault("content_type", "application/json")
        else:
            options["json"] = {"weight_kg": 2} if inputs is None else inputs
        return self.client.post(path or self.path(blueprint), headers=headers, **options)

    def get(self, path: str, **headers: str) -> TestResponse:
        """GET an address below the project's."""
        return self.client.get(f"{self.base}{path}", headers={"X-API-Key": self.secret, **headers})


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    # argon2id takes a tenth of a second by design; nothing here is about passwords.
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("leapter.accounts.passwords._hasher", cheap)


@pytest.fixture
def caller(world: World, client: FlaskClient) -> Caller:
    """A key for a project with a Blueprint for every way a run can end."""
    ada = world.person("Ada")
    project = world.project(ada, "Shipping", BLUEPRINTS)
    record, secret = world.key(ada, project)
    return Caller(person=ada, project=project, record=record, secret=secret, client=client)


def flush() -> None:
    """Write what the runtime has buffered, as its thread does twice a second."""
    assert current_runtime().usage.flush()
    db.session.rollback()  # what this session has read before is the state of an earlier moment
