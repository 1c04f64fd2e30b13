"""A file of text is read, or it is said in words why it is not."""

from pathlib import Path

import pytest

from loyalty.text_files import NoText, text_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "words.toml"


def test_what_stands_in_a_file_is_read_as_utf_8(path: Path):
    path.write_bytes("会员\n".encode())

    assert text_of(path) == "会员\n"


def test_no_more_is_read_than_was_asked_for(path: Path):
    path.write_text("abc" * 100_000, encoding="utf-8")

    assert text_of(path, most_characters=4) == "abca"


def test_a_file_that_is_not_there_is_said_to_be_so(path: Path):
    with pytest.raises(NoText, match=r"^No such file or directory$"):
        text_of(path)


def test_a_folder_is_no_text(tmp_path: Path):
    with pytest.raises(NoText, match=r"^Is a directory$"):
        text_of(tmp_path)


def test_other_bytes_are_no_text_and_are_not_repeated(path: Path):
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(NoText, match=r"^no UTF-8 text$"):
        text_of(path)


def test_a_name_that_no_file_can_have_is_no_text(tmp_path: Path):
    with pytest.raises(NoText, match="null byte"):
        text_of(tmp_path / "a\0b")
