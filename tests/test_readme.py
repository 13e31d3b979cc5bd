"""What the README says is so: its commands work as written, its tables are complete."""

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

from leapter.config import SETTING_NAMES
from leapter.runtime.problem_kinds import KINDS
from tests.servers import Server

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def commands(text: str) -> list[str]:
    """The lines after the prompts of all console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [
        line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")
    ]


def printed(text: str) -> list[tuple[str, str]]:
    """The commands of all console blocks that print one line, each with that line."""
    pairs = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        lines = block.splitlines()
        pairs += [(line[2:], answer) for line, answer in itertools.pairwise(lines) if line.startswith("$ ")]
    return pairs


def as_pattern(line: str) -> str:
    """A printed line as a regular expression: what differs from one reader to the next stands as `…`."""
    return ".*".join(re.escape(part) for part in line.split("…"))


def as_typed(command: str) -> str:
    """The command as a reader of the README would type it: with the values that were printed before."""
    if command.startswith("PATH="):
        return f"PATH={Path(sys.executable).parent}:$PATH"
    if command.startswith("PROJECT="):
        return "PROJECT=$(leapter project list | head -1 | cut -d ' ' -f 1)"
    if command.startswith("ADDRESS="):
        return "ADDRESS=$(leapter project list | sed -n 's/.*Parcel Price: //p')"
    if command.startswith("curl"):
        return command + " --silent --write-out '\\n'"
    return command


def test_the_first_call_and_those_of_all_clients_work_as_written(tmp_path: Path) -> None:
    first = commands(section("The first call"))
    revoke = next(place for place, command in enumerate(first) if "key revoke" in command)
    clients = section("Connecting clients")
    script = ["set -eu", *map(as_typed, [*first[:revoke], *commands(clients), *first[revoke:]])]
    with Server(tmp_path, workers=1) as server:
        done = subprocess.run(
            ["bash", "-c", "\n".join(script)],
            cwd=ROOT,
            env={**server.environment, "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    answers = [json.loads(line) for line in lines]
    assert answers[0] == {"outputData": {"price_eur": 4.9, "chargeable_kg": 1.5, "tariff_eur": 4.9}}
    assert '{"outputData":{"price_eur":4.9,"chargeable_kg":1.5,"tariff_eur":4.9}}' in README
    assert answers[-1]["code"] == "revoked_api_key"
    promised = [line for command, line in printed(clients) if line.startswith("{")]
    asked = [command for command in commands(clients) if command.startswith("curl")]
    assert len(promised) == len(asked) == len(lines) - 2
    for line, answer in zip(promised, lines[1:-1], strict=True):
        assert re.fullmatch(as_pattern(line), answer)


def test_settings_of_clients_can_be_pasted() -> None:
    pasted = re.findall(r"```json\n(.*?)```", section("Connecting clients"), re.DOTALL)
    assert len(pasted) >= 3
    for block in pasted:
        assert isinstance(json.loads(block), dict)


def test_the_tests_of_the_examples_run_as_written() -> None:
    (command,) = commands(section("Tests of Blueprints"))
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()
    told = [line for line in section("Tests of Blueprints").splitlines() if line.rstrip(".").endswith("pass")]
    assert told
    assert [line for line in printed if line in told] == told


def test_every_problem_is_in_the_table_of_errors() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", README, re.MULTILINE)
    assert {code: int(status) for status, code in rows} == {code: kind.status for code, kind in KINDS.items()}


def test_every_setting_is_in_the_table_of_the_configuration() -> None:
    assert set(re.findall(r"^\| `(LEAPTER_\w+)` \|", README, re.MULTILINE)) == SETTING_NAMES


def test_every_command_is_in_the_table_of_commands() -> None:
    from leapter.cli import main

    told = set(
        re.findall(r"^\| `leapter ([a-z-]+(?: [a-z-]+)?)", section("The command `leapter`"), re.MULTILINE)
    )
    groups = {name: getattr(command, "commands", {}) for name, command in main.commands.items()}
    assert told == {f"{name} {sub}".strip() for name, subs in groups.items() for sub in subs or [""]}
