"""Loads a server, and tells what that cost it."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from tests.bench.fixture import BODY

CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("calls.lua")
_SETTLE_S = 1.0  # what was buffered is written within half a second


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One load of one server: `cpu_us` is the processor time of all its processes for one request."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


class LoadError(Exception):
    """Not every request was answered as it should be, so the figures would mean nothing."""


def load(port: int, pid: int, calls: Path, *, seconds: float, path: str = "") -> Round:
    """Send the calls in `calls` for so many seconds, all of them to `path` if it is given.

    The processor time counts what the server does for them after it has answered as well. Without `wrk`, a
    loader in Python takes its place: it takes more of the machine, so figures of both do not compare.

    Raises:
        LoadError: a request was not answered, or not with 2xx.
    """
    before = cpu_seconds(tree(pid))
    sent = _by_wrk if shutil.which("wrk") else _by_hand
    told = sent(port, calls, seconds, path)
    time.sleep(_SETTLE_S)
    used = cpu_seconds(tree(pid)) - before
    if told["refused"] or told["broken"] or not told["requests"]:
        raise LoadError(f"{told['refused']} of {told['requests']} requests refused, {told['broken']} broken")
    return Round(
        requests=told["requests"],
        per_second=told["requests"] / told["duration_us"] * 1e6,
        p50_ms=told["p50_us"] / 1000,
        p99_ms=told["p99_us"] / 1000,
        cpu_us=used / told["requests"] * 1e6,
    )


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(_fields(int(folder.name))[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for one in found:  # grows while it is walked
        found.extend(parents.get(one, ()))
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """The processor time, of user and system, that these processes have taken so far."""
    ticks = 0
    for pid in pids:
        fields = _fields(pid)
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """What a process has to itself of the machine's memory, with its share of what it shares, in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError(pid)


def _fields(pid: int) -> list[str]:
    # After the name, which may hold blanks: proc_pid_stat(5). The first is the state, the second the parent.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _by_wrk(port: int, calls: Path, seconds: float, path: str) -> dict[str, int]:
    done = subprocess.run(
        [
            "wrk", "-t2", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", _SCRIPT,
            f"http://127.0.0.1:{port}", "--", calls, BODY, path,
        ],
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    told: dict[str, int] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def _by_hand(port: int, calls: Path, seconds: float, path: str) -> dict[str, int]:
    requests = []
    for line in calls.read_text(encoding="ascii").splitlines():
        own, secret = line.split()
        requests.append(
            f"POST {path or own} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {secret}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}".encode()
        )
    return asyncio.run(_send(port, requests, seconds))


async def _send(port: int, requests: Sequence[bytes], seconds: float) -> dict[str, int]:
    pending = cycle(requests)
    taken: list[float] = []
    refused = 0
    started = time.perf_counter()

    async def call_on() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (sent_at := time.perf_counter()) < started + seconds:
            writer.write(next(pending))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            taken.append(time.perf_counter() - sent_at)
            refused += not head.startswith(b"HTTP/1.1 2")
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(call_on() for _ in range(CONNECTIONS)))
    duration = time.perf_counter() - started
    taken.sort()
    return {
        "requests": len(taken),
        "duration_us": int(duration * 1e6),
        "p50_us": int(quantile(taken, 0.50) * 1e6),
        "p99_us": int(quantile(taken, 0.99) * 1e6),
        "refused": refused,
        "broken": 0,
    }


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the sorted `values` do not exceed."""
    return values[min(len(values) - 1, max(0, -int(-share * len(values) // 1) - 1))]
