"""Batches in flight: few, forgotten when they have arrived, and due again when they have not."""

from device.mqtt.flights import WINDOW_BATCHES, Flight, Flights

FIRST, SECOND = Flight(1, 100, 10_000), Flight(101, 150, 11_000)


def in_flight(*flights: Flight) -> Flights:
    found = Flights()
    for it in flights:
        found.add(it)
    return found


def test_the_window_is_full_after_a_few() -> None:
    flights = in_flight(*[FIRST] * (WINDOW_BATCHES - 1))

    had_room = flights.has_room
    flights.add(SECOND)

    assert (had_room, flights.has_room) == (True, False)


def test_the_next_batch_goes_on_where_the_last_one_ended() -> None:
    assert in_flight(FIRST, SECOND).last_seq(settled_seq=7) == 150
    assert in_flight().last_seq(settled_seq=7) == 7


def test_a_batch_that_arrived_in_part_is_still_in_flight() -> None:
    flights = in_flight(FIRST, SECOND)

    flights.settle(120)

    assert flights.due(99_999) == [SECOND]


def test_a_batch_is_due_from_its_time_on() -> None:
    flights = in_flight(FIRST, SECOND)

    assert flights.due(9_999) == []
    assert flights.due(10_000) == [FIRST]


def test_what_is_sent_again_is_due_later() -> None:
    flights = in_flight(FIRST, SECOND)

    flights.postpone(1, 100, 20_000)

    assert flights.due(19_999) == [SECOND]
    assert flights.due(20_000) == [Flight(1, 100, 20_000), SECOND]


def test_a_batch_has_the_road_for_itself_until_its_time_or_its_receipt() -> None:
    flights = in_flight(FIRST, SECOND._replace(alone_until_ms=1_000))

    taken = [flights.is_taken(999), flights.is_taken(1_000)]
    flights.settle(150)

    assert (taken, flights.is_taken(999)) == ([True, False], False)


def test_after_a_reconnection_nothing_is_in_flight() -> None:
    flights = in_flight(FIRST)

    flights.clear()

    assert flights.due(99_999) == []
