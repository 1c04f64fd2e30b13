"""What a disk may hold after its power was cut: everything synced, and luck decides about the rest.

A disk takes what happens to it, in order; `left_by_a_cut` gives one image that a cut at this moment
could leave. Of writes that no sync covers any part may be there and any part not, in sectors of 512
bytes: that is a lost write, a torn write, and any reordering of writes. Names follow their own
rule: a file that was made or removed is safely so once its folder was synced.

A disk that lies about syncs is not simulated, nor one that damages neighbours of what it writes.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

# How likely an unsafe sector is to be there: none, few, half, most, all of them.
LIKELIHOODS = (0.0, 0.1, 0.5, 0.9, 1.0)
SECTOR_BYTES = 512  # written whole or not at all; smaller than any real disk's, so more is torn


class Written(NamedTuple):
    """`data` was written to a file at `offset`."""

    file: int
    offset: int
    data: bytes


class Truncated(NamedTuple):
    """A file was cut to `size` bytes."""

    file: int
    size: int


class Synced(NamedTuple):
    """A file was flushed: everything before is safe."""

    file: int


class Named(NamedTuple):
    """A new empty file appeared under a name."""

    file: int
    name: str


class Removed(NamedTuple):
    """A name was taken away."""

    name: str


class FolderSynced(NamedTuple):
    """The folder was flushed: names made and removed before are safely so."""


Happening = Written | Truncated | Synced | Named | Removed | FolderSynced
Luck = Callable[[], bool]


def images_after_cuts(
    happenings: Sequence[Happening], chance: random.Random, *, each: int
) -> Iterator[tuple[int, dict[str, bytes]]]:
    """Yield what `each` cuts after every one of `happenings` may leave, and after how many of them.

    Images that are the same as one just before are left out.
    """
    disk = Disk()
    seen: set[int] = set()
    for position, happening in enumerate(happenings, 1):
        disk.take(happening)
        if isinstance(happening, Synced):
            seen.clear()
        for _ in range(each):
            likelihood = chance.choice(LIKELIHOODS)
            image = disk.left_by_a_cut(lambda: chance.random() < likelihood)  # noqa: B023  # used at once
            mark = hash(tuple(sorted(image.items())))
            if mark not in seen:
                seen.add(mark)
                yield position, image


class Disk:
    """One folder of files on a disk whose power may be cut at any moment."""

    def __init__(self) -> None:
        self._safe: dict[int, bytearray] = {}
        self._unsafe: dict[int, list[Written | Truncated]] = {}
        self._safe_names: dict[str, int] = {}
        self._unsafe_names: list[Named | Removed] = []

    def take(self, happening: Happening) -> None:
        """Have `happening` happen."""
        match happening:
            case Written() | Truncated():
                self._unsafe[happening.file].append(happening)
            case Synced(file):
                content = self._safe[file]
                for it in self._unsafe[file]:
                    _apply(it, content, _always)
                self._unsafe[file].clear()
            case Named(file):
                self._safe[file], self._unsafe[file] = bytearray(), []
                self._unsafe_names.append(happening)
            case Removed():
                self._unsafe_names.append(happening)
            case FolderSynced():
                self._safe_names = self._names(_always)
                self._unsafe_names.clear()

    def left_by_a_cut(self, luck: Luck) -> dict[str, bytes]:
        """Return the files by name as a cut now may leave them.

        `luck` says of each sector that is not safe whether it was written nevertheless, and of
        each name, in their order, whether it was changed.
        """
        return {name: self._content(file, luck) for name, file in self._names(luck).items()}

    def _names(self, luck: Luck) -> dict[str, int]:
        # Folders change in order, as every journalling file system has them change.
        names = dict(self._safe_names)
        for it in self._unsafe_names:
            if not luck():
                break
            if isinstance(it, Named):
                names[it.name] = it.file
            else:
                names.pop(it.name, None)
        return names

    def _content(self, file: int, luck: Luck) -> bytes:
        content = bytearray(self._safe[file])
        for it in self._unsafe[file]:
            _apply(it, content, luck)
        return bytes(content)


def _apply(happening: Written | Truncated, content: bytearray, luck: Luck) -> None:
    if isinstance(happening, Truncated):
        if luck():
            del content[happening.size :]
            content.extend(bytes(happening.size - len(content)))
        return
    start, end = happening.offset, happening.offset + len(happening.data)
    while start < end:
        until = min(end, (start // SECTOR_BYTES + 1) * SECTOR_BYTES)
        if luck():
            content.extend(bytes(max(0, until - len(content))))
            piece = happening.data[start - happening.offset : until - happening.offset]
            content[start:until] = piece
        start = until


def _always() -> bool:
    return True
