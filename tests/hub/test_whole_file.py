"""Files that are replaced whole, by whoever and by however many."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.whole_file import PRIVATE, PUBLIC, SHARED, write_whole

CONTENTS = [bytes([digit]) * 50_000 for digit in b"0123"]


@pytest.mark.parametrize("mode", [PRIVATE, SHARED, PUBLIC])
def test_a_file_is_there_with_its_mode_and_nothing_beside_it(tmp_path: Path, mode: int) -> None:
    write_whole(tmp_path / "acl", b"old", mode=mode)

    write_whole(tmp_path / "acl", b"new", mode=mode)

    assert [it.name for it in tmp_path.iterdir()] == ["acl"]
    assert (tmp_path / "acl").read_bytes() == b"new"
    assert (tmp_path / "acl").stat().st_mode & 0o777 == mode


def test_a_file_that_cannot_be_put_in_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "acl").mkdir()

    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "acl", b"new")

    assert [it.name for it in tmp_path.iterdir()] == ["acl"]


def test_who_writes_at_the_same_time_writes_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "acl"

    def write_often(content: bytes) -> set[bytes]:
        seen = set()
        for _ in range(20):
            write_whole(path, content)
            seen.add(path.read_bytes())
        return seen

    with ThreadPoolExecutor(len(CONTENTS)) as writers:
        seen = set().union(*writers.map(write_often, CONTENTS))

    assert seen <= set(CONTENTS)
    assert os.listdir(tmp_path) == ["acl"]
