"""Project archives, written: a zip or a folder."""

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from leapter.projects.archive import ArchiveError

# The earliest moment that a zip can name. With the time of the export in it, no two would be the same bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def write_zip(target: IO[bytes], files: Iterable[tuple[str, bytes]]) -> None:
    """Write a zip of `files`, path and content, in their order; the same files always give the same bytes."""
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in files:
            info = zipfile.ZipInfo(path, _NO_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = _UNIX  # else it would say on which system it was made
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)


def write_to(path: Path, files: Iterable[tuple[str, bytes]], *, over: bool) -> int:
    """Write `files` to `path`: a zip where its name ends so, else a folder. Returns how many they are.

    Args:
        over: whether files that are there may be written over. Others in a folder stay.

    Raises:
        ArchiveError: something is there already, or it cannot be written.
    """
    written = _Counted(files)
    try:
        if path.suffix.lower() == ".zip":
            if not over and os.path.lexists(path):
                raise ArchiveError(f"{path} is there already; --force writes over it.")
            _write_zip_file(path, written)
        else:
            if not over and os.path.lexists(path) and not _is_empty_folder(path):
                raise ArchiveError(f"{path} is there already and holds something; --force writes into it.")
            _write_folder(path, written)
    except OSError as error:
        raise ArchiveError(f"{error.filename or path} cannot be written: {error.strerror}.") from None
    return written.count


class _Counted:
    """Files, counted while they are gone through."""

    def __init__(self, files: Iterable[tuple[str, bytes]]) -> None:
        self._files = files
        self.count = 0

    def __iter__(self) -> "_Counted":
        self._iterator = iter(self._files)
        return self

    def __next__(self) -> tuple[str, bytes]:
        file = next(self._iterator)
        self.count += 1
        return file


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _write_zip_file(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    # Under another name until it is whole: what was there is not lost when the disk is full.
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            write_zip(file, files)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_folder(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files:
        path = folder.joinpath(*name.split("/"))
        # A link inside of a folder that was there must not lead what is written out of it.
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ArchiveError(f"{path} leads out of {folder}.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
