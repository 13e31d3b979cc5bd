"""Both databases carry the product."""

import pytest
from sqlalchemy import text

from leapter import migrate
from leapter.accounts.access import home_appspace
from leapter.config import Settings
from leapter.db import db
from tests.world import World

pytestmark = pytest.mark.both_databases


def test_a_migrated_database_is_left_alone_by_the_next_start(settings: Settings) -> None:
    assert migrate.upgrade(settings) is False


def test_a_person_has_an_appspace_of_their_own(world: World) -> None:
    ada = world.person("Ada")
    assert home_appspace(ada.actor).id == ada.appspace_id


def test_the_database_is_the_one_that_was_asked_for(world: World, database: dict[str, str]) -> None:
    expected = "postgresql" if "LEAPTER_DATABASE_URL" in database else "sqlite"
    assert db.session.execute(text("SELECT 1")).scalar() == 1
    assert db.engine.dialect.name == expected
