"""Measures: tidy daily tables, and figures over a window."""

import numpy as np
import pandas as pd
import pytest

from sim import measures
from sim.chain import ServiceChain
from sim.model import ServiceModel
from tests.claims.paired import run, small_firm

DAYS = 40


@pytest.fixture(scope="module")
def model():
    chain = small_firm(customers=80, churn=0.4, new_customers=0.5)
    chain.add_segment("Others", customers=20)
    chain.add_link("Front", "Others")
    return run(chain.check(), 1, DAYS)


def test_the_daily_table_has_a_row_a_day_and_a_column_a_measure(model):
    table = measures.daily(model)
    assert table.index.tolist() == list(range(1, DAYS + 1))
    assert {measure.name for measure in measures.MEASURES} <= set(table)
    assert table["external_satisfaction"].iloc[-1] == pytest.approx(model.external_satisfaction)
    assert table["internal_satisfaction"].iloc[-1] == pytest.approx(model.internal_satisfaction)
    assert table["net_promoter_score"].iloc[-1] == pytest.approx(model.net_promoter_score)
    assert table["customers"].iloc[-1] == model.customers


@pytest.mark.parametrize("measure", measures.MEASURES, ids=lambda measure: measure.name)
def test_every_measure_says_what_it_is_and_stays_on_its_scale(model, measure):
    assert measure.label
    assert measure.meaning
    values = measures.daily(model)[measure.name].dropna()
    low, high = {"0–100": (0, 100), "%": (0, 100), "% a year": (0, 100), "−100–100": (-100, 100)}.get(
        measure.unit, (-np.inf if measure.name == "profit" else 0, np.inf)
    )
    assert values.between(low, high).all()
    assert len(values) > DAYS / 4


@pytest.mark.parametrize(
    ("table", "column", "rows"),
    [("firm", "day", 1), ("units", "unit", 3), ("links", "link", 4), ("segments", "segment", 2)],
)
def test_a_tidy_table_has_a_row_for_each_day_and_part(model, table, column, rows):
    frame = measures.TABLES[table](model)
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == DAYS * rows
    assert "day" in frame
    assert frame["day"].tolist() == sorted(frame["day"])
    assert not frame.duplicated(["day", column]).any()
    assert not any(name.startswith("_") for name in frame)


def test_the_tables_add_up(model):
    units, links, segments, firm = (measures.TABLES[name](model) for name in ("units", "links", "segments", "firm"))
    served = units.groupby("unit")["served"].sum()
    assert served.sum() == model.state.clock[0]["services_ever"]
    outside = links[links["link"].str.contains("→ Customers|→ Others")]
    assert (outside.groupby("day")["opened"].sum() > 0).any()
    assert segments[segments["day"] == DAYS]["active"].sum() == model.customers == firm["customers"].iloc[-1]
    last = segments[segments["day"] == DAYS].set_index("segment")["active"]
    moved = segments.groupby("segment")["joined"].sum() - segments.groupby("segment")["left"].sum()
    assert (pd.Series({"Customers": 80, "Others": 20}) + moved == last).all()
    assert (units.groupby("day")["queued"].sum().to_numpy() == firm["backlog"].to_numpy()).all()


def test_who_serves_nobody_inside_or_is_served_by_nobody_has_no_figure_for_it(model):
    units = measures.by_unit(model)
    given, received = (units.groupby("unit")[name].count() for name in ("service_given", "service_received"))
    assert (given["Front"], given["Middle"], given["Back"]) == (0, DAYS, DAYS)
    assert (received["Front"], received["Middle"], received["Back"]) == (DAYS, DAYS, 0)


def test_satisfaction_on_a_link_to_customers_is_not_a_figure_of_the_link(model):
    links = measures.by_link(model)
    assert links[links["link"] == "Front → Customers"]["satisfaction"].isna().all()
    assert links[links["link"] == "Back → Middle"]["satisfaction"].between(0, 100).all()


def test_a_window_takes_encounters_as_they_were_not_days(model):
    arrays = measures.daily_arrays(model)
    figures = measures.over_window(arrays, 10, 30)
    outside = [model.chain.links.index(("Front", name)) for name in model.chain.segments]
    days = model.state.link_day[10:30][:, outside]
    assert figures["external_experience"] == pytest.approx(100 * days["judgement"].sum() / days["encounters"].sum())
    assert figures["wait"] == pytest.approx(days["wait"].sum() / days["encounters"].sum())
    assert figures["customers"] == pytest.approx(arrays["customers"][10:30].mean())
    left = model.state.segment_day["left"][10:30].sum()
    assert figures["retention"] == pytest.approx(100 * (1 - left / arrays["customers"][10:30].sum()) ** 250)


def test_a_summary_is_the_window_of_the_whole_run(model):
    assert measures.summary(model) == measures.over_window(measures.daily_arrays(model), 0, DAYS)
    assert measures.summary(model, 30)["customers"] != measures.summary(model)["customers"]


def test_a_window_without_encounters_has_no_figure_for_them():
    chain = ServiceChain()
    chain.add_department("Front", staff=1)
    chain.add_segment("Quiet", customers=10, needs_per_year=0)
    chain.add_link("Front", "Quiet")
    figures = measures.summary(ServiceModel(chain.check(), seed=1).run(5))
    for name in (
        "external_experience",
        "right_first_time",
        "in_time",
        "wait",
        "internal_service",
        "internal_satisfaction",
    ):
        assert np.isnan(figures[name]), name
    assert figures["customers"] == 10
    assert figures["retention"] == 100


def test_a_model_without_customers_can_be_measured():
    chain = ServiceChain()
    chain.add_department("Front", staff=1)
    chain.add_segment("Nobody", customers=0)
    chain.add_link("Front", "Nobody")
    figures = measures.summary(ServiceModel(chain.check(), seed=1).run(5))
    assert figures["customers"] == 0
    assert np.isnan(figures["external_satisfaction"])
    assert np.isnan(figures["retention"])


def test_realised_internal_service_can_be_limited_to_some_links(model):
    one = measures.daily_arrays(model, links=np.array([model.chain.links.index(("Back", "Middle"))]))
    table = measures.by_link(model)
    expected = table[table["link"] == "Back → Middle"]["quality"].to_numpy()
    assert np.allclose(one["internal_service"], expected, equal_nan=True)
