"""What a cut leaves of a disk: everything synced, and of the rest whatever luck says."""

import random
from itertools import repeat

from simulators.power_cut import (
    SECTOR_BYTES,
    Disk,
    FolderSynced,
    Luck,
    Named,
    Removed,
    Synced,
    Truncated,
    Written,
    images_after_cuts,
)

MADE = [Named(1, "a"), FolderSynced()]


def disk_with(*happenings: object) -> Disk:
    disk = Disk()
    for it in happenings:
        disk.take(it)
    return disk


def lucky(*answers: bool) -> Luck:
    """Return luck that gives these answers, and no more of it."""
    return iter([*answers, *repeat(False, 99)]).__next__


def test_what_is_synced_is_there_without_any_luck() -> None:
    disk = disk_with(*MADE, Written(1, 0, b"one"), Written(1, 3, b"two"), Synced(1))

    assert disk.left_by_a_cut(lucky()) == {"a": b"onetwo"}


def test_what_is_not_synced_may_be_there_or_not() -> None:
    disk = disk_with(*MADE, Written(1, 0, b"one"), Synced(1), Written(1, 0, b"two"))

    assert disk.left_by_a_cut(lucky(False)) == {"a": b"one"}
    assert disk.left_by_a_cut(lucky(True)) == {"a": b"two"}


def test_a_write_tears_between_sectors() -> None:
    disk = disk_with(*MADE, Written(1, 100, b"x" * SECTOR_BYTES))

    second_only = disk.left_by_a_cut(lucky(False, True))

    assert second_only == {"a": bytes(SECTOR_BYTES) + b"x" * 100}


def test_a_later_write_may_be_there_without_an_earlier_one() -> None:
    disk = disk_with(*MADE, Written(1, 0, b"first"), Written(1, SECTOR_BYTES, b"second"))

    left = disk.left_by_a_cut(lucky(False, True))

    assert left["a"][:5] == bytes(5)
    assert left["a"][SECTOR_BYTES : SECTOR_BYTES + 6] == b"second"


def test_a_truncation_may_be_undone() -> None:
    disk = disk_with(*MADE, Written(1, 0, b"whole"), Synced(1), Truncated(1, 2))

    lefts = [disk.left_by_a_cut(lucky(it))["a"] for it in (False, True)]

    assert lefts == [b"whole", b"wh"]


def test_a_new_name_is_safe_once_its_folder_is_synced() -> None:
    disk = disk_with(Named(1, "a"), Written(1, 0, b"x"), Synced(1))
    before = disk.left_by_a_cut(lucky())
    disk.take(FolderSynced())

    assert (before, disk.left_by_a_cut(lucky())) == ({}, {"a": b"x"})


def test_a_removed_file_may_come_back_as_it_was() -> None:
    disk = disk_with(*MADE, Written(1, 0, b"x"), Synced(1), Removed("a"))

    assert disk.left_by_a_cut(lucky()) == {"a": b"x"}
    assert disk.left_by_a_cut(lucky(True)) == {}


def test_a_file_of_the_same_name_is_another_file() -> None:
    disk = disk_with(*MADE, Written(1, 0, b"old"), Synced(1), Removed("a"), Named(2, "a"))

    lefts = [disk.left_by_a_cut(lucky(*it)) for it in ((), (True,), (True, True))]

    assert lefts == [{"a": b"old"}, {}, {"a": b""}]


def test_every_happening_is_cut_after_and_a_seed_gives_the_same_images() -> None:
    happenings = [*MADE, *[Written(1, SECTOR_BYTES * it, b"%d" % it) for it in range(20)]]

    images, again = ([*images_after_cuts(happenings, random.Random(3), each=4)] for _ in range(2))

    assert images == again
    assert {position for position, _ in images} >= set(range(3, 23))
    assert len({str(image) for _, image in images}) > 40
