"""A file with secrets is its owner's alone, or that is a mistake."""

import pytest

from loyalty.private_files import check_private


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "secret"
    found.write_text("s")
    return found


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_its_owner_may_do_anything(path, mode):
    path.chmod(mode)

    check_private(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666])
def test_others_may_do_nothing(path, mode):
    path.chmod(mode)

    with pytest.raises(ValueError, match=f"found mode {mode:o}, .*wanted 600"):
        check_private(path)


def test_what_it_leads_to_counts_and_not_the_link(path, tmp_path):
    (tmp_path / "link").symlink_to(path)

    check_private(tmp_path / "link")


def test_a_file_that_is_not_there_is_another_mistake(tmp_path):
    with pytest.raises(FileNotFoundError):
        check_private(tmp_path / "absent")
