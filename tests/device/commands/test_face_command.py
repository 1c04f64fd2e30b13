"""`revisit face`: previews and checks for a designer, with every mistake told in a sentence."""

import pytest
from PIL import Image, ImageChops

from device.commands.face import SAMPLE_MEMBER
from device.display.cards.layout_files import SHIPPED
from revisit import main
from tests.loyalty.facts import SUPERMARKET_FILE


def preview(out, *options, layout="classic"):
    return main(["face", "preview", "--layout", layout, "--out", str(out), *map(str, options)])


def own_layout(tmp_path, old, new):
    own = tmp_path / "own.toml"
    own.write_text((SHIPPED / "classic.toml").read_text().replace(old, new, 1))
    return str(own)


def test_a_preview_is_a_picture_of_the_profiles_dots_and_size(tmp_path, capsys):
    out = tmp_path / "face.png"

    status = preview(out, "--profile", "cr80", "--lang", "zh_Hant", layout="identity")

    assert status == 0
    assert capsys.readouterr().out == f"{out}: 1011 × 637 dots for cr80\n"
    with Image.open(out) as picture:
        assert (picture.mode, picture.size) == ("1", (1011, 637))
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_a_programme_gives_labels_brand_and_messages(tmp_path):
    without, under = tmp_path / "without.png", tmp_path / "under.png"

    preview(without)
    preview(under, "--programme", SUPERMARKET_FILE)

    with Image.open(without) as before, Image.open(under) as after:
        changed = ImageChops.logical_xor(before, after).getbbox()
    assert changed is not None
    assert changed[3] > 240  # the messages at the foot as well


def test_a_photo_stands_in_its_box(tmp_path):
    photo, out = tmp_path / "photo.png", tmp_path / "face.png"
    Image.linear_gradient("L").save(photo)

    assert preview(out, "--photo", photo, "--profile", "eps3", layout="identity") == 0


def test_a_portrait_layout_is_turned_and_shown_upright(tmp_path):
    portrait = tmp_path / "portrait.toml"
    portrait.write_text(
        'name = "portrait"\nwindow = { width_mm = 40, height_mm = 60 }\n'
        '[[texts]]\nshow = ["points"]\nsize_mm = 5\nleast_mm = 2.5\n'
        "left_mm = 2\nright_mm = 2\ntop_mm = 3\nheight_mm = 8\n"
        "[code]\nleft_mm = 8\nwidth_mm = 24\nbottom_mm = 3\nheight_mm = 24\n"
    )

    assert preview(tmp_path / "face.png", "--turn", 270, layout=str(portrait)) == 0

    with Image.open(tmp_path / "face.png") as picture:
        assert picture.size == (320, 480)


def test_what_is_cut_and_what_the_font_lacks_is_told(tmp_path, capsys):
    member = tmp_path / "member.toml"
    member.write_text(SAMPLE_MEMBER.read_text().replace("陳大文", "🎉" + "長" * 40))

    status = preview(tmp_path / "face.png", "--member", member)

    told = capsys.readouterr().out.split("\n")
    assert status == 0
    assert told[1].startswith("classic.toml:35: texts[3]: no room after '長長")
    assert told[2] == "the font lacks 🎉"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--lang", "fr"), "--lang: found 'fr', wanted one of en, zh_Hant_HK, zh_Hans_CN"),
        (("--lang", "zh"), "--lang: found 'zh', wanted one of"),
        (("--member", "nobody.toml"), "cannot read nobody.toml: No such file or directory"),
        (("--programme", "none.toml"), "cannot read none.toml: No such file or directory"),
        (("--photo", str(SAMPLE_MEMBER)), "no picture that is known here"),
        (("--programme", str(SAMPLE_MEMBER)), "sample_member.toml:4: member: found an unknown key"),
        (("--member", str(SUPERMARKET_FILE)), "supermarket.toml:1: member: found nothing, wanted"),
        (("--turn", "90"), "code: found 120 dots on star-tcp, wanted at least 159"),
    ],
)
def test_what_a_person_can_mend_is_told_without_a_traceback(tmp_path, capsys, options, told):
    out = tmp_path / "face.png"

    status = preview(out, *options)

    assert status == 2
    assert told in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("damage", [b"\0DAT", b"JUNK"])
def test_a_photo_that_is_damaged_is_told(tmp_path, capsys, damage):
    photo, out = tmp_path / "photo.png", tmp_path / "face.png"
    Image.effect_noise((400, 400), 60).save(photo)
    before, parts = photo.read_bytes().rsplit(b"IDAT", 1)
    assert b"IDAT" in before
    photo.write_bytes(before + damage + parts)

    status = preview(out, "--photo", photo, "--profile", "eps3", layout="identity")

    assert status == 2
    assert f"cannot read {photo}: " in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_is_told(tmp_path, capsys):
    assert preview(tmp_path / "no" / "face.png") == 2
    assert preview(tmp_path / "face.txt") == 2

    nowhere, unknown = capsys.readouterr().err.splitlines()
    assert nowhere.endswith("face.png: No such file or directory")
    assert unknown.endswith("face.txt: unknown file extension: .txt")


def test_a_layout_with_mistakes_is_told_line_by_line(tmp_path, capsys):
    own = own_layout(tmp_path, "size_mm = 3.5", 'size_mm = "big"\ncolour = "red"')

    for command in (["face", "check", own], ["face", "preview", "--layout", own, "--out", "x.png"]):
        assert main(command) == 2

        told = capsys.readouterr().err
        assert "own.toml:18: texts[1].size_mm: found 'big', wanted a number from 1 to 20" in told
        assert "own.toml:19: texts[1].colour: found an unknown key" in told


def test_a_check_tells_for_every_profile_whether_the_layout_fits(capsys):
    assert main(["face", "check", "identity"]) == 0

    told = capsys.readouterr().out
    assert told.startswith("star-tcp: not printable\n  identity.toml:")
    assert told.endswith("eps3: fits\ncr80: fits\n")


def test_a_layout_that_fits_nowhere_fails_its_check(tmp_path, capsys):
    own = own_layout(tmp_path, "least_mm = 2.5", "least_mm = 1")

    assert main(["face", "check", own]) == 1

    assert capsys.readouterr().out.count("not printable") == 3


def test_a_check_tells_which_letters_of_its_own_the_font_lacks(tmp_path, capsys):
    texts = 'text = { en = "Hi 🎉", zh_Hant_HK = "你好", zh_Hans_CN = "你好" }'
    own = own_layout(tmp_path, 'show = ["tier"]', texts)

    assert main(["face", "check", own]) == 0

    assert "own.toml:12: texts[1].text.en: the font lacks 🎉\n" in capsys.readouterr().out
