"""Project archives: a zip, a folder or single source files, read into memory within bounds.

Nothing is ever unpacked to disk: an entry's name is only a name, whatever it says.
"""

import io
import json
import os
import re
import stat
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from leapter.errors import InvalidInputError
from leapter.projects.manifest import BLUEPRINT_IDS
from leapter.projects.slugs import slug_of

MAX_UPLOAD_BYTES = 16 * 1024 * 1024
MAX_UNPACKED_BYTES = 32 * 1024 * 1024
MAX_FILES = 2_000
MAX_PATH_CHARACTERS = 500
MAX_SOURCE_BYTES = 1024 * 1024
# Checking a mebibyte takes some two seconds (measured), and an import does it while a browser waits.
MAX_SOURCES_BYTES = 4 * 1024 * 1024
MAX_NAME_CHARACTERS = 100
MAX_DESCRIPTION_CHARACTERS = 10_000
MANIFEST_PATH = "leapter.project"
TYPES_PATH = "data/types.data.vts"
_TYPES_ENDING = ".data.vts"

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# What operating systems and version control leave behind; no project means to hold it.
_LITTER = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".git"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What `leapter.project` says. `project_id` is a UUID in its usual spelling.

    `blueprint_ids` is slug to UUID, of those Blueprints whose id neither their source nor their slug tells.
    """

    project_id: str | None
    label: str | None
    description: str
    main_slug: str | None
    blueprint_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class LogicSource:
    """The source of one Blueprint; line endings and a byte order mark are as in the file."""

    slug: str
    path: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectArchive:
    """A project as it came.

    `files` holds everything that is no logic source, the manifest too: path to content, byte for byte.
    `name` is the name of the zip, folder or first file, without its ending.
    """

    name: str
    manifest: Manifest | None
    sources: tuple[LogicSource, ...]
    files: Mapping[str, bytes] = field(repr=False)


class ArchiveError(InvalidInputError):
    """An archive that cannot be read; each sentence names the file it is about."""

    def __init__(self, *sentences: str) -> None:
        super().__init__({"files": list(sentences)})


def read_path(path: Path) -> ProjectArchive:
    """Read a folder, a zip or a `.vts` file from disk.

    Raises:
        ArchiveError: it is missing, unreadable, out of bounds or no project.
    """
    try:
        if path.is_dir():
            return _project(path.resolve().name, _folder_entries(path), source="folder")
        if not path.is_file():
            raise ArchiveError(f"There is no file or folder {path}.")
        if path.stat().st_size > MAX_UPLOAD_BYTES:
            raise ArchiveError(f"{path.name} is larger than {_mebibytes(MAX_UPLOAD_BYTES)}.")
        return read_uploads([(path.name, path.read_bytes())])
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}.") from None


def read_uploads(uploads: Iterable[tuple[str, bytes]]) -> ProjectArchive:
    """Read one zip, or any number of `.vts` files, given as (name, content).

    Raises:
        ArchiveError: out of bounds, or no project.
    """
    # Some browsers send a path; the name is what follows the last separator of either kind.
    named = [(re.split(r"[/\\]", name)[-1], content) for name, content in uploads]
    if not named:
        raise ArchiveError("Choose a zip of a project, or .vts files.")
    if sum(len(content) for _, content in named) > MAX_UPLOAD_BYTES:
        raise ArchiveError(f"The upload is larger than {_mebibytes(MAX_UPLOAD_BYTES)}.")
    name, content = named[0]
    if len(named) == 1 and not name.endswith(".vts"):
        if not name.lower().endswith(".zip") and not content.startswith(b"PK"):
            raise ArchiveError(f"{_shown(name)} cannot be imported; choose a .zip or .vts file.")
        return _project(_stem(name), _zip_entries(name, content))
    strange = [name for name, _ in named if not name.endswith(".vts")]
    if strange:
        raise ArchiveError(f"{strange[0]} is not a .vts file; import one zip alone, or only .vts files.")
    sources = [name for name, _ in named if not name.endswith(_TYPES_ENDING)] or [name]
    return _project(_stem(sources[0]), iter(_in_their_places(named)))


def _stem(name: str) -> str:
    return name.removesuffix(".zip").removesuffix(".vts").removesuffix(".logic")


def _in_their_places(named: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Loose files, the types document where a project has it."""
    types = [name for name, _ in named if name.endswith(_TYPES_ENDING)]
    if len(types) > 1:
        raise ArchiveError(
            f"{_shown(types[0])} and {_shown(types[1])} both define types; a project has one file of them."
        )
    if len(types) == len(named):
        return named
    return [(TYPES_PATH if name in types else name, content) for name, content in named]


def read_files(name: str, files: Mapping[str, bytes]) -> ProjectArchive:
    """Read a project from path to content.

    Raises:
        ArchiveError: out of bounds, or no project.
    """
    return _project(name, iter(files.items()))


def _zip_entries(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    # Each entry has its header in the directory. Counted before it is parsed: the library would build objects
    # for all of them, some 350,000 in a file of 16 MiB. Zips inside the zip may carry such headers too.
    if content.count(b"PK\x01\x02") > 5 * MAX_FILES:
        raise ArchiveError(f"The archive holds more than {MAX_FILES:,} files.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            left = MAX_UNPACKED_BYTES
            for info in archive.infolist():
                if info.filename.endswith(("/", "\\")):
                    _check_path(info.filename.rstrip("/\\"))
                    continue
                if stat.S_ISLNK(info.external_attr >> 16):
                    raise ArchiveError(f"{_shown(info.filename)} is a symbolic link; put the file itself in.")
                if info.flag_bits & 0x1:
                    raise ArchiveError(
                        f"{_shown(info.filename)} is encrypted; import a zip without password."
                    )
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    # The others let a few bytes ask for gigabytes of working memory.
                    raise ArchiveError(
                        f"{_shown(info.filename)} is compressed in an unusual way; use plain zip (deflate)."
                    )
                with archive.open(info) as entry:
                    # What an entry says about its size may be a lie: what comes out is what counts.
                    unpacked = entry.read(left + 1)
                left -= len(unpacked)
                if left < 0:
                    raise ArchiveError(f"{name} unpacks to more than {_mebibytes(MAX_UNPACKED_BYTES)}.")
                yield info.filename, unpacked
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError, ValueError):
        raise ArchiveError(f"{name} is not a zip that can be read; it may be damaged.") from None


def _folder_entries(folder: Path) -> Iterator[tuple[str, bytes]]:
    left = MAX_UNPACKED_BYTES
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_litter(name))
        for name in sorted([*names, *(name for name in folders if Path(parent, name).is_symlink())]):
            path = Path(parent, name)
            shown = path.relative_to(folder).as_posix()
            if _is_litter(name):
                continue
            if path.is_symlink():
                raise ArchiveError(f"{_shown(shown)} is a symbolic link; put the file itself in.")
            if not path.is_file():
                raise ArchiveError(f"{_shown(shown)} is not a plain file.")
            with path.open("rb") as file:
                content = file.read(left + 1)
            left -= len(content)
            if left < 0:
                raise ArchiveError(f"{folder.name} holds more than {_mebibytes(MAX_UNPACKED_BYTES)}.")
            yield shown, content


def _project(name: str, entries: Iterator[tuple[str, bytes]], *, source: str = "archive") -> ProjectArchive:
    files: dict[str, bytes] = {}
    for given, content in entries:
        path = _check_path(given)
        if any(_is_litter(part) for part in path.split("/")):
            continue
        if path in files:
            raise ArchiveError(f"{_shown(path)} is in the archive twice.")
        if len(files) == MAX_FILES:
            raise ArchiveError(f"The {source} holds more than {MAX_FILES:,} files.")
        files[path] = content
    files = _without_top_folder(files)
    manifest = read_manifest(files[MANIFEST_PATH]) if MANIFEST_PATH in files else None
    sources = _sources(files)
    if manifest is None and not sources:
        types = next((path for path in files if path.endswith(_TYPES_ENDING)), None)
        if types is not None:
            raise ArchiveError(
                f"{_shown(types)} defines types, which alone are no project. Choose it together with the "
                "sources of Blueprints, or paste it into the types of a project."
            )
        raise ArchiveError(f"The {source} holds no project: neither {MANIFEST_PATH} nor any .vts source.")
    paths = {source.path for source in sources}
    others = {path: content for path, content in files.items() if path not in paths}
    return ProjectArchive(name=name, manifest=manifest, sources=sources, files=others)


def _check_path(given: str) -> str:
    path = given.replace("\\", "/")
    parts = path.split("/")
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in parts:
        raise ArchiveError(f"{_shown(given)} points outside the archive.")
    if "" in parts or "." in parts or not path.isprintable() or not _is_utf8(path):
        raise ArchiveError(f"{_shown(given)} is not a name that a file of a project can have.")
    if len(path) > MAX_PATH_CHARACTERS:
        raise ArchiveError(f"{_shown(given)} has a name of more than {MAX_PATH_CHARACTERS} characters.")
    return path


def _is_utf8(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_litter(part: str) -> bool:
    return part in _LITTER or part.startswith("._")


def _without_top_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    tops = {path.split("/", 1)[0] for path in files}
    if len(tops) != 1 or any("/" not in path for path in files) or tops & {"logic", "data"}:
        return files
    return {path.split("/", 1)[1]: content for path, content in files.items()}


def _sources(files: dict[str, bytes]) -> tuple[LogicSource, ...]:
    sources: dict[str, LogicSource] = {}
    faults: list[str] = []
    size = 0
    for path, content in files.items():
        if not path.endswith(".vts") or path.endswith(_TYPES_ENDING):
            continue
        size += len(content)
        if size > MAX_SOURCES_BYTES:
            raise ArchiveError(f"The sources are longer than {_mebibytes(MAX_SOURCES_BYTES)} together.")
        slug = slug_of(PurePosixPath(path).name.removesuffix(".vts").removesuffix(".logic"))
        try:
            text = decode_source(path, content)
        except ArchiveError as error:
            faults += error.errors["files"]
            continue
        if not slug:
            faults.append(f"{_shown(path)} has no letter or digit in its name to make a slug of.")
        elif slug in sources:
            faults.append(f"{_shown(path)} and {_shown(sources[slug].path)} have the same slug, {slug}.")
        else:
            sources[slug] = LogicSource(slug=slug, path=path, text=text)
    if faults:
        raise ArchiveError(*faults)
    return tuple(sources.values())


def decode_source(path: str, content: bytes) -> str:
    """The text of a source file, unchanged.

    Raises:
        ArchiveError: it is too long, no UTF-8, or holds a NUL byte.
    """
    if len(content) > MAX_SOURCE_BYTES:
        raise ArchiveError(f"{_shown(path)} is longer than {_mebibytes(MAX_SOURCE_BYTES)}.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ArchiveError(f"{_shown(path)} is not UTF-8 text: line {line} has other bytes.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ArchiveError(f"{_shown(path)} is not text: line {line} holds a NUL byte.")
    return text


def read_manifest(content: bytes) -> Manifest:
    """Read the content of `leapter.project`.

    Raises:
        ArchiveError: it is not such a file.
    """
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ArchiveError(
            f"{MANIFEST_PATH} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    except (UnicodeDecodeError, ValueError):
        raise ArchiveError(f"{MANIFEST_PATH} is not JSON in UTF-8.") from None
    except RecursionError:
        raise ArchiveError(f"{MANIFEST_PATH} is nested too deeply.") from None
    if not isinstance(data, dict):
        raise ArchiveError(f"{MANIFEST_PATH} must be a JSON object.")
    if data.get("leapFormat", 1) != 1:
        raise ArchiveError(f"{MANIFEST_PATH} is of a format that this version does not know (leapFormat).")
    app = data.get("app", {})
    if not isinstance(app, dict):
        raise ArchiveError(f"{MANIFEST_PATH}: app must be a JSON object.")
    label = _text(app, "label", "app.label")
    if label is not None and len(label.strip()) > MAX_NAME_CHARACTERS:
        raise ArchiveError(
            f"{MANIFEST_PATH}: app.label, the name, is longer than {MAX_NAME_CHARACTERS} characters."
        )
    description = _text(app, "description", "app.description") or ""
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise ArchiveError(
            f"{MANIFEST_PATH}: app.description is longer than {MAX_DESCRIPTION_CHARACTERS:,} characters."
        )
    main = _text(data, "main", "main")
    return Manifest(
        project_id=_uuid(_text(app, "id", "app.id")),
        label=label,
        description=description,
        main_slug=None if main is None else slug_of(main) or None,
        blueprint_ids=_blueprint_ids(data.get(BLUEPRINT_IDS)),
    )


def _blueprint_ids(data: object) -> dict[str, str]:
    """The ids that an export of this product wrote. What anybody else means by the name is none of ours."""
    if not isinstance(data, dict):
        return {}
    return {
        slug: str(uuid.UUID(value))
        for slug, value in data.items()
        if isinstance(value, str) and _UUID.fullmatch(value)
    }


def _text(data: dict[str, Any], name: str, shown: str) -> str | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not _is_utf8(value) or "\0" in value:
        raise ArchiveError(f"{MANIFEST_PATH}: {shown} must be text.")
    return value


def _uuid(text: str | None) -> str | None:
    if text is None:
        return None
    if not _UUID.fullmatch(text):
        raise ArchiveError(f"{MANIFEST_PATH}: app.id must be a UUID.")
    return str(uuid.UUID(text))


def _shown(path: str) -> str:
    """A name as a sentence may show it: what cannot be printed is escaped, what is very long is cut."""
    text = path if path.isprintable() and _is_utf8(path) else ascii(path)[1:-1]
    return text if len(text) <= 120 else text[:119] + "…"


def _mebibytes(count: int) -> str:
    return f"{count // (1024 * 1024)} MiB"
