"""Schemathesis reads the OpenAPI documents of the examples and tries a real server with what it finds."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from leapter import create_app
from leapter.blueprints import importing
from leapter.db import db
from tests.servers import Server
from tests.world import World

pytestmark = pytest.mark.xdist_group("schemathesis")

ROOT = Path(__file__).resolve().parents[2]
_COMMAND = Path(sys.executable).with_name("schemathesis")

# What the README says, with all checks on. That a valid request may be refused by 422 is no leave for the
# run boundary to do so: see `valid_inputs_reach_the_blueprint`. For the same reason, one warning is left out:
# that an operation refused most of what was tried, which the loan decision does with most people whom chance
# makes up.
_CONFIGURATION = (
    re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[0]
    + """
[warnings]
display = [
  "missing_auth", "missing_test_data", "base_url_mismatch", "missing_deserializer", "unused_openapi_auth",
  "unsupported_regex", "method_not_allowed", "unresolvable_reference", "rate_limited",
]
fail-on = true
"""
)


@dataclass(frozen=True, kw_only=True)
class Target:
    server: Server
    secret: str = field(repr=False)
    addresses: dict[str, str]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server with the examples and a key for them; keys have a limit, which is told of in headers."""
    environment = {"LEAPTER_KEY_RATE_LIMIT": "100000/60"}
    with Server(tmp_path_factory.mktemp("schemathesis"), environment=environment) as server:
        app = create_app(server.settings)
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            world = World(app)
            ada = world.person()
            projects = {
                example.name: importing.import_example(ada.actor, example.name).project
                for example in importing.EXAMPLES
            }
            addresses = {
                name: f"{server.url}/runtime/api/v1/{project.appspace_id}/{project.id}/openapi"
                for name, project in projects.items()
            }
            _, secret = world.key(ada, *projects.values())
            db.session.remove()
            db.engine.dispose()
        yield Target(server=server, secret=secret, addresses=addresses)
        assert "unexpected_error" not in server.log()
        assert secret not in server.log()


@pytest.mark.parametrize("example", [example.name for example in importing.EXAMPLES])
def test_the_document_and_the_server_agree_whatever_is_sent(
    target: Target, tmp_path: Path, example: str
) -> None:
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(_CONFIGURATION)
    # LEAPTER_FUZZ_EXAMPLES=1000 looks longer.
    most = os.environ.get("LEAPTER_FUZZ_EXAMPLES", "10")
    done = subprocess.run(
        [
            _COMMAND,
            "--no-color",
            f"--config-file={configuration}",
            "run",
            target.addresses[example],
            "--checks=all",
            "--mode=all",
            f"--max-examples={most}",
            "--seed=1",
            "--generation-database=none",
        ],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.runtime.schemathesis_checks",
            "LEAPTER_API_KEY": target.secret,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout
    tried = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert tried, done.stdout
    assert tried[1] == tried[2]
    assert int(tried[1]) > 100, done.stdout
