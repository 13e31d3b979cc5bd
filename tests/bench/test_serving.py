"""The arithmetic of the bench of the server. What the server does under load is for `make bench` to tell."""

import os
from pathlib import Path

import pytest

from leapter import migrate
from leapter.api_keys import keys
from leapter.config import Settings
from tests.bench.fixture import fill
from tests.bench.loading import Round, cpu_seconds, quantile, tree
from tests.bench.serving import ratios, table


def test_a_quantile_is_the_value_that_the_share_does_not_exceed() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [quantile(values, share) for share in (0.5, 0.99, 1)] == [50, 99, 100]
    assert quantile([3.0], 0.01) == 3


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
def test_the_processor_time_of_a_process_and_its_children_is_counted() -> None:
    assert os.getpid() in tree(os.getppid())
    before = cpu_seconds([os.getpid()])
    while cpu_seconds([os.getpid()]) < before + 0.02:
        sum(range(1000))


def test_ratios_are_of_one_round_with_the_same_round_of_the_other() -> None:
    def taken(cpu_us: float, per_second: float) -> Round:
        return Round(requests=1, per_second=per_second, p50_ms=1, p99_ms=2, cpu_us=cpu_us)

    floor, server = [taken(200, 1000), taken(300, 900)], [taken(400, 500), taken(400, 600)]
    told = ratios(floor, server)
    assert told["CPU per request, first / second"] == "0.62 (0.50 to 0.75); best round of each 0.500"
    assert told["req/s, second / first"] == "0.58 (0.50 to 0.67)"
    assert "| 2 | 900 | 1.00 | 2.00 | 300 | 600 | 1.00 | 2.00 | 400 | 0.750 |" in table(
        ["a", "b"], [floor, server]
    )


def test_every_call_of_the_fixture_has_a_key_of_its_own(tmp_path: Path) -> None:
    settings = Settings.from_env({"LEAPTER_HOME": str(tmp_path / "home"), "LEAPTER_LOG_LEVEL": "warning"})
    migrate.upgrade(settings)
    filled = fill(settings, tmp_path, key_count=7, project_count=2)
    calls = [line.split() for line in filled.calls.read_text().splitlines()]
    assert len({path for path, _ in calls}) == 2
    assert len({secret for _, secret in calls}) == 7
    assert all(keys.is_well_formed(secret) for _, secret in calls)
    assert filled.calls.stat().st_mode & 0o077 == 0
