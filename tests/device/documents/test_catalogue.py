"""The catalogue: the newest of each document, in a file that is always whole."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.documents.catalogue import (
    DOCUMENTS_MAX,
    TEXT_MAX_CHARACTERS,
    Catalogue,
    CatalogueFailed,
    Document,
)
from tests.full_disk import files_of_at_most


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.json"


def test_a_document_is_there_after_reopening(path: Path) -> None:
    Catalogue(path).put("programme", 3, "名称 = '会员'")

    found = Catalogue(path).get("programme")

    assert found == Document(name="programme", version=3, text="名称 = '会员'")


def test_a_technician_can_read_the_file(path: Path) -> None:
    Catalogue(path).put("programme", 3, "会员")

    assert "会员" in path.read_text()


def test_an_unknown_document_is_none(path: Path) -> None:
    assert Catalogue(path).get("hotlist") is None


@pytest.mark.parametrize(("version", "is_taken"), [(2, False), (3, False), (4, True)])
def test_only_a_newer_version_is_taken(path: Path, version: int, is_taken: bool) -> None:
    catalogue = Catalogue(path)
    catalogue.put("programme", 3, "old")

    taken = catalogue.put("programme", version, "new")

    assert taken is is_taken
    found = catalogue.get("programme")
    assert found is not None
    assert found.text == ("new" if is_taken else "old")
    assert catalogue.versions() == {"programme": max(3, version)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\xff\xfe",
        b"[]",
        b'{"recipes": {}}',
        b'{"_default": []}',
        b'{"_default": {"1": {"name": "programme"}}}',
        b'{"_default": {"x": {"name": "programme", "version": 1, "text": ""}}}',
        b'{"_default": {"1": {"name": "programme", "version": "1", "text": ""}}}',
        b'{"_default": {"1": {"name": "programme", "version": 1.5, "text": ""}}}',
        b'{"_default": {"1": {"name": "programme", "version": true, "text": ""}}}',
        b'{"_default": {"1": {"name": "programme", "version": 9007199254740992, "text": ""}}}',
        b'{"_default": {"1": {"name": "programme", "version": 1, "text": []}}}',
        b'{"_default": {"1": {"name": "programme", "version": 1, "text": "\\ud800"}}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_set_aside_and_the_catalogue_starts_empty(
    path: Path, content: bytes
) -> None:
    path.write_bytes(content)

    catalogue = Catalogue(path)

    assert catalogue.versions() == {}
    assert catalogue.set_aside is not None
    assert catalogue.set_aside.read_bytes() == content
    assert catalogue.put("programme", 1, "again")


@given(cut=st.integers(0, 400))
@settings(max_examples=50)
def test_a_torn_file_never_stops_a_device(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "catalogue.json"
    Catalogue(path).put("programme", 3, "x" * 200)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])

    catalogue = Catalogue(path)

    assert (catalogue.set_aside is None) == (cut >= len(whole))


def test_power_lost_while_writing_leaves_the_document_before(path: Path) -> None:
    Catalogue(path).put("programme", 3, "old")
    path.with_name("catalogue.json.new").write_text('{"_default": {"1"')

    catalogue = Catalogue(path)

    found = catalogue.get("programme")
    assert found is not None
    assert found.text == "old"
    assert catalogue.put("programme", 4, "new")


def test_a_full_disk_leaves_the_document_before(path: Path) -> None:
    catalogue = Catalogue(path)
    catalogue.put("programme", 3, "old")

    with files_of_at_most(1_000), pytest.raises(CatalogueFailed, match="programme"):
        catalogue.put("programme", 4, "x" * 5_000)

    found = catalogue.get("programme")
    assert found is not None
    assert found.text == "old"


def test_one_document_too_many_is_refused(path: Path) -> None:
    rows = {
        str(it): {"name": f"d{it}", "version": 1, "text": ""} for it in range(1, DOCUMENTS_MAX + 1)
    }
    path.write_text(json.dumps({"_default": rows}))
    catalogue = Catalogue(path)

    with pytest.raises(ValueError, match=f"one more than {DOCUMENTS_MAX}"):
        catalogue.put("another", 1, "")

    assert catalogue.put("d1", 2, "")


@pytest.mark.parametrize(
    ("name", "version", "text"),
    [("../etc", 1, ""), ("", 1, ""), ("d", 0, ""), ("d", 1, "x" * (TEXT_MAX_CHARACTERS + 1))],
)
def test_what_is_no_document_is_refused(path: Path, name: str, version: int, text: str) -> None:
    with pytest.raises(ValueError, match=r"document"):
        Catalogue(path).put(name, version, text)

    assert not path.exists()
