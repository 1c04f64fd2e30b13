"""The gallery shows every approved picture, and its links lead to them."""

import re

from scripts.make_gallery import GOLDEN, ROOT, gallery, main


def test_every_approved_picture_is_on_the_page(tmp_path):
    page = gallery(tmp_path)

    shown = {(tmp_path / link).resolve() for link in re.findall(r'<img src="([^"]+)"', page)}
    assert shown == set(ROOT.glob(GOLDEN))
    assert f"{len(shown)} pictures" in page


def test_pictures_whose_names_begin_alike_stand_under_one_heading(tmp_path):
    headings = re.findall("<h2>(.*?)</h2>", gallery(tmp_path))

    assert len(headings) == len(set(headings))
    assert "display: classic" in headings


def test_the_page_is_written_where_it_is_wanted(tmp_path, capsys):
    folder = tmp_path / "new" / "gallery"

    assert main([str(folder)]) == 0

    assert capsys.readouterr().out == f"{folder / 'index.html'}\n"
    assert (folder / "index.html").read_text().startswith("<!doctype html>")
