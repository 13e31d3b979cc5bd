"""Settings from the environment: a wrong value is named, nothing is guessed."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from leapter.config import RateLimit, Settings
from leapter.errors import SettingsError


def read(home: Path, **values: str) -> Settings:
    return Settings.from_env({"LEAPTER_HOME": str(home), **values})


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = read(tmp_path)
    assert read(tmp_path).secret_key == first.secret_key
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_of_two_first_starts_at_once_both_have_the_same_secret_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = {settings.secret_key for settings in pool.map(lambda _: read(tmp_path), range(8))}
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 40])
def test_a_damaged_secret_key_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret-key").write_bytes(content)
    with pytest.raises(SettingsError, match=re.escape(f"{tmp_path}/secret-key holds no secret key")):
        read(tmp_path)
    assert (tmp_path / "secret-key").read_bytes() == content


def test_a_new_home_is_closed_to_others_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    read(tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    (tmp_path / "old").mkdir()
    (tmp_path / "old").chmod(0o750)
    read(tmp_path / "old")
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o750


def test_settings_never_show_their_secrets(tmp_path: Path) -> None:
    settings = read(tmp_path, LEAPTER_DATABASE_URL="postgresql+psycopg://leapter:hunter22@db/leapter")
    assert settings.secret_key not in repr(settings)
    assert "hunter22" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEAPTER_WORKERS", "0"),
        ("LEAPTER_WORKERS", "many"),
        ("LEAPTER_WORKERS", "257"),
        ("LEAPTER_THREADS", "-1"),
        ("LEAPTER_BIND", "8000"),
        ("LEAPTER_BIND", "localhost:99999"),
        ("LEAPTER_BASE_URL", "leapter.example.com"),
        ("LEAPTER_BASE_URL", "https://leapter.example.com/?a=b"),
        ("LEAPTER_BASE_URL", "https://leapter.example.com/rules"),
        ("LEAPTER_BASE_URL", "https://ada:secret@leapter.example.com"),
        ("LEAPTER_BASE_URL", "https://leapter.example.com:port"),
        ("LEAPTER_BASE_URL", "https://"),
        ("LEAPTER_BASE_URL", "https://[::1::2]"),
        ("LEAPTER_DATABASE_URL", "mysql://localhost/leapter"),
        ("LEAPTER_KEY_RATE_LIMIT", "600"),
        ("LEAPTER_RATE_LIMIT_STORAGE", "memcached://localhost"),
        ("LEAPTER_MCP_ORIGINS", "*"),
        ("LEAPTER_MCP_ORIGINS", "null"),
        ("LEAPTER_MCP_ORIGINS", "app.example.com"),
        ("LEAPTER_MCP_ORIGINS", "https://app.example.com/"),
        ("LEAPTER_MCP_ORIGINS", "https://app.example.com, https://*.example.com"),
        ("LEAPTER_MCP_ORIGINS", "https://app.example.com,"),
        ("LEAPTER_MCP_STREAMS", "1001"),
        ("LEAPTER_RUNS_KEPT_DAYS", "-1"),
        ("LEAPTER_RUNS_KEPT_DAYS", "36501"),
        ("LEAPTER_RUNS_KEPT_PER_PROJECT", "100.000"),
        ("LEAPTER_RUNS_KEPT_PER_PROJECT", "10000001"),
        ("LEAPTER_METRICS", "yes"),
        ("LEAPTER_LOG_LEVEL", "loud"),
        ("LEAPTER_SESSION_IDLE_MINUTES", "1.5"),
        ("LEAPTER_TRUSTED_PROXIES", "all"),
        ("LEAPTER_SECRET_KEY", "short"),
        ("LEAPTER_WORKER", "2"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(tmp_path, **{name: value})


def test_a_wrong_database_address_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, LEAPTER_DATABASE_URL="postgres://leapter:hunter22@db/leapter")
    assert "hunter22" not in str(caught.value)


def test_values_are_read(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        LEAPTER_BASE_URL="https://leapter.example.com/",
        LEAPTER_KEY_RATE_LIMIT="600/60",
        LEAPTER_BIND="[::1]:9000",
        LEAPTER_RUNS_KEPT_DAYS="0",
        LEAPTER_RUNS_KEPT_PER_PROJECT="10000000",
        LEAPTER_MCP_ORIGINS="HTTPS://App.example.com:443, http://localhost:6274, https://bücher.example",
    )
    # As browsers write them in the header Origin.
    assert settings.mcp_origins == {
        "https://app.example.com",
        "http://localhost:6274",
        "https://xn--bcher-kva.example",
    }
    assert settings.base_url == "https://leapter.example.com"
    assert settings.key_rate_limit == RateLimit(runs=600, window_s=60)
    assert settings.bind == "[::1]:9000"
    assert (settings.runs_kept_days, settings.runs_kept_per_project) == (0, 10_000_000)


def test_a_home_that_is_not_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="LEAPTER_HOME is a file, not a folder"):
        read(tmp_path / "file")


def test_a_public_address_with_a_path_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must have no path: Leapter serves the root of a host name"):
        read(tmp_path, LEAPTER_BASE_URL="https://example.com/leapter/")


@pytest.mark.parametrize(
    "address",
    ["http://localhost:8000", "https://[2001:db8::1]:8443", "https://bücher.example"],
)
def test_public_addresses_of_every_kind_are_taken(tmp_path: Path, address: str) -> None:
    assert read(tmp_path, LEAPTER_BASE_URL=address + "/").base_url == address
    # Whether cookies are "Secure" is read from the scheme.
    assert read(tmp_path, LEAPTER_BASE_URL=address.replace("http", "HTTP", 1)).base_url == address
