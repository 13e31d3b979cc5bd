"""Figures for Prometheus. They are counted where the bookkeeping is written, never while a caller waits."""

import os
from collections import Counter as Tally
from collections.abc import Iterable

_DURATION_BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5)


class Metrics:
    """The figures of this process; `exposition` gives those of all workers together."""

    def __init__(self) -> None:
        # prometheus_client decides at its import whether it counts for several processes. The folder they
        # share is named by leapter.server, which itself imports this module first.
        import prometheus_client  # noqa: PLC0415 (its folder must be named first)
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: PLC0415 (so too)

        self.content_type = prometheus_client.CONTENT_TYPE_LATEST
        self._registry = registry = CollectorRegistry()
        self._runs = Counter("leapter_runs", "Runs by answered status.", ["status"], registry=registry)
        self._duration = Histogram(
            "leapter_run_duration_seconds",
            "Time spent in the Blueprint, without HTTP.",
            buckets=_DURATION_BUCKETS_S,
            registry=registry,
        )
        self._problems = Counter(
            "leapter_problems", "Calls of the machine-facing API answered by a problem.", ["code"],
            registry=registry,
        )  # fmt: skip
        self._dropped = Counter(
            "leapter_run_records_dropped",
            "Run records dropped because the buffer was full; their uses were counted all the same.",
            registry=registry,
        )
        self._failures = Counter(
            "leapter_usage_write_failures",
            "Times that usage could not be written and was kept for later.",
            registry=registry,
        )
        self._waiting = Gauge(
            "leapter_run_records_waiting",
            "Run records that wait to be written.",
            multiprocess_mode="livesum",
            registry=registry,
        )

    def written(self, runs: Iterable[tuple[int, int]], *, waiting: int, dropped: int) -> None:
        """Count runs, each given by its status and its duration in microseconds."""
        statuses: Tally[int] = Tally()
        for status, duration_us in runs:
            statuses[status] += 1
            self._duration.observe(duration_us / 1_000_000)
        for status, count in statuses.items():
            self._runs.labels(str(status)).inc(count)
        if dropped:
            self._dropped.inc(dropped)
        self._waiting.set(waiting)

    def not_written(self, *, waiting: int) -> None:
        """Count a failure to write, with the run records that wait now."""
        self._failures.inc()
        self._waiting.set(waiting)

    def problem(self, code: str) -> None:
        """Count an answer that was a problem."""
        self._problems.labels(code).inc()

    def exposition(self) -> bytes:
        """The figures of all workers in Prometheus's text format."""
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess  # noqa: PLC0415 (see above)

        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library is untyped here
        return generate_latest(registry)
