"""Dates as people export them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from sim.eventlog.calendar import WorkingCalendar
from sim.eventlog.dates import DateReader, Order

WANTED = datetime(2024, 3, 5, 14, 30, tzinfo=UTC).timestamp()


def read(text: str, choice: str = "dmy") -> float:
    return float(DateReader(Order(choice=choice)).read([text])[0])


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("2024-03-05 14:30", "dmy"),
        ("2024-03-05T14:30:00", "mdy"),
        ("2024-03-05T14:30:00.000Z", "dmy"),
        ("2024-03-05T15:30:00+01:00", "dmy"),
        ("2024-03-05 09:30:00-0500", "dmy"),
        ("2024/03/05 14:30:00", "dmy"),
        ("05-03-2024 14:30", "dmy"),
        ("05.03.2024 14:30", "dmy"),
        ("5/3/2024 14:30", "dmy"),
        ("03/05/2024 14:30", "mdy"),
        ("3/5/24 2:30 PM", "mdy"),
        ("3/5/2024 02:30:00 pm", "mdy"),
        ("05/Mar/24 2:30 PM", "dmy"),
        ("5 Mar 2024 14:30", "mdy"),
        ("Mar 5, 2024 14:30", "dmy"),
        ("Tue, 5 Mar 2024 14:30:00", "dmy"),
        ("05-Mrz-2024 14:30", "dmy"),
        ("20240305143000", "dmy"),
        ("1709649000", "dmy"),
        ("1709649000000", "dmy"),
        ("45356.6041666667", "dmy"),
    ],
)
def test_a_moment_is_read_from_every_way_of_writing_it(text, order):
    assert read(text, order) == pytest.approx(WANTED, abs=1)


@pytest.mark.parametrize("text", ["", "?", "N/A", "yesterday", "INC0001234", "12", "99-99-2024", "2024-13-45", "3.14"])
def test_what_is_no_date_is_missing(text):
    assert np.isnan(read(text))


def test_many_dates_of_one_shape_are_read_like_single_ones():
    days = [f"{day:02d}-03-2024 {hour:02d}:15" for day in range(1, 29) for hour in range(24)]
    together = DateReader(Order(choice="dmy")).read(days)
    assert together == pytest.approx([read(day) for day in days])
    zoned = [day.replace(" ", "T") for day in (f"2024-03-{d:02d} 10:00:00+02:00" for d in range(1, 29))]
    reader = DateReader(Order(choice="dmy"))
    assert reader.read(zoned) == pytest.approx([read(one) for one in zoned])
    assert reader.usual_offset == 7200


def test_one_date_that_allows_one_order_settles_the_file():
    order = Order()
    order.see(["03/04/2024", "03/25/2024"])
    order.decide()
    assert order.choice == "mdy"


def test_where_all_dates_allow_both_orders_the_guess_is_called_one():
    order = Order()
    order.see(["03/04/2024", "05/06/2024"])
    order.decide()
    assert order.choice == "dmy"
    assert "guess" in order.reason


# --- the working calendar ----------------------------------------------------------------------------------------


def office_stamps(weeks: int = 8) -> np.ndarray:
    monday = datetime(2024, 3, 4, tzinfo=UTC).timestamp()
    random = np.random.default_rng(3)
    day = random.integers(0, 5, 4000) + 7 * random.integers(0, weeks, 4000)
    return monday + 86400.0 * day + 3600 * random.uniform(8, 18, 4000)


def test_working_time_and_clock_are_exact_inverses():
    calendar = WorkingCalendar.infer(office_stamps())
    moments = np.random.default_rng(0).uniform(1.70e9, 1.72e9, 5000)
    assert calendar.to_clock(calendar.to_working(moments)) == pytest.approx(moments, abs=1e-2)


def test_office_hours_are_found_in_the_stamps():
    calendar = WorkingCalendar.infer(office_stamps())
    assert calendar.days_per_week == 5
    grid = np.array(calendar.weights).reshape(7, 24)
    assert grid[:5, 8:18].sum() > 0.95 * grid.sum()


def test_a_week_has_as_many_model_days_as_working_days():
    for calendar in (
        WorkingCalendar.office(),
        WorkingCalendar.around_the_clock(),
        WorkingCalendar.infer(office_stamps()),
    ):
        week = calendar.between(np.array(1.7e9), np.array(1.7e9 + 604800))
        assert float(week) == pytest.approx(calendar.days_per_week)


def test_a_mass_closing_does_not_bend_the_profile():
    stamps = office_stamps()
    evening = datetime(2024, 3, 14, 22, tzinfo=UTC).timestamp()
    flooded = np.concatenate([stamps, np.full(2000, evening)])
    grid = np.array(WorkingCalendar.infer(flooded).weights).reshape(7, 24)
    assert grid[:5, 8:18].sum() > 0.9 * grid.sum()


def test_few_stamps_give_assumed_office_hours_that_say_so():
    assert "assumed" in WorkingCalendar.infer(office_stamps()[:50]).source
