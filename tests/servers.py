"""A real server, as `leapter serve` starts it: gunicorn with its workers, on a free port."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from leapter.config import Settings

_START_TIMEOUT_S = 30
_STOP_TIMEOUT_S = 15
_COMMAND = Path(sys.executable).with_name("leapter")


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`leapter serve` with a home folder of its own. Use it as a context manager, or call `start` and `stop`.

    Args:
        folder: an empty folder for the server's home and its log.
        workers: how many processes.
        threads: how many threads in each.
        environment: further `LEAPTER_…` variables, such as LEAPTER_DATABASE_URL.
    """

    def __init__(
        self, folder: Path, *, workers: int = 2, threads: int = 4, environment: dict[str, str] | None = None
    ) -> None:
        self.home = folder / "instance"
        self.log_path = folder / "server.log"
        self.port = free_port()
        self.environment = {
            "LEAPTER_HOME": str(self.home),
            "LEAPTER_BIND": f"127.0.0.1:{self.port}",
            "LEAPTER_WORKERS": str(workers),
            "LEAPTER_THREADS": str(threads),
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Settings:
        """The server's settings, to open its database from this process with `create_app`."""
        return Settings.from_env(self.environment)

    def start(self) -> "Server":
        """Start the process and wait until `/readyz` says 200.

        Raises:
            AssertionError: it ended, or was not ready within 30 s; the text holds its log.
        """
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LEAPTER_")}
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [_COMMAND, "serve"],
                env={**inherited, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"The server did not start:\n{self.log()}")
            time.sleep(0.02)  # between looks at another process, which has no event to await
        return self

    def is_ready(self) -> bool:
        """Whether `/readyz` says 200."""
        try:
            return self.get("/readyz") == 200
        except OSError:
            return False

    def get(self, path: str) -> int:
        """GET a path on a connection of its own; return the status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", urlsplit(path).path)
            return connection.getresponse().status
        finally:
            connection.close()

    def log(self) -> str:
        """What the server has written to its standard output and error so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """End the server, by SIGTERM unless told otherwise; return its exit code (0 if it never ran)."""
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(signal_number)
        try:
            return process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(
                f"The server did not end within {_STOP_TIMEOUT_S} s:\n{self.log()}"
            ) from None

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
