"""Many keys for many projects, put into a database at once, and the calls that they make."""

import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import insert

from leapter import create_app
from leapter.api_keys import keys
from leapter.api_keys.models import ApiKey, ApiKeyProject
from leapter.config import Settings
from leapter.db import db, new_id, transaction
from tests.world import Person, World

BODY = json.dumps({"weight_kg": 2})
_EMAIL = "ada@example.com"
_ROWS = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """The address that their owner signs in with, and a file with one call a line: path, blank, secret."""

    email: str
    calls: Path


def fill(settings: Settings, folder: Path, *, key_count: int, project_count: int) -> Filled:
    """Make so many keys, each for one of so many projects, in the database of `settings`.

    The secrets are written to a file in `folder`, which nobody else may read.
    """
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        world = World(app)
        owner = world.person("Ada", email=_EMAIL)
        paths = []
        for number in range(project_count):
            project = world.project(owner, f"Project {number}")
            path = f"/runtime/api/v1/{owner.appspace_id}/{project.id}/models/parcel-price/runs"
            paths.append((project.id, path))
        calls = folder / f"calls-{new_id()}"
        calls.touch(mode=0o600)
        made = (_key(owner, number) for number in range(key_count))
        with calls.open("a", encoding="ascii") as file:
            number = 0
            while batch := list(islice(made, _ROWS)):
                scopes = []
                for secret, row in batch:
                    project_id, path = paths[number % project_count]
                    scopes.append({"key_id": row["id"], "project_id": project_id})
                    file.write(f"{path} {secret}\n")
                    number += 1
                with transaction() as session:
                    session.execute(insert(ApiKey), [row for _, row in batch])
                    session.execute(insert(ApiKeyProject), scopes)
        db.session.remove()
        db.engine.dispose()
    return Filled(email=_EMAIL, calls=calls)


def _key(owner: Person, number: int) -> tuple[str, dict[str, str]]:
    secret = keys.mint()
    row = {
        "id": new_id(),
        "appspace_id": owner.appspace_id,
        "name": f"Key {number}",
        "digest": keys.digest(secret),
        "prefix": keys.display_prefix(secret),
        "created_by_id": owner.actor.user_id,
        "created_by_name": owner.actor.name,
    }
    return secret, row
