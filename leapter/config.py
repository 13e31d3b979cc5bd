"""The settings of a server, read once from the environment."""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path
from typing import TypeVar

from leapter.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
MAX_BODY_BYTES = 1024 * 1024

_LEAST_SECRET_KEY_CHARACTERS = 32
_DEFAULT_PORTS = {"http": "80", "https": "443"}

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """At most `runs` runs in any `window_s` seconds."""

    runs: int
    window_s: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a server can be told. The README's table is the reference for operators."""

    home: Path
    database_url: str
    secret_key: str
    base_url: str | None = None
    trusted_proxies: int = 0
    bind: str = "127.0.0.1:8000"
    workers: int = 2
    threads: int = 4
    session_idle_minutes: int = 480
    key_rate_limit: RateLimit | None = None
    rate_limit_storage: str = "memory://"
    mcp_origins: frozenset[str] = frozenset()
    mcp_streams: int = 100
    runs_kept_days: int = 90
    runs_kept_per_project: int = 100_000
    metrics: bool = False
    log_level: str = "info"

    def __repr__(self) -> str:
        return f"Settings(home={str(self.home)!r})"

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")

    @property
    def address(self) -> str:
        """Where a person finds the server: its public address, else the one it listens on."""
        if self.base_url:
            return self.base_url
        # "All addresses" is no address to open.
        for everywhere, here in (("0.0.0.0:", "127.0.0.1:"), ("[::]:", "[::1]:")):
            if self.bind.startswith(everywhere):
                return "http://" + self.bind.replace(everywhere, here, 1)
        return f"http://{self.bind}"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the `LEAPTER_…` variables; create the home folder and the secret key when they are missing.

        Raises:
            SettingsError: a value is wrong or unknown (it is named), or the home folder cannot be written.
        """
        values = {
            name: value.strip()
            for name, value in (os.environ if environ is None else environ).items()
            if name.startswith("LEAPTER_") and value.strip()
        }
        unknown = sorted(values.keys() - SETTING_NAMES - {_CLIENTS_VARIABLE})
        if unknown:
            raise SettingsError(f"{unknown[0]} is not a setting of Leapter; the README lists them all.")
        read = {}
        for name, (field, reader) in _READERS.items():
            if name in values:
                try:
                    read[field] = reader(values[name])
                except ValueError as error:
                    shown = "" if name in _MAY_HOLD_A_PASSWORD else f" is {values[name]!r}, but it"
                    raise SettingsError(f"{name}{shown} {error}") from None
        home = _writable_folder(Path(values.get("LEAPTER_HOME", "instance")))
        read.setdefault("database_url", f"sqlite:///{home / 'leapter.sqlite3'}")
        read.setdefault("workers", max(2, os.cpu_count() or 1))
        secret_key = values.get("LEAPTER_SECRET_KEY") or _stored_secret_key(home / "secret-key")
        if len(secret_key) < _LEAST_SECRET_KEY_CHARACTERS:
            raise SettingsError(
                "LEAPTER_SECRET_KEY is too short: "
                f"it must have at least {_LEAST_SECRET_KEY_CHARACTERS} characters."
            )
        return cls(home=home, secret_key=secret_key, **read)  # type: ignore[arg-type]  # each reader fits its field


def _writable_folder(folder: Path) -> Path:
    folder = folder if folder.is_absolute() else ROOT / folder
    try:
        # Nobody else may look into a folder made here; one that was there keeps the mode its owner chose.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".write-test-{os.getpid()}-{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        if folder.is_file():
            raise SettingsError(
                f"LEAPTER_HOME is a file, not a folder: {folder}. Set it to the folder for Leapter's data."
            ) from None
        raise SettingsError(
            f"Leapter cannot write to its folder {folder} ({error.strerror}); "
            "make it writable or set LEAPTER_HOME to another one."
        ) from None
    return folder


def _stored_secret_key(path: Path) -> str:
    try:
        if not path.exists():
            _make_secret_key(path)
        secret_key = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(f"The secret key in {path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        secret_key = ""
    if len(secret_key) < _LEAST_SECRET_KEY_CHARACTERS:
        raise SettingsError(
            f"The file {path} holds no secret key of at least {_LEAST_SECRET_KEY_CHARACTERS} characters; "
            "restore it, or remove it to have a new one made (everybody then signs in anew)."
        )
    return secret_key


def _make_secret_key(path: Path) -> None:
    draft = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        # A link appears whole or not at all: of two processes that start at once, both read the same key.
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError:
            draft.replace(path)  # a file system without hard links
    finally:
        draft.unlink(missing_ok=True)


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}.")
        return int(text)

    return read


def _database_url(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("must begin with sqlite:/// or postgresql+psycopg://.")
    return text


def is_ipv6(text: str) -> bool:
    """Whether `text` is an IPv6 address, as it stands between brackets in an address."""
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _base_url(text: str) -> str:
    scheme, mark, rest = text.partition("://")
    text = f"{scheme.lower()}{mark}{rest}"
    # A name, an IPv4 address or an IPv6 address in brackets, perhaps with a port.
    match = re.fullmatch(r"https?://(?:[^\s/?#@:\[\]]+|\[([0-9a-fA-F:.]+)\])(?::[0-9]{1,5})?(/[^?#]*)?", text)
    if not match or (match[1] and not is_ipv6(match[1])):
        raise ValueError("must be an address such as https://leapter.example.com.")
    if (match[2] or "").strip("/"):
        raise ValueError("must have no path: Leapter serves the root of a host name, not a part of one.")
    return text.rstrip("/")


def _bind(text: str) -> str:
    match = re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^:\s]+):([0-9]{1,5})", text)
    if not match or not 1 <= int(match[2]) <= 65535:
        raise ValueError("must be an address and a port such as 127.0.0.1:8000.")
    return text


def _rate_limit(text: str) -> RateLimit:
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})", text)
    if not match:
        raise ValueError("must be runs/seconds such as 600/60.")
    return RateLimit(runs=int(match[1]), window_s=int(match[2]))


def _storage(text: str) -> str:
    if not text.startswith(("memory://", "redis://", "rediss://")):
        raise ValueError("must begin with memory://, redis:// or rediss://.")
    return text


def normal_origin(text: str) -> str | None:
    """The origin `text` as browsers write it (RFC 6454, §6.1), None where it is none."""
    match = re.fullmatch(
        r"([A-Za-z][A-Za-z0-9+.-]*)://((?:[^\s/?#@:\[\]*,]+|\[[0-9A-Fa-f:.]+\]))(?::([0-9]{1,5}))?", text
    )
    if not match:
        return None
    scheme, host, port = match[1].lower(), match[2].lower(), match[3]
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return None
    return f"{scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS.get(scheme) else "")


def _origins(text: str) -> frozenset[str]:
    origins = [normal_origin(part.strip()) for part in text.split(",")]
    found = frozenset(origin for origin in origins if origin)
    if None in origins:
        raise ValueError("must be origins such as https://app.example.com, without a path, joined by commas.")
    return found


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("must be 0 or 1.")
    return text == "1"


def _log_level(text: str) -> str:
    if text not in ("debug", "info", "warning", "error"):
        raise ValueError("must be debug, info, warning or error.")
    return text


_READERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "LEAPTER_DATABASE_URL": ("database_url", _database_url),
    "LEAPTER_BASE_URL": ("base_url", _base_url),
    "LEAPTER_TRUSTED_PROXIES": ("trusted_proxies", _whole_number(0, 10)),
    "LEAPTER_BIND": ("bind", _bind),
    "LEAPTER_WORKERS": ("workers", _whole_number(1, 256)),
    "LEAPTER_THREADS": ("threads", _whole_number(1, 256)),
    "LEAPTER_SESSION_IDLE_MINUTES": ("session_idle_minutes", _whole_number(1, 43200)),
    "LEAPTER_KEY_RATE_LIMIT": ("key_rate_limit", _rate_limit),
    "LEAPTER_RATE_LIMIT_STORAGE": ("rate_limit_storage", _storage),
    "LEAPTER_MCP_ORIGINS": ("mcp_origins", _origins),
    "LEAPTER_MCP_STREAMS": ("mcp_streams", _whole_number(0, 1000)),
    "LEAPTER_RUNS_KEPT_DAYS": ("runs_kept_days", _whole_number(0, 36_500)),
    "LEAPTER_RUNS_KEPT_PER_PROJECT": ("runs_kept_per_project", _whole_number(0, 10_000_000)),
    "LEAPTER_METRICS": ("metrics", _switch),
    "LEAPTER_LOG_LEVEL": ("log_level", _log_level),
}


def read_setting(name: str, text: str) -> object:
    """The value that `text` means for the variable `name`, for options that stand in for it.

    Raises:
        ValueError: it means none; the text of the error goes on after the value: "must be …".
    """
    return _READERS[name][1](text.strip())


SETTING_NAMES = frozenset({*_READERS, "LEAPTER_HOME", "LEAPTER_SECRET_KEY"})

# Where the shown curl lines take a key from: a client's variable, which a shell may well have exported.
_CLIENTS_VARIABLE = "LEAPTER_API_KEY"

_MAY_HOLD_A_PASSWORD = {"LEAPTER_DATABASE_URL", "LEAPTER_RATE_LIMIT_STORAGE"}
