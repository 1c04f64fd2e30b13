"""Topics: each device has its own, and nobody gets out of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty import topics
from tests.micropython_runner import ROOT, needs_micropython, run_micropython

STRANGE = [
    "",
    "/",
    "loy/v1",
    "loy/v1/s1/h1/up",
    "loy/v1/s1/h1/up/receipt",
    "loy/v1/s1/h1/up/batch/x",
    "loy/v1/s1/h1/up/#",
    "loy/v1/+/h1/up/batch",
    "loy/v1/s1//up/batch",
    "loy/v2/s1/h1/up/batch",
    "loy/v1/s1/h1/rx/batch",
    "$SYS/v1/s1/h1/up/batch",
    "loy/v1/s1/h" + "1" * 64 + "/up/batch",
    "loy/v1/s1/h\x00/up/batch",
]


@pytest.mark.parametrize("purpose", topics.UP)
def test_the_hub_reads_what_a_device_publishes_to(purpose: str):
    assert topics.parse_up(topics.up("s1", "h1", purpose)) == ("s1", "h1", purpose)


@pytest.mark.parametrize("topic", STRANGE)
def test_a_strange_topic_is_nobodys(topic: str):
    assert topics.parse_up(topic) is None
    assert not topics.may_publish("s1", "h1", topic)


def test_a_device_writes_and_reads_its_own_topics_only():
    own = [topics.up("s1", "h1", it) for it in topics.UP] + [topics.state("s1", "h1")]
    others = [topics.up("s1", "h2", "batch"), topics.state("s2", "h1"), topics.rx("s1", "h1", "x")]

    assert all(topics.may_publish("s1", "h1", it) for it in own)
    assert not any(topics.may_publish("s1", "h1", it) for it in others)
    assert topics.may_subscribe("s1", "h1", topics.rx_filter("s1", "h1"))
    assert not topics.may_subscribe("s1", "h1", topics.rx_filter("s1", "h2"))
    assert not topics.may_subscribe("s1", "h1", "#")


@given(st.text(max_size=40))
def test_no_text_makes_parsing_fail(topic: str):
    assert topics.parse_up(topic) is None or topic.startswith(topics.ROOT)


PORTABLE = """
from loyalty.topics import *

print([up("s1", "h1", it) for it in UP], [rx("s1", "h1", it) for it in RX])
print(rx_filter("s1", "h1"), state("s1", "h1"))
print([parse_up(it) for it in TOPICS], [may_publish("s1", "h1", it) for it in TOPICS])
print([may_subscribe("s1", "h1", it) for it in TOPICS + [rx_filter("s1", "h1")]])
"""


@needs_micropython
def test_boards_name_the_same_topics(capsys: pytest.CaptureFixture[str]):
    script = f"TOPICS = {[*STRANGE, topics.up('s1', 'h1', 'ask')]!r}\n{PORTABLE}"

    told = run_micropython(script, path=[ROOT])

    exec(compile(script, "portable", "exec"), {})
    assert told == capsys.readouterr().out
