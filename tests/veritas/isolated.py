"""Runs programs in a process of its own that notes what it does besides computing, and how much memory it takes.

Started as a module: it reads a JSON list of `{"source", "inputs", "seconds"}` from its standard input and writes
one line of JSON for each: `{"error", "message_length", "cpu_s", "peak_mib", "left_mib", "events"}`. `peak_mib` is how
far the memory of the process rose above what it was before the run, `left_mib` what of it had not come back after it.
"""

import gc
import json
import resource
import sys
import time
from typing import Any

from leapter.veritas import Limits, Outcome, RunError, analyze, compile_program

# What the interpreter reports of the language's own work: frames, which say what a run holds and where it ended.
_OWN_EVENTS = frozenset({"sys._getframe", "object.__getattr__"})

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
    result: dict[str, Any] = {"error": None, "message_length": 0}
    gc.collect()
    _events.clear()
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
        kept = error  # as a log or a stored run would keep it
    else:
        json.dumps(outcome.outputs)
        kept = None
    finally:
        _is_running = False
    result["cpu_s"] = round(time.process_time() - started, 3)
    result["peak_mib"] = _mib(_peak() - before)
    outcome = None
    gc.collect()
    result["left_mib"] = _mib(_resident() - before)
    result["events"] = sorted(_events)
    del kept
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
