"""The server under load, against bare Flask.

`python -m tests.bench.serving` measures without writing RESULTS.md: all sections, or those that are named;
`--rounds` and `--seconds` say how many rounds of how many seconds.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.fixture import Filled, fill
from tests.bench.loading import Round, load, memory_mb, tree
from tests.bench.measure import spread
from tests.console import Console
from tests.postgres import Postgres
from tests.servers import Server, free_port
from tests.world import PASSWORD

KEYS, PROJECTS = 10_000, 100
WORKERS, THREADS = 2, 4
ROUNDS, SECONDS = 9, 4.0

Subject = Callable[[float], Round]

SECTIONS = {
    "sqlite": "the floor against the server on SQLite",
    "postgresql": "the floor against the server on PostgreSQL",
    "keys": "100 keys against 100,000",
    "workers": "two workers against four",
    "page": "the page of API keys, with 10,000 of them",
}


@contextmanager
def floor(folder: Path) -> Iterator[tuple[int, int]]:
    """Bare Flask with gunicorn's settings as the server has them; gives its port and its process."""
    port = free_port()
    with (folder / "floor.log").open("ab") as log:
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("gunicorn"), "--preload", "-k", "gthread",
                "--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "15",
                "--no-control-socket", "-b", f"127.0.0.1:{port}", "tests.bench.floor:app",
            ],
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 20
        while len(tree(process.pid)) <= WORKERS and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def in_turns(subjects: Sequence[Subject], *, count: int, seconds: float) -> list[list[Round]]:
    """Load the subjects one after the other, in an order that turns, once warm: `count` rounds of each."""
    for subject in subjects:
        subject(2)
    taken: list[list[Round]] = [[] for _ in subjects]
    for number in range(count):
        for offset in range(len(subjects)):
            position = (number + offset) % len(subjects)
            taken[position].append(subjects[position](seconds))
    return taken


def table(names: Sequence[str], taken: Sequence[Sequence[Round]]) -> str:
    """Every round of two subjects, and how the second compares with the first."""
    first, second = taken
    heads = " | ".join(f"{name}: req/s | p50 ms | p99 ms | CPU µs" for name in names)
    lines = [
        f"| round | {heads} | CPU ratio |",
        "| --- |" + " ---: |" * (4 * len(names) + 1),
    ]
    for number, (one, other) in enumerate(zip(first, second, strict=True), 1):
        cells = [
            f"{each.per_second:.0f} | {each.p50_ms:.2f} | {each.p99_ms:.2f} | {each.cpu_us:.0f}"
            for each in (one, other)
        ]
        lines.append(f"| {number} | {' | '.join(cells)} | {one.cpu_us / other.cpu_us:.3f} |")
    lines += ["", *(f"- {name}: {value}" for name, value in ratios(first, second).items())]
    return "\n".join(lines)


def ratios(first: Sequence[Round], second: Sequence[Round]) -> dict[str, str]:
    """How `second` compares with `first`, round by round, and the best round of each with the other's."""
    pairs = list(zip(first, second, strict=True))
    cpu = spread([a.cpu_us / b.cpu_us for a, b in pairs])
    best = min(each.cpu_us for each in first) / min(each.cpu_us for each in second)
    return {
        "CPU per request, first / second": f"{cpu}; best round of each {best:.3f}",
        "req/s, second / first": str(spread([b.per_second / a.per_second for a, b in pairs])),
        "p50, second / first": str(spread([b.p50_ms / a.p50_ms for a, b in pairs])),
        "p99, second / first": str(spread([b.p99_ms / a.p99_ms for a, b in pairs])),
    }


class Bench:
    """The servers of one comparison; all of them end with it, and the secrets go."""

    def __init__(self, *, rounds: int, seconds: float) -> None:
        self._rounds, self._seconds = rounds, seconds
        self._stack = ExitStack()

    def __enter__(self) -> "Bench":
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="leapter-bench-")))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def postgres(self) -> dict[str, str]:
        """A database of its own, as the environment names it."""
        postgres = Postgres()
        self._stack.callback(postgres.close)
        return {"LEAPTER_DATABASE_URL": postgres.create_database()}

    def server(
        self, *, key_count: int = KEYS, workers: int = WORKERS, environment: dict[str, str] | None = None
    ) -> tuple[Server, Path, Subject]:
        """A server with keys, the file of its calls, and what loads it."""
        server, filled = self.filled(key_count=key_count, workers=workers, environment=environment)
        calls = filled.calls
        return server, calls, lambda seconds: load(server.port, _pid(server), calls, seconds=seconds)

    def filled(
        self, *, key_count: int, workers: int = WORKERS, environment: dict[str, str] | None = None
    ) -> tuple[Server, Filled]:
        """A server with keys."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        quiet = {"LEAPTER_LOG_LEVEL": "warning", **(environment or {})}
        server = Server(folder, workers=workers, threads=THREADS, environment=quiet)
        self._stack.enter_context(server)
        return server, fill(server.settings, folder, key_count=key_count, project_count=PROJECTS)

    def floor(self, calls: Path) -> Subject:
        """What loads bare Flask with these calls."""
        port, pid = self._stack.enter_context(floor(self._folder))
        return lambda seconds: load(port, pid, calls, seconds=seconds, path="/echo")

    def compare(self, names: Sequence[str], subjects: Sequence[Subject]) -> str:
        """The table of all rounds."""
        return table(names, in_turns(subjects, count=self._rounds, seconds=self._seconds))


def against_floor(bench: Bench, *, postgresql: bool) -> str:
    """The floor against the server, and what memory its workers take then."""
    server, calls, subject = bench.server(environment=bench.postgres() if postgresql else None)
    compared = bench.compare(["floor", "server"], [bench.floor(calls), subject])
    sizes = ", ".join(f"{memory_mb(pid):.0f} MB" for pid in tree(_pid(server))[1:])
    return f"{compared}\n- memory of each worker afterwards: {sizes}"


def by_keys(bench: Bench) -> str:
    """Few keys against many."""
    few, many = (bench.server(key_count=count)[2] for count in (100, 100_000))
    return bench.compare(["100 keys", "100,000 keys"], [few, many])


def by_workers(bench: Bench) -> str:
    """Two workers against four."""
    two, four = (bench.server(workers=count)[2] for count in (2, 4))
    return bench.compare(["2 workers", "4 workers"], [two, four])


def key_page(bench: Bench) -> str:
    """How long the page of API keys takes, over HTTP, on a server with nothing else to do."""
    server, filled = bench.filled(key_count=KEYS)
    console = Console(server.url)
    console.sign_in(filled.email, PASSWORD)
    taken = []
    for _ in range(40):
        started = time.perf_counter()
        assert console.get("/api-keys").status == 200
        taken.append((time.perf_counter() - started) * 1000)
    return f"- the page of API keys, milliseconds of 40 requests after one another: {spread(taken[5:])}"


def _pid(server: Server) -> int:
    assert server.process is not None
    return server.process.pid


def report(sections: Sequence[str], *, rounds: int, seconds: float) -> str:
    """Measure the sections and tell what came of it."""
    parts = []
    for section in sections:
        with Bench(rounds=rounds, seconds=seconds) as bench:
            match section:
                case "sqlite" | "postgresql":
                    told = against_floor(bench, postgresql=section == "postgresql")
                case "keys":
                    told = by_keys(bench)
                case "workers":
                    told = by_workers(bench)
                case _:
                    told = key_page(bench)
        parts.append(f"### {SECTIONS[section][0].upper()}{SECTIONS[section][1:]}\n\n{told}")
        print(parts[-1], end="\n\n", flush=True)
    return "\n\n".join(parts) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], default=list(SECTIONS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args(arguments)
    report(options.sections, rounds=options.rounds, seconds=options.seconds)


if __name__ == "__main__":
    main()
