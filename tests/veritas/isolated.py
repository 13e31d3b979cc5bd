"""Runs programs in a process of its own that notes what it does besides computing, and what memory it takes.

Started as a module: it reads a JSON list of `{"source", "inputs", "seconds"}` from its standard input and
writes a line of JSON for each: `{"error", "message_length", "cpu_s", "peak_mib", "left_blocks", "json_mib",
"events"}`. `peak_mib` is how far the memory of the process rose during the run, `left_blocks` how many of
Python's objects had not gone after it, `json_mib` the size of its outputs as JSON.
"""

import gc
import json
import resource
import sys
import time
from typing import Any

from leapter.veritas import Limits, Outcome, RunError, analyze, compile_program

# What the interpreter reports of the language's own work: it looks at frames and ids, to measure what a run
# holds and to tell where it ended.
_OWN_EVENTS = frozenset({"sys._getframe", "object.__getattr__", "builtins.id"})

_events: set[str] = set()
_is_running = False


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _is_running and event not in _OWN_EVENTS:
        _events.add(event)


def _mib(size: int) -> float:
    return round(size / 1048576, 1)


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def _reset_peak() -> None:
    # Linux forgets the highest mark of a process when it is told to.
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def _peak() -> int:
    with open("/proc/self/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def measure(source: str, inputs: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Run one program as the runtime does, and say what came of it."""
    global _is_running  # noqa: PLW0603 - the hook of the interpreter takes no other way
    analysis = analyze(source)
    assert analysis.document is not None, analysis.findings
    program = compile_program(analysis.document)
    limits = Limits(wall_time_s=seconds)
    result: dict[str, Any] = {"error": None, "message_length": 0, "json_mib": 0}
    gc.collect()
    _events.clear()
    blocks = sys.getallocatedblocks()
    _reset_peak()
    before = _resident()
    started = time.process_time()
    outcome: Outcome | None = None
    _is_running = True
    try:
        outcome = program.run(inputs, limits=limits)
    except RunError as error:
        result["error"] = error.code
        result["message_length"] = len(str(error))
    finally:
        _is_running = False
    result["cpu_s"] = round(time.process_time() - started, 3)
    result["peak_mib"] = _mib(_peak() - before)
    result["events"] = sorted(_events)
    if outcome is not None:
        result["json_mib"] = _mib(len(json.dumps(outcome.outputs)))
    outcome = None
    gc.collect()
    result["left_blocks"] = sys.getallocatedblocks() - blocks
    return result


def main() -> None:
    """Measure each program of the list on standard input."""
    programs = json.load(sys.stdin)
    measure("function f() -> o: number { o = 1; }", {}, 1)  # what Python loads late is loaded now
    sys.addaudithook(_note)
    for program in programs:
        print(json.dumps(measure(program["source"], program["inputs"], program["seconds"])), flush=True)


if __name__ == "__main__":
    main()
