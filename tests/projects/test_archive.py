import io
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

from leapter.projects import archive
from leapter.projects.archive import ArchiveError, read_files, read_path, read_uploads

SOURCE = b"//* Late Fee\nfunction late_fee() -> fee: type number = 0 { }\n"
PROJECT_ID = "7f1d0c1e-6a0b-4a53-9f8e-2f5c1d9b7a10"


def manifest(**app: object) -> bytes:
    return json.dumps({"leapFormat": 1, "app": app, "main": "late-fee", "version": "1"}).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for path, content in files.items():
            target.writestr(path, content)
    return buffer.getvalue()


def zipped_entry(info: zipfile.ZipInfo, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr(info, content)
    return buffer.getvalue()


def sentence(*uploads: tuple[str, bytes]) -> str:
    with pytest.raises(ArchiveError) as caught:
        read_uploads(uploads)
    return str(caught.value)


FILES = {
    "leapter.project": manifest(id=PROJECT_ID, label="Fees", description="What is due."),
    "logic/late-fee/late-fee.logic.vts": SOURCE,
    "logic/late-fee/tests/basics.test.json": b'{"id": "x"}\r\n',
    "data/types.data.vts": b"define Euro as number",
    "notes.bin": b"\x00\xff",
}


def test_a_zip_of_a_project_is_read_with_every_file_as_it_was() -> None:
    project = read_uploads([("fees.zip", zipped(FILES))])
    assert project.name == "fees"
    assert project.manifest is not None
    assert project.manifest.project_id == PROJECT_ID
    assert project.manifest.label == "Fees"
    assert project.manifest.main_slug == "late-fee"
    assert [(one.slug, one.text.encode()) for one in project.sources] == [("late-fee", SOURCE)]
    expected = {path: content for path, content in FILES.items() if not path.endswith(".logic.vts")}
    assert project.files == expected


def test_a_zip_of_the_project_inside_one_folder_is_the_same_project() -> None:
    inside = {f"fees-main/{path}": content for path, content in FILES.items()}
    assert read_uploads([("fees.zip", zipped(inside))]) == read_uploads([("fees.zip", zipped(FILES))])


def test_a_logic_folder_alone_is_not_taken_for_the_top_folder() -> None:
    project = read_files("fees", {"logic/late-fee/late-fee.logic.vts": SOURCE})
    assert project.sources[0].path == "logic/late-fee/late-fee.logic.vts"


def test_a_folder_on_disk_is_read_like_its_zip(tmp_path: Path) -> None:
    folder = tmp_path / "fees"
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main")
    (folder / ".DS_Store").write_bytes(b"\x00")
    from_zip = read_uploads([("fees.zip", zipped(FILES))])
    from_disk = read_path(folder)
    assert dict(from_disk.files) == dict(from_zip.files)
    assert from_disk.sources == from_zip.sources
    assert from_disk.name == "fees"


def test_what_operating_systems_leave_in_a_zip_is_no_part_of_the_project() -> None:
    litter = {
        "__MACOSX/fees/._late-fee.logic.vts": b"\x00\x05\x16\x07",
        "fees/.DS_Store": b"\x00",
        "fees/logic/late-fee/late-fee.logic.vts": SOURCE,
    }
    project = read_uploads([("fees.zip", zipped(litter))])
    assert [one.slug for one in project.sources] == ["late-fee"]
    assert project.files == {}


def test_source_files_alone_make_a_project_named_after_the_first() -> None:
    project = read_uploads([("Late Fee.logic.vts", SOURCE), ("C:\\rules\\early-fee.vts", SOURCE)])
    assert [one.slug for one in project.sources] == ["late-fee", "early-fee"]
    assert project.manifest is None
    assert project.name == "Late Fee"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_and_a_byte_order_mark_stay_as_they_were(ending: str) -> None:
    text = "\ufeff" + SOURCE.decode().replace("\n", ending)
    project = read_uploads([("late-fee.vts", text.encode())])
    assert project.sources[0].text == text


@pytest.mark.parametrize(
    "path",
    ["../evil.vts", "/etc/evil.vts", "logic/../../evil.vts", "..\\evil.vts", "C:\\evil.vts", "c:/evil.vts"],
)
def test_an_entry_that_points_outside_is_refused_by_name(path: str) -> None:
    said = sentence(("x.zip", zipped({path: SOURCE})))
    assert said == f"{path} points outside the archive."


@pytest.mark.parametrize("path", ["a//b.vts", "./b.vts", "a/\x1b[31m.vts", "a/./b.vts"])
def test_a_name_that_no_file_can_have_is_refused(path: str) -> None:
    said = sentence(("x.zip", zipped({path: SOURCE})))
    assert "is not a name that a file of a project can have" in said
    assert said.isprintable()


def test_a_name_of_500_characters_is_the_longest() -> None:
    longest = "a" * 497 + ".md"
    assert longest in read_files("x", {longest: b"", "b.vts": SOURCE}).files
    with pytest.raises(ArchiveError, match="more than 500 characters"):
        read_files("x", {"a" + longest: b"", "b.vts": SOURCE})


def test_a_symbolic_link_in_a_zip_is_refused() -> None:
    info = zipfile.ZipInfo("logic/late-fee/late-fee.logic.vts")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "is a symbolic link" in sentence(("x.zip", zipped_entry(info, b"/etc/passwd")))


def test_a_symbolic_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.vts").write_bytes(SOURCE)
    os.symlink("/etc/passwd", tmp_path / "b.vts")
    with pytest.raises(ArchiveError, match=r"b\.vts is a symbolic link"):
        read_path(tmp_path)


def test_a_linked_folder_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.vts").write_bytes(SOURCE)
    os.symlink("/etc", tmp_path / "logic")
    with pytest.raises(ArchiveError, match="logic is a symbolic link"):
        read_path(tmp_path)


def test_a_pipe_in_a_folder_is_refused_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.vts")
    with pytest.raises(ArchiveError, match="not a plain file"):
        read_path(tmp_path)


def test_an_encrypted_zip_is_refused() -> None:
    content = bytearray(zipped({"a.vts": SOURCE}))
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(header) + offset] |= 1
    assert "is encrypted" in sentence(("x.zip", bytes(content)))


def test_an_unusual_compression_is_refused_unread() -> None:
    info = zipfile.ZipInfo("a.vts")
    info.compress_type = zipfile.ZIP_LZMA
    assert "compressed in an unusual way" in sentence(("x.zip", zipped_entry(info, SOURCE)))


def test_a_bomb_stops_at_the_bound_of_what_it_unpacks_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1024 * 1024)
    half = b"\0" * (512 * 1024)
    fits = {"a.bin": half, "b.bin": half[: -len(SOURCE)], "c.vts": SOURCE}
    assert read_uploads([("x.zip", zipped(fits))]).sources
    said = sentence(("x.zip", zipped({**fits, "d.bin": b"\0"})))
    assert said == "x.zip unpacks to more than 1 MiB."


def test_an_entry_that_lies_about_its_size_is_refused() -> None:
    content = zipped({"a.bin": b"\0" * 5_000_000, "b.vts": SOURCE})
    size = (5_000_000).to_bytes(4, "little")
    assert content.count(size) == 2
    assert "not a zip that can be read" in sentence(
        ("x.zip", content.replace(size, (10).to_bytes(4, "little")))
    )


def test_2000_files_are_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    assert archive.MAX_FILES == 2000
    monkeypatch.setattr(archive, "MAX_FILES", 3)
    files = {"a.vts": SOURCE, "b.txt": b"", "c.txt": b""}
    assert len(read_files("x", files).files) == 2
    with pytest.raises(ArchiveError, match="more than 3 files"):
        read_files("x", {**files, "d.txt": b""})


def test_a_zip_of_very_many_entries_is_refused_before_it_is_parsed() -> None:
    assert "more than 2,000 files" in sentence(("x.zip", b"PK\x01\x02" * 10_001))


def test_16_mebibytes_are_the_largest_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    assert archive.MAX_UPLOAD_BYTES == 16 * 1024 * 1024
    monkeypatch.setattr(archive, "MAX_UPLOAD_BYTES", 1024 * 1024)
    padded = SOURCE + b" " * (1024 * 1024 - len(SOURCE))
    assert read_uploads([("a.vts", padded)]).sources
    assert "larger than 1 MiB" in sentence(("a.vts", padded), ("b.vts", b" "))


def test_a_source_of_1_mebibyte_is_the_longest() -> None:
    padded = SOURCE + b" " * (1024 * 1024 - len(SOURCE))
    assert read_files("x", {"a.vts": padded}).sources
    assert sentence(("a.vts", padded + b" ")) == "a.vts is longer than 1 MiB."


def test_all_sources_together_have_4_mebibytes_at_most() -> None:
    mebibyte = SOURCE + b" " * (1024 * 1024 - len(SOURCE))
    files = {f"{name}.vts": mebibyte for name in "abcd"}
    assert len(read_files("x", files).sources) == 4
    with pytest.raises(ArchiveError, match="longer than 4 MiB together"):
        read_files("x", {**files, "e.vts": b" "})


def test_a_source_that_is_no_utf_8_is_refused_with_its_line() -> None:
    said = sentence(("a.vts", b"//* Fee\n// \xe9t\xe9\n"), ("b.vts", SOURCE))
    assert said == "a.vts is not UTF-8 text: line 2 has other bytes."


def test_a_source_with_a_nul_byte_is_refused_with_its_line() -> None:
    assert sentence(("a.vts", b"//* Fee\n\n\0")) == "a.vts is not text: line 3 holds a NUL byte."


def test_all_unreadable_sources_are_named_at_once() -> None:
    said = sentence(("a.vts", b"\xff"), ("b.vts", b"\0"), ("c.vts", SOURCE))
    assert "a.vts" in said
    assert "b.vts" in said


def test_two_files_with_the_same_slug_are_refused() -> None:
    said = sentence(("x.zip", zipped({"logic/a/late-fee.logic.vts": SOURCE, "logic/b/Late Fee.vts": SOURCE})))
    assert "have the same slug, late-fee" in said


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_in_the_zip_twice_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("a.vts", SOURCE)
        target.writestr("a.vts", b"another")
    assert sentence(("x.zip", buffer.getvalue())) == "a.vts is in the archive twice."


def test_a_name_without_letters_makes_no_slug() -> None:
    assert "no letter or digit" in sentence(("€.vts", SOURCE))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"app": ,}', "leapter.project is not JSON: line 1, column 9"),
        (b"\xff\xfe", "leapter.project is not JSON in UTF-8."),
        (b"[" * 100_000, "leapter.project is nested too deeply."),
        (b"[]", "leapter.project must be a JSON object."),
        (b'{"leapFormat": 2}', "leapter.project is of a format that this version does not know"),
        (b'{"app": []}', "leapter.project: app must be a JSON object."),
        (b'{"app": {"id": "x"}}', "leapter.project: app.id must be a UUID."),
        (b'{"app": {"label": 7}}', "leapter.project: app.label must be text."),
        (b'{"app": {"label": "\\ud800"}}', "leapter.project: app.label must be text."),
        (b'{"app": {"label": "' + b"x" * 101 + b'"}}', "longer than 100 characters"),
        (b'{"main": 7}', "leapter.project: main must be text."),
        (b"1" * 5000, "leapter.project is not JSON in UTF-8."),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_with_the_reason(content: bytes, said: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        read_files("x", {"leapter.project": content, "a.vts": SOURCE})
    assert said in str(caught.value)


def test_an_id_in_capitals_is_the_same_id() -> None:
    project = read_files("x", {"leapter.project": manifest(id=PROJECT_ID.upper())})
    assert project.manifest is not None
    assert project.manifest.project_id == PROJECT_ID


@pytest.mark.parametrize(
    ("uploads", "said"),
    [
        ([], "Choose a zip of a project, or .vts files."),
        ([("x.zip", b"not a zip")], "x.zip is not a zip that can be read"),
        ([("x.zip", zipped({"a.vts": SOURCE})[:-30])], "x.zip is not a zip that can be read"),
        ([("x.zip", zipped({"readme.md": b"hello"}))], "The archive holds no project"),
        ([("x.zip", zipped({}))], "The archive holds no project"),
        ([("a.vts", SOURCE), ("x.zip", b"")], "x.zip is not a .vts file"),
    ],
)
def test_what_is_no_project_is_refused(uploads: list[tuple[str, bytes]], said: str) -> None:
    assert said in sentence(*uploads)


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="There is no file or folder"):
        read_path(tmp_path / "nothing")


def test_a_folder_without_a_project_is_called_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="The folder holds no project"):
        read_path(tmp_path)
