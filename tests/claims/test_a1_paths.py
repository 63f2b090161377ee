"""A1: satisfaction changes reach customers through every path, and only along paths."""

import networkx as nx
import pytest

from sim.chain import ServiceChain
from sim.interventions import Intervention
from sim.model import ServiceModel
from tests.claims.paired import ALONE, core_firm, customers, difference, measure, pull, run, same, same_run

UNITS = ("Sales", "Service", "Workshop", "Stores", "IT", "HR", "Courier", "Supplier", "Cleaning")


def branched_firm(**graph):
    """Three segments; Sales and Service at the front; a cycle between IT and HR; a contractor four links deep.

    Nobody leaves and nobody comes: a customer who left would take demand away from suppliers shared with others.
    """
    chain = ServiceChain(**(ALONE | {"churn": 0, "new_customers": 0} | graph))
    for name in UNITS[:-3]:
        chain.add_department(name, staff=4, hours_per_request=0.5)
    for name in UNITS[-3:]:
        chain.add_contractor(name, staff=4, hours_per_request=0.5)
    for name in ("North", "South", "West"):
        chain.add_segment(name, customers=100, needs_per_year=25)
    for supplier, client in (
        ("Sales", "North"), ("Service", "South"), ("Courier", "West"),
        ("Workshop", "Sales"), ("Stores", "Sales"), ("Stores", "Service"), ("Supplier", "Workshop"),
        ("Supplier", "Stores"), ("IT", "Supplier"), ("Cleaning", "Courier"),
    ):  # fmt: skip
        chain.add_link(supplier, client)
    chain.add_link("IT", "HR", requests_per_case=0.5)
    chain.add_link("HR", "IT", requests_per_case=0.5)
    return chain.check()


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("lever", ["error_rate", "hours_per_request", "environment"])
def test_a_change_in_a_unit_reaches_exactly_the_customers_downstream_of_it(unit, lever):
    chain = branched_firm()
    value = {"error_rate": 0.3, "hours_per_request": 1.1, "environment": 0.1}[lever]
    before, after = run(chain, 3, 120), run(chain, 3, 120, *pull(unit, **{lever: value}))
    downstream = nx.descendants(chain, unit)
    for segment in chain.segments:
        unchanged = same(customers(before, segment), customers(after, segment))
        assert unchanged == (segment not in downstream), segment


def test_every_path_carries_a_change_and_closing_all_of_them_stops_it():
    both = ServiceChain(**(ALONE | {"churn": 0, "new_customers": 0, "reopen_rate": 0}))
    for name in ("Front", "Left", "Right", "Back"):
        both.add_department(name, staff=4, hours_per_request=0.4)
    both.add_segment("Customers", customers=100, needs_per_year=25)
    both.add_link("Front", "Customers")
    for supplier, client in (("Left", "Front"), ("Right", "Front"), ("Back", "Left"), ("Back", "Right")):
        both.add_link(supplier, client)

    def reached(*closed):
        chain = both.copy()
        for edge in closed:  # still asked, but whether its answer is right does not matter
            chain.edges[edge]["dependence"] = 0
        runs = [run(chain, 5, 100, *change) for change in ([], pull("Back", error_rate=0.4))]
        return not same(*(customers(model, "Customers") for model in runs))

    assert reached()
    assert reached(("Back", "Left"))
    assert reached(("Left", "Front"))
    assert reached(("Back", "Right"), ("Left", "Front")) is False


def test_better_work_three_links_away_raises_what_customers_feel(measured):
    effect = difference(
        measure("external_satisfaction"), core_firm(), pull("Back", error_rate=0.0, internal_service=1.0)
    )
    measured(
        "external satisfaction when Back, two links behind the front, works without errors and with full care", effect
    )
    assert effect.low > 0


def test_the_effect_weakens_along_the_chain(measured):
    effects = {
        name: difference(measure("external_satisfaction"), core_firm(), pull(name, error_rate=0.0))
        for name in ("Front", "Middle", "Back")
    }
    for name, effect in effects.items():
        measured(f"external satisfaction when {name} makes no errors", effect)
    assert effects["Front"].low > effects["Middle"].high
    assert effects["Middle"].low > effects["Back"].high > effects["Back"].low > 0


def test_customers_who_had_no_encounter_feel_as_on_the_first_day():
    chain = core_firm(customers=200, needs=2)
    first = customers(ServiceModel(chain, seed=1), "Customers")
    later = customers(run(chain, 1, 40, *pull("Back", error_rate=0.5)), "Customers")
    untouched = later[(later["encounters"] == 0) & (later["ordinal"] < len(first))]
    assert len(untouched) > 50
    for name in ("satisfaction", "trust", "expected_outcome"):
        kept = first[name][untouched["ordinal"]]
        if name == "expected_outcome":  # hears promises when a need arises, before it is served
            kept, name_rows = kept[untouched["needs"] == 0], untouched[untouched["needs"] == 0]
        else:
            name_rows = untouched
        assert (kept == name_rows[name]).all()


def test_passing_nothing_on_is_neutral():
    chain = branched_firm()
    without = run(chain, 2, 60)
    assert same_run(without, run(chain, 2, 60, Intervention("passed_on", 0.0)))
