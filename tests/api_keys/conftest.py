"""What the tests of API keys share."""

from collections.abc import Callable

import pytest

from leapter.db import transaction
from leapter.projects.models import Project
from tests.world import Person, World

MakeProject = Callable[..., Project]


@pytest.fixture
def project(world: World) -> MakeProject:
    """Makes an empty project: `project(person, "Shipping")`."""

    def make(person: Person, name: str = "Shipping") -> Project:
        with transaction() as session:
            made = Project(appspace_id=person.appspace_id, name=name, created_by_name=person.actor.name)
            session.add(made)
        return made

    return make
