"""What the tests of API keys share."""

from collections.abc import Callable

import pytest

from tests.world import Person, StoredProject, World

MakeProject = Callable[..., StoredProject]


@pytest.fixture
def project(world: World) -> MakeProject:
    """Makes an empty project: `project(person, "Shipping")`."""

    def make(person: Person, name: str = "Shipping") -> StoredProject:
        return world.project(person, name, blueprints={})

    return make
