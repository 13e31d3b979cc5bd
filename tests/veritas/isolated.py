"""Runs programs in a process of its own that notes what it does besides computing, and what memory it takes.

Started as a module: it reads a JSON list from its standard input, of `{"source", "inputs", "seconds", "mib",
"trace", "library", "gone"}`. `library` has the sources of other Blueprints by call identifier; those in
`gone` are taken away before the run.

It writes a line of JSON for each: `{"error", "message_length", "cpu_s", "peak_mib", "left_blocks",
"json_mib", "trace_cpu_s", "trace_mib", "events"}`. `peak_mib` is how far the memory of the process rose
during the run, `left_blocks` how many of Python's objects had not gone after it, `json_mib` the size of its
outputs as JSON, `trace_mib` that of its trace.
"""

import gc
import json
import resource
import sys
import time
from typing import Any

from leapter.veritas import Environment, Limits, Outcome, Program, RunError, analyze, compile_program

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


def _programs(sources: dict[str, str]) -> dict[str, Program]:
    signatures = {name: analyze(source).signature for name, source in sources.items()}
    environment = Environment(
        blueprints={name: each for name, each in signatures.items() if each is not None}
    )
    programs = {}
    for name, source in sources.items():
        analysis = analyze(source, environment)
        assert analysis.document is not None
        assert not analysis.has_errors, analysis.findings
        programs[name] = compile_program(analysis.document)
    return programs


def measure(asked: dict[str, Any]) -> dict[str, Any]:
    """Run one program as the runtime does, and say what came of it."""
    global _is_running  # noqa: PLW0603 - the hook of the interpreter takes no other way
    library = _programs(asked["library"] | {"": asked["source"]})
    program = library[""]
    if asked["trace"]:
        # What records is compiled before a first traced run begins.
        program._traced_code(library)
    limits = Limits(wall_time_s=asked["seconds"], allocation_bytes=int(asked["mib"] * 1048576))
    result: dict[str, Any] = {
        "error": None,
        "message_length": 0,
        "json_mib": 0,
        "trace_cpu_s": 0,
        "trace_mib": 0,
    }
    for taken_away in asked["gone"]:
        del library[taken_away]
    gc.collect()
    _events.clear()
    blocks = sys.getallocatedblocks()
    _reset_peak()
    before = _resident()
    started = time.process_time()
    outcome: Outcome | None = None
    trace = None
    _is_running = True
    try:
        outcome = program.run(asked["inputs"], limits=limits, library=library, trace=asked["trace"])
        trace = outcome.trace
    except RunError as error:
        result["error"] = error.code
        result["message_length"] = len(str(error))
        trace = error.trace
    finally:
        _is_running = False
    result["cpu_s"] = round(time.process_time() - started, 3)
    if trace is not None:
        started = time.process_time()
        events = trace.to_json()
        result["trace_cpu_s"] = round(time.process_time() - started, 3)
        result["peak_mib"] = _mib(_peak() - before)
        result["trace_mib"] = _mib(len(json.dumps(events)))
        trace = events = None
    result.setdefault("peak_mib", _mib(_peak() - before))
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
    plain = {"source": "function f() -> o: number { o = 1; }", "inputs": {}, "library": {}, "gone": []}
    # What Python loads late is loaded now.
    measure(plain | {"seconds": 1, "mib": 1, "trace": True})
    sys.addaudithook(_note)
    for program in programs:
        print(json.dumps(measure(program)), flush=True)


if __name__ == "__main__":
    main()
