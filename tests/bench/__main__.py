"""`make bench`: measures, prints what came of it, and writes it to RESULTS.md beside this file.

Ends with exit code 1 where a bound is not kept.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import language, serving
from tests.bench.loading import CONNECTIONS
from tests.bench.measure import machine

RESULTS = Path(__file__).parent / "RESULTS.md"

HEAD = """\
# Results of `make bench`

{date}, {machine}.

## The language

The middle of {rounds} rounds, and the least and the most of them. What is compared takes turns within one
process, and the clock counts the time of this process only.

| what | unit | measured | bound |
| --- | --- | --- | --- |
"""

TAIL = """
The code by hand (`tests/bench/pricing.py`) is the floor of what any way to run this can take. It reads the
same JSON and gives the same JSON, rounds by the same rule, and checks and bounds nothing: a wrong input would
give a wrong price or a traceback, where the Blueprint names each fault.

A trace is recorded while the Blueprint runs; its events, each a document with the variables that changed, are
made from the record when they are asked for.
"""

SERVING = f"""
## The server under load

{{cores}} cores, shared with the loader (`wrk`, {CONNECTIONS} connections); {serving.ROUNDS} rounds of \
{serving.SECONDS:g} s each, in an order that turns.

The floor is bare Flask giving JSON back, with the same gunicorn settings, {serving.WORKERS} workers with \
{serving.THREADS} threads each. The server has {serving.KEYS:,} keys for {serving.PROJECTS} projects, and
every call has another key than the one before; what is written after the answer counts as well. CPU is the
processor time of all processes of a server, for one request. Targets, the best round of each: 0.95 on SQLite
and 0.80 on PostgreSQL; p99 at most 1.5 times the floor's; 100,000 keys at most 3 % more than 100.

"""


def main() -> int:
    figures = language.measure()
    rows = []
    for figure in figures:
        bound = "" if figure.bound is None else f"≤ {figure.bound}"
        rows.append(f"| {figure.name} | {figure.unit} | {figure.spread} | {bound} |\n")
    date = datetime.now(UTC).date().isoformat()
    report = HEAD.format(date=date, machine=machine(), rounds=language.ROUNDS) + "".join(rows) + TAIL
    print(report, flush=True)
    served = serving.report(list(serving.SECTIONS), rounds=serving.ROUNDS, seconds=serving.SECONDS)
    RESULTS.write_text(report + SERVING.format(cores=os.cpu_count()) + served, encoding="utf-8")
    broken = [figure.name for figure in figures if not figure.is_kept]
    for name in broken:
        print(f"Over its bound: {name}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
