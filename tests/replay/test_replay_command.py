"""`revisit replay` asked for what it cannot do: one clear sentence, and never a traceback."""

import pytest

from simulators import replay_command
from tests.replay.replayed import ROOT

TEN_MISTAKES = str(ROOT / "tests" / "loyalty" / "ten_mistakes.toml")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--store", "x"], "store 'x', a number or all wanted"),
        (["--store", "-3"], "store '-3', a number or all wanted"),
        (["--store", "999999"], "no baskets of store 999999 from 2017-03-01"),
        (["--store", "9" * 20], "no baskets of store 99999999999999999999"),
        (["--store", "429", "--from", "2018-01-02"], "no baskets of store 429 from 2018-01-02"),
        (["--from", "9999-12-31", "--days", "366"], "no baskets of any store from 9999-12-31"),
        (["--from", "2017-02-30"], "2017-02-30"),
        (["--from", "soon"], "soon"),
        (["--days", "0"], "greater than or equal to 1"),
        (["--days", "367"], "less than or equal to 366"),
        (["--kiosks", "33"], "less than or equal to 32"),
        (["--handhelds", "0"], "greater than or equal to 1"),
        (["--handhelds", "65"], "less than or equal to 64"),
        (["--db", "oracle:///ledger"], "database 'oracle:///ledger'"),
        (["--db", "ledger.db"], "database 'ledger.db'"),
        (["--db", "sqlite:///"], "database 'sqlite:///'"),
        (["--db", "sqlite:///there.db"], "there.db exists already"),
        (["--db", "sqlite:///nowhere/ledger.db"], "nowhere is no folder"),
        (
            ["--programme", "nowhere.toml"],
            "nowhere.toml: No such file or directory, a programme wanted",
        ),
        (["--programme", "."], ".: Is a directory, a programme wanted"),
        (["--programme", "there.db"], "there.db: no UTF-8 text, a programme wanted"),
        (["--faces", "there.db"], "there.db"),
        (["--faults", "many"], "valid integer"),
        (["--colour", "red"], "--colour"),
        (["again"], "again"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.db").write_bytes(b"\xff\x00")

    status = replay_command.main(words)

    shown = capsys.readouterr()
    assert status in (1, 2)
    assert shown.out == ""
    assert shown.err.startswith("revisit replay: ")
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert [it.name for it in tmp_path.iterdir()] == ["there.db"]


def test_a_programme_with_ten_mistakes_has_them_all_told_with_their_lines(capsys):
    status = replay_command.main(["--programme", TEN_MISTAKES])

    told = capsys.readouterr().err.splitlines()
    assert status == 1
    assert len(told) == 10
    assert all(f"{TEN_MISTAKES}:" in it for it in told)
