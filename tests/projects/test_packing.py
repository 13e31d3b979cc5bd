import io
import os
import zipfile
from pathlib import Path

import pytest

from leapter.projects.archive import ArchiveError, read_path, read_uploads
from leapter.projects.packing import write_to, write_zip

FILES = [
    ("leapter.project", b'{"leapFormat": 1}'),
    ("logic/late-fee/late-fee.logic.vts", b"\xef\xbb\xbf//* Late Fee\r\n"),
    ("notes/\u00e9 b.bin", b"\x00\xff"),
]


def zipped(files: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    write_zip(buffer, files)
    return buffer.getvalue()


def test_a_zip_holds_the_files_in_their_order_and_reads_back() -> None:
    content = zipped(FILES)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert [(info.filename, archive.read(info)) for info in archive.infolist()] == FILES
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o644}
    assert read_uploads([("fees.zip", content)]).files["notes/\u00e9 b.bin"] == b"\x00\xff"


def test_the_same_files_give_the_same_bytes() -> None:
    assert zipped(FILES) == zipped(list(FILES))


@pytest.mark.parametrize("name", ["fees.zip", "Fees.ZIP", "fees", "made/on/the/way"])
def test_what_was_written_reads_back(tmp_path: Path, name: str) -> None:
    assert write_to(tmp_path / name, FILES, over=False) == 3
    read = read_path(tmp_path / name)
    assert [source.text.encode() for source in read.sources] == [FILES[1][1]]
    assert read.files == {path: content for path, content in FILES if not path.endswith(".vts")}
    assert list(tmp_path.glob("**/*.part")) == []


def test_nothing_that_is_there_is_written_over_unasked(tmp_path: Path) -> None:
    zip_path, folder = tmp_path / "fees.zip", tmp_path / "fees"
    zip_path.write_bytes(b"mine")
    folder.mkdir()
    (folder / "leapter.project").write_bytes(b"mine")
    (folder / "other.txt").write_bytes(b"mine")
    for path in (zip_path, folder):
        with pytest.raises(ArchiveError, match="is there already"):
            write_to(path, FILES, over=False)
    assert zip_path.read_bytes() == (folder / "leapter.project").read_bytes() == b"mine"
    for path in (zip_path, folder):
        write_to(path, FILES, over=True)
    assert zip_path.read_bytes() == zipped(FILES)
    assert (folder / "leapter.project").read_bytes() == FILES[0][1]
    assert (folder / "other.txt").read_bytes() == b"mine"


def test_an_empty_folder_is_written_into(tmp_path: Path) -> None:
    (tmp_path / "fees").mkdir()
    assert write_to(tmp_path / "fees", FILES, over=False) == 3


def test_a_link_inside_the_folder_leads_nothing_out_of_it(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "fees"
    outside.mkdir()
    folder.mkdir()
    (folder / "logic").symlink_to(outside)
    with pytest.raises(ArchiveError, match="leads out of"):
        write_to(folder, FILES, over=True)
    assert list(outside.iterdir()) == []


def test_a_zip_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "fees.zip"
    path.write_bytes(b"mine")

    def failing() -> object:
        yield FILES[0]
        raise KeyError

    with pytest.raises(KeyError):
        write_to(path, failing(), over=True)  # type: ignore[arg-type]  # a generator is all it needs
    assert path.read_bytes() == b"mine"
    assert os.listdir(tmp_path) == ["fees.zip"]


@pytest.mark.parametrize("name", ["file/fees.zip", "file/fees"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ArchiveError, match=r"cannot be written: Not a directory\."):
        write_to(tmp_path / name, FILES, over=False)
