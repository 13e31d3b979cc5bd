"""`make bench`: measures, prints what came of it, and writes it to RESULTS.md beside this file.

Ends with exit code 1 where a bound is not kept.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import language
from tests.bench.measure import machine

RESULTS = Path(__file__).parent / "RESULTS.md"

HEAD = """\
# Results of `make bench`

{date}, {machine}.

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


def main() -> int:
    figures = language.measure()
    rows = []
    for figure in figures:
        bound = "" if figure.bound is None else f"≤ {figure.bound}"
        rows.append(f"| {figure.name} | {figure.unit} | {figure.spread} | {bound} |\n")
    date = datetime.now(UTC).date().isoformat()
    report = HEAD.format(date=date, machine=machine(), rounds=language.ROUNDS) + "".join(rows) + TAIL
    print(report)
    RESULTS.write_text(report, encoding="utf-8")
    broken = [figure.name for figure in figures if not figure.is_kept]
    for name in broken:
        print(f"Over its bound: {name}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
