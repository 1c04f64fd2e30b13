"""Which promotion messages a member is told: by day, hour, tier, points, class and segment."""

from zoneinfo import ZoneInfo

import pytest

from loyalty.programme import ProgrammeErrors, parse
from loyalty.programme_messages import Message, TimeSlot
from loyalty.rules.messages import Audience, messages_for
from tests.loyalty.facts import HOUR_MS, LABEL, NOON_MS, SUPERMARKET, SUPERMARKET_FILE, plain

ANNA = Audience(tier="gold", points=50, membership_class="family", segments=frozenset({"runners"}))
DAY_MS = 24 * HOUR_MS
TEXTS = 'text = { en = "x", zh_Hant_HK = "x", zh_Hans_CN = "x" }\n'


def message(message_id="m", **changes):
    always = plain(messages=(read(""),)).messages[0]
    values = {it: getattr(always, it) for it in Message.__dataclass_fields__}
    return Message(**{**values, "id": message_id, "text": LABEL, **changes})


def read(keys: str):
    text = SUPERMARKET_FILE.read_text() + f'\n[[messages]]\nid = "m"\n{TEXTS}{keys}\n'
    return parse(text, source="p.toml").messages[-1]


def told(*messages, audience=ANNA, at_ms=NOON_MS, most=10, **programme):
    chosen = messages_for(plain(messages=messages, **programme), audience, at_ms=at_ms, most=most)
    return [it.id for it in chosen]


def test_a_message_without_conditions_is_for_everybody_at_any_time():
    everybody = message()

    assert told(everybody) == ["m"]
    assert told(everybody, audience=Audience(tier="silver", points=-5), at_ms=0) == ["m"]


@pytest.mark.parametrize(
    ("keys", "is_told"),
    [
        ('tiers = ["gold", "platinum"]', True),
        ('tiers = ["platinum"]', False),
        ('classes = ["family"]', True),
        ('classes = ["staff"]', False),
        ('segments = ["parents", "runners"]', True),
        ('segments = ["parents"]', False),
        ("least_points = 50", True),
        ("least_points = 51", False),
        ("most_points = 50", True),
        ("most_points = 49", False),
        ('weekdays = ["wednesday"]', True),
        ('weekdays = ["thursday"]', False),
        ("first_day = 2017-03-01", True),
        ("first_day = 2017-03-02", False),
        ("last_day = 2017-03-01", True),
        ("last_day = 2017-02-28", False),
        ('hours = "12:00-12:01"', True),
        ('hours = "11:00-12:00"', False),
        ('hours = "12:01-24:00"', False),
    ],
)
def test_each_condition_can_keep_a_message_back(keys, is_told):
    assert told(read(keys)) == (["m"] if is_told else [])


def test_who_is_not_known_to_be_of_a_class_or_segment_is_not_told():
    unknown = Audience(tier="gold", points=50)

    assert told(message(classes=frozenset({"family"})), audience=unknown) == []
    assert told(message(segments=frozenset({"runners"})), audience=unknown) == []


@pytest.mark.parametrize(
    ("minute", "is_inside"), [(1319, 0), (1320, 1), (0, 1), (359, 1), (360, 0)]
)
def test_a_slot_that_ends_before_it_starts_spans_midnight(minute, is_inside):
    assert TimeSlot(22 * 60, 6 * 60).holds(minute) == is_inside


def test_hours_are_of_the_wall_clock_and_days_of_the_business_day():
    one_in_the_morning = message(hours=TimeSlot(60, 120), weekdays=frozenset({2}))
    hong_kong = {"zone": ZoneInfo("Asia/Hong_Kong"), "cutoff_hour": 4}

    thursday_at_one_ms = NOON_MS + 5 * HOUR_MS  # 1 o'clock of 2 March there, still Wednesday's
    assert told(one_in_the_morning, at_ms=thursday_at_one_ms, **hong_kong) == ["m"]
    assert told(one_in_the_morning, at_ms=thursday_at_one_ms - DAY_MS, **hong_kong) == []


def test_the_highest_priority_comes_first_and_equals_keep_their_order():
    written = [
        message("a", priority=1),
        message("b", priority=2),
        message("c", priority=1),
        message("d", priority=2),
    ]

    assert told(*written) == ["b", "d", "a", "c"]
    assert told(*written, most=3) == ["b", "d", "a"]
    assert told(*written, most=0) == []


def test_the_sample_programme_tells_of_the_opening_week_first():
    platinum = Audience(tier="platinum", points=40)
    half_past_two_ms = NOON_MS + 5 * HOUR_MS // 2

    chosen = messages_for(SUPERMARKET, platinum, at_ms=half_past_two_ms, most=10)

    assert [it.id for it in chosen] == [
        "opening-week",
        "milk-wednesday",
        "coffee-afternoon",
        "platinum-thanks",
    ]


@pytest.mark.parametrize(
    ("keys", "mistake"),
    [
        ('hours = "9-17"', "hours: found '9-17', wanted a time slot such as 17:00-20:30"),
        ('hours = "09:00-25:00"', "hours: found '09:00-25:00', wanted a time slot"),
        ('hours = "09:60-10:00"', "hours: found '09:60-10:00', wanted a time slot"),
        ('hours = "09:00-09:00"', "hours: found '09:00-09:00', wanted a time slot"),
        ("hours = 9", "hours: found 9, wanted text"),
        ('tiers = ["tin"]', "tiers: found 'tin', wanted some of silver, gold, platinum"),
        ("least_points = 5\nmost_points = 4", "most_points: found 4, wanted 5 or more"),
        ("priority = 1001", "priority: found 1001, wanted a whole number from 0 to 1000"),
        ("colour = 1", "colour: found an unknown key"),
    ],
)
def test_each_mistake_of_a_message_is_told(keys, mistake):
    with pytest.raises(ProgrammeErrors) as caught:
        read(keys)

    assert [it.message.split("].", 1)[1][: len(mistake)] for it in caught.value.mistakes] == [
        mistake
    ]


def test_a_message_wants_its_text_in_every_language():
    text = SUPERMARKET_FILE.read_text() + '\n[[messages]]\nid = "m"\ntext = { en = "x" }\n'

    with pytest.raises(ProgrammeErrors, match="text: found en, wanted en, zh_Hant_HK, zh_Hans_CN"):
        parse(text, source="p.toml")


def test_a_programme_says_whose_cards_they_are_and_how_names_are_shown():
    wrong = SUPERMARKET_FILE.read_text().replace('names = "masked"', 'names = "loud"')

    with pytest.raises(ProgrammeErrors, match=r"faces\.names: found 'loud', wanted one of masked"):
        parse(wrong, source="p.toml")

    assert SUPERMARKET.faces.names == "masked"
    assert SUPERMARKET.faces.brand is not None
    assert SUPERMARKET.faces.brand.in_locale("zh_Hans_CN") == "丰收超市"
    assert plain().faces.brand is None
