"""Starting and ending the server, as the person at the terminal sees it. Every test runs the real command."""

import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from leapter import create_app
from leapter.accounts import service
from leapter.cli import main
from leapter.config import ROOT, Settings
from leapter.db import db
from tests.servers import free_port
from tests.world import PASSWORD

COMMAND = str(Path(sys.executable).with_name("leapter"))
MOST_SECONDS = 30


def environment(home: Path, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LEAPTER_")}
    return {**inherited, "LEAPTER_HOME": str(home), "LEAPTER_WORKERS": "1", **more}


@contextmanager
def started(environment: dict[str, str], *command: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command or (COMMAND, "serve"),
        env=environment,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # as a terminal does it: Ctrl-C goes to the whole group
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(count)]


def refusal(environment: dict[str, str], *command: str) -> str:
    """The one sentence with which the command ends, in vain."""
    done = subprocess.run(
        command or (COMMAND, "serve"),
        env=environment,
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_the_first_start_says_how_to_begin_and_the_second_where_to_go(tmp_path: Path) -> None:
    home, address = tmp_path / "instance", f"127.0.0.1:{free_port()}"
    told = environment(home, LEAPTER_BIND=address)

    with started(told) as process:
        ready, nobody, link = lines(process, 3)
        assert ready == f"Leapter is ready at http://{address}"
        assert nobody == "No user exists yet. Create the owner here:"
        assert re.fullmatch(rf"  http://{re.escape(address)}/setup\?token=[\w-]{{32}}", link)
        with urllib.request.urlopen(link.strip(), timeout=MOST_SECONDS) as page:
            assert b"Set up Leapter" in page.read()
        process.send_signal(signal.SIGTERM)
        output, log = process.communicate(timeout=MOST_SECONDS)
        assert output == ""
        assert [json.loads(line)["event"] for line in log.splitlines()] == ["server_started"]
        assert process.returncode == 0

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home, *home.iterdir())}
    assert modes == {"instance": 0o700, "secret-key": 0o600, "leapter.sqlite3": 0o600}

    app = create_app(Settings.from_env(told_only_leapter(told)))
    with app.app_context():
        service.create_user(email="ada@example.com", name="Ada", password=PASSWORD)
        db.session.remove()
        db.engine.dispose()

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with started(told) as process:
        assert lines(process, 1) == [f"Leapter is ready at http://{address}"]
        with urllib.request.urlopen(f"http://{address}/sign-in", timeout=MOST_SECONDS) as page:
            assert b"Set up" not in page.read()
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=MOST_SECONDS)[0] == ""
        assert process.returncode == 0

    # The start waits for nothing but the processor, whose time other tests take up less than the clock's.
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3


def told_only_leapter(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith("LEAPTER_")}


def test_the_address_to_open_is_the_public_one_where_there_is_one(tmp_path: Path) -> None:
    told = environment(
        tmp_path / "instance",
        LEAPTER_BIND=f"0.0.0.0:{free_port()}",
        LEAPTER_BASE_URL="https://leapter.example.com",
        LEAPTER_METRICS="1",
    )
    with started(told) as process:
        ready, _, link = lines(process, 3)
        assert ready == "Leapter is ready at https://leapter.example.com"
        assert link.startswith("  https://leapter.example.com/setup?token=")


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        sentence = refusal(environment(tmp_path / "instance", LEAPTER_BIND=address))
    assert f"cannot listen on {address} (Address already in use)" in sentence
    assert "LEAPTER_BIND" in sentence


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sentence = refusal(environment(tmp_path / "file" / "instance", LEAPTER_BIND=f"127.0.0.1:{free_port()}"))
    assert f"cannot write to its folder {tmp_path}/file/instance (Not a directory)" in sentence
    assert "LEAPTER_HOME" in sentence


def test_a_read_only_home_is_named() -> None:
    # Root may write everywhere, so root becomes nobody, once what root alone may read is loaded.
    serve = "import os; from leapter.cli import main; os.getuid() or os.setuid(65534); main(['serve'])"
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o555)
        told = environment(Path(home), LEAPTER_BIND=f"127.0.0.1:{free_port()}")
        sentence = refusal(told, sys.executable, "-c", serve)
        assert f"cannot write to its folder {home} (Permission denied)" in sentence


def test_a_database_that_is_away_is_named(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://leapter:hunter22@127.0.0.1:{free_port()}/leapter"
    bind = f"127.0.0.1:{free_port()}"
    told = environment(tmp_path / "instance", LEAPTER_DATABASE_URL=url, LEAPTER_BIND=bind)
    for command in ((COMMAND, "serve"), (COMMAND, "project", "list")):
        sentence = refusal(told, *command)
        assert "cannot be used: connection failed" in sentence
        assert "hunter22" not in sentence


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    sentence = refusal(environment(tmp_path / "instance", LEAPTER_WORKERS="many"))
    assert sentence == "Error: LEAPTER_WORKERS is 'many', but it must be a whole number from 1 to 256.\n"


@pytest.mark.parametrize(
    ("option", "value", "fault"),
    [
        ("--bind", "foo", "'foo' must be an address and a port"),
        ("--bind", "", "'' must be an address and a port"),
        ("--workers", "0", "'0' must be a whole number from 1 to 256"),
        ("--threads", "many", "'many' must be a whole number from 1 to 256"),
    ],
)
def test_an_option_that_is_wrong_is_named_as_it_was_given(
    tmp_path: Path, option: str, value: str, fault: str
) -> None:
    result = CliRunner(env={"LEAPTER_HOME": str(tmp_path)}).invoke(main, ["serve", option, value])
    assert result.exit_code == 2
    assert f"Invalid value for '{option}': {fault}" in result.stderr
    assert "LEAPTER_" not in result.stderr


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path, database: dict[str, str]) -> None:
    home = Path(database["LEAPTER_HOME"])
    with closing(sqlite3.connect(home / "leapter.sqlite3")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    told = environment(home, LEAPTER_BIND=f"127.0.0.1:{free_port()}")
    for command in (("serve",), ("db", "upgrade"), ("key", "list"), ("project", "list")):
        sentence = refusal(told, COMMAND, *command)
        assert "written by a newer version of Leapter" in sentence
        assert "leapter db upgrade" not in sentence
    by_itself = refusal(told, sys.executable, "-m", "gunicorn", "-c", "python:leapter.server", "app:app")
    assert "written by a newer version of Leapter" in by_itself


def test_a_database_that_is_not_migrated_yet_sends_to_the_command_for_it(tmp_path: Path) -> None:
    told = environment(tmp_path / "instance")
    assert "run `leapter db upgrade` first" in refusal(told, COMMAND, "key", "list")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    home = tmp_path / "instance"
    home.mkdir()
    (home / "leapter.sqlite3").write_text("a shopping list\n" * 99)
    sentence = refusal(environment(home, LEAPTER_BIND=f"127.0.0.1:{free_port()}"))
    assert f"The database ({home}/leapter.sqlite3) cannot be used: file is not a database." in sentence


def test_gunicorn_by_itself_does_not_serve_from_an_empty_database(tmp_path: Path) -> None:
    sentence = refusal(
        environment(tmp_path / "instance", LEAPTER_BIND=f"127.0.0.1:{free_port()}"),
        sys.executable, "-m", "gunicorn", "-c", "python:leapter.server", "app:app",
    )  # fmt: skip
    assert "run `leapter db upgrade` first" in sentence


def test_ctrl_c_before_gunicorn_is_up_ends_the_start_without_a_traceback(tmp_path: Path) -> None:
    # Python itself tells what is imported: this test need not guess when the command is in the middle of it.
    loading = (sys.executable, "-X", "importtime", COMMAND, "serve")
    with started(
        environment(tmp_path / "instance", LEAPTER_BIND=f"127.0.0.1:{free_port()}"), *loading
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.split("|")[-1].strip() == "gunicorn.arbiter":
                break
        os.killpg(process.pid, signal.SIGINT)
        output, said = process.communicate(timeout=MOST_SECONDS)
        assert process.returncode == -signal.SIGINT
    assert output == ""
    assert [line for line in said.splitlines() if not line.startswith("import time:")] == []


def test_a_terminal_that_cannot_be_told_the_address_ends_the_start(tmp_path: Path) -> None:
    told = environment(tmp_path / "instance", LEAPTER_BIND=f"127.0.0.1:{free_port()}")
    sentence = refusal(told, "bash", "-c", '"$0" serve > /dev/full', COMMAND)
    assert sentence.endswith("cannot be written to standard output (No space left on device).\n")


def test_a_limit_of_open_files_that_leaves_no_room_for_streams_is_named(tmp_path: Path) -> None:
    told = environment(tmp_path / "instance")
    sentence = refusal(told, "bash", "-c", 'ulimit -n 200; "$0" serve', COMMAND)
    assert "200 files open here, which is too few for 4 threads and 100 streams" in sentence


@pytest.mark.parametrize("made_before", [False, True])
def test_a_clone_that_cannot_be_written_is_named(made_before: bool) -> None:
    with tempfile.TemporaryDirectory() as clone:
        for name in ("Makefile", "requirements.txt", "pyproject.toml", ".build/hatch_build.py"):
            (Path(clone) / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, Path(clone) / name)
        folder = Path(clone)
        if made_before:
            folder /= ".venv"
            (folder / "bin").mkdir(parents=True)
            (folder / "bin" / "uv").touch()
        for path in (Path(clone), *Path(clone).rglob("*")):
            path.chmod(0o555)
        done = subprocess.run(
            ["make", "run"],
            cwd=clone,
            # Root may write everywhere.
            user=65534 if os.getuid() == 0 else None,
            extra_groups=[] if os.getuid() == 0 else None,
            text=True,
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
        )
        for path in (Path(clone), *Path(clone).rglob("*")):
            path.chmod(0o755)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Leapter cannot be installed: the folder {folder} cannot be written. ")
    assert "venv module" not in done.stdout + done.stderr


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python3.10"
    old.write_text(
        textwrap.dedent(f"""\
        #!{sys.executable}
        import sys
        sys.version_info, sys.version = (3, 10, 4), "3.10.4 (main)"
        exec(sys.argv[2])
        """)
    )
    old.chmod(0o700)
    for name in ("requirements.txt", "pyproject.toml", ".build/hatch_build.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    done = subprocess.run(
        ["make", "-f", str(ROOT / "Makefile"), "run", f"PYTHON={old}"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    assert done.returncode != 0
    assert "Leapter needs Python 3.11 or newer" in done.stderr
    assert "is 3.10.4. Set PYTHON=python3.x to use another." in done.stderr
    assert "Traceback" not in done.stderr
