"""A draw belongs to a decision, not to a moment: what a change does not reach stays the same to the last bit."""

import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sim import organisation, story
from sim.chain import ServiceChain
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.population import FREE, NEED
from tests.baseline import update as baseline
from tests.claims.paired import customers, pull, run, same, same_customers, same_run, small_firm
from tests.claims.test_a1_paths import branched_firm

ROOT = Path(__file__).resolve().parents[1]


def in_another_process(code: str, **environment: str) -> dict:
    """Run a line of Python from the repository's root and read the JSON that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


TINY = "import json; from tests.baseline import update; print(json.dumps(update.tiny()))"


# --- a change reaches what it reaches --------------------


@pytest.mark.parametrize("name", organisation.bundled())
def test_an_intervention_without_effect_leaves_every_bit_as_it_was(name):
    chain = organisation.load(name)
    still = Intervention("waiting_aversion", chain.value("waiting_aversion"), start=5, ramp=10, end=25)
    assert same_run(run(chain, 11, 40), run(chain, 11, 40, still))


CHANGES = {
    "more staff": lambda chain: chain.nodes["Sales"].update(staff=9),
    "slower work": lambda chain: chain.nodes["Sales"].update(hours_per_request=0.9),
    "another shape of working time": lambda chain: chain.nodes["Workshop"].update(working_time="exponential"),
    "less knowledge": lambda chain: chain.nodes["Workshop"].update(knowledge=0.4),
    "more managers": lambda chain: chain.nodes["Sales"].update(managers=4),
    "a new department that nobody else needs": lambda chain: (
        chain.add_department("Aa new", staff=3),
        chain.add_segment("Aa others", customers=40, needs_per_year=30),
        chain.add_link("Aa new", "Aa others"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_at_one_place_leaves_unrelated_customers_as_they_were(change):
    chain = branched_firm()
    other = branched_firm()
    CHANGES[change](other)
    before, after = run(chain, 5, 100), run(other.check(), 5, 100)
    for segment in ("South", "West"):
        assert same(customers(before, segment), customers(after, segment)), segment
    for edge in (("Service", "South"), ("Courier", "West"), ("Cleaning", "Courier")):
        rows = [m.state.link_day[: m.day, m.chain.links.index(edge)] for m in (before, after)]
        assert same(*map(np.asarray, rows)), edge


def test_demand_reaches_only_those_who_share_its_suppliers():
    """West is served by Courier and Cleaning, which serve nobody else."""
    chain = branched_firm()
    other = branched_firm()
    other.nodes["West"].update(rush_share=0.5, needs_per_year=50, customers=150)
    before, after = run(chain, 5, 100), run(other.check(), 5, 100)
    assert all(same(customers(before, segment), customers(after, segment)) for segment in ("North", "South"))


def test_the_change_does_reach_its_own_customers():
    other = branched_firm()
    CHANGES["slower work"](other)
    assert not same(*(customers(run(chain, 5, 100), "North") for chain in (branched_firm(), other)))


def test_whatever_changes_in_a_firm_its_customers_need_the_same_things_on_the_same_days():
    """Common random numbers: paired runs are asked the same questions."""
    chain = small_firm(churn=0, new_customers=0)
    tables = []
    for change in ([], pull(error_rate=0.4, tools=0.1), pull("Back", hours_per_request=1.1), pull(training=0.3)):
        model = ServiceModel(chain, seed=3, interventions=change, journal=True).run(100)
        asked = np.asarray(model.state.request)
        asked = asked[(asked["state"] != FREE) & (asked["cause"] == NEED)]
        needs = customers(model, "Customers")[["ordinal", "needs", "next_need"]]
        closed = model.journal[model.journal["cause"] == NEED]
        opened = sorted([*closed["opened"].tolist(), *asked["opened"].tolist()])
        tables.append((needs, opened))
    for needs, opened in tables[1:]:
        assert same(needs, tables[0][0])
        assert opened == tables[0][1]


def test_customers_who_stay_are_the_same_people_whoever_else_leaves():
    chain = small_firm(customers=200)
    one, two = run(chain, 3, 150), run(chain, 3, 150, *pull("Front", error_rate=0.5))
    people = [{row["ordinal"]: row["next_need"] for row in customers(model, "Customers")} for model in (one, two)]
    first = [ordinal for ordinal in people[0].keys() & people[1].keys() if ordinal < 200]
    assert len(first) > 100
    assert [people[0][ordinal] for ordinal in first] == [people[1][ordinal] for ordinal in first]


# --- order, processes, threads, machines --------------------


def shuffled(chain: ServiceChain, seed: int) -> ServiceChain:
    """Return the same chain, written down in another order."""
    order = random.Random(seed)
    other = ServiceChain(**dict(order.sample(list(chain.graph.items()), len(chain.graph))))
    for table, add in ((list(chain.nodes(data=True)), other.add_node), (list(chain.edges(data=True)), other.add_edge)):
        order.shuffle(table)
        for *names, data in table:
            add(*names, **dict(order.sample(list(data.items()), len(data))))
    return other.check()


@pytest.mark.parametrize("name", organisation.bundled())
def test_the_order_of_departments_links_and_segments_in_a_file_changes_nothing(name):
    chain = organisation.load(name)
    before = run(chain, 6, 40)
    for seed in (1, 2):
        other = shuffled(chain, seed)
        assert list(other.nodes) != list(chain.nodes)
        assert same_run(before, run(other, 6, 40))


def test_another_seed_gives_another_history():
    chain = small_firm(customers=100)
    assert not same_customers(run(chain, 1, 40), run(chain, 2, 40))
    assert not same_customers(run(chain, 1, 40), run(chain, 1 + 2**62, 40))


def test_two_models_in_turn_do_not_disturb_each_other():
    chain = small_firm(customers=100)
    alone = run(chain, 1, 40)
    one, two = ServiceModel(chain, seed=1), ServiceModel(chain, seed=2)
    for _ in range(40):
        one.run(1)
        two.run(1)
    assert same_run(alone, one)


def test_threads_give_what_one_thread_gives():
    chain = small_firm(customers=100)
    alone = [baseline.of(run(chain, seed, 60)) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: baseline.of(run(chain, seed, 60)), range(8)))
    assert together == alone


def test_another_process_gives_the_same_numbers():
    assert in_another_process(TINY, PYTHONHASHSEED="123") == baseline.tiny()


def test_interpreted_rules_give_the_same_numbers_as_compiled_ones():
    assert in_another_process(TINY, NUMBA_DISABLE_JIT="1") == baseline.tiny()


def test_mesa_random_numbers_have_no_part_in_the_model():
    chain = small_firm(customers=100)
    model = ServiceModel(chain, seed=1)
    for _ in range(30):
        model.random.random()
        model.rng.random()
        np.random.default_rng().random()
        random.random()
        model.run(1)
    assert same_run(model, run(chain, 1, 30))


def test_results_are_those_of_the_baseline():
    kept = baseline.kept()
    runs = {name: tables for name, tables in kept["runs"].items() if f", {baseline.STORY} " not in name}
    changed = baseline.differences(runs, baseline.organisations())
    assert not changed, (
        "the numbers of these runs have changed:\n  " + "\n  ".join(changed) + "\nIf that was meant, declare it in "
        'CHANGELOG.md with the tag "results change", saying why, and refresh the file: python -m tests.baseline.update\n'
        f"(it was made at commit {kept['commit']} with Python {kept['python']})"
    )


@pytest.mark.parametrize("name", ["delays-told", "weak-link"])
def test_stories_have_the_results_of_the_baseline(name):
    # all of them: python -m tests.baseline.update --check, on every Python in CI
    kept = baseline.kept()["runs"]
    run_ = next(one for one in kept if one.startswith(f"retailer, {baseline.STORY} {name},"))
    assert not baseline.differences({run_: kept[run_]}, {run_: baseline.told(name, "retailer")})


def test_the_baseline_holds_every_bundled_organisation_and_every_story():
    text = "\n".join(baseline.kept()["runs"])
    for name in organisation.bundled():
        assert f"{name}, seed 1" in text
    for name in story.names():
        assert f"{baseline.STORY} {name}," in text


def test_the_changelog_declares_the_results_that_the_baseline_holds():
    seal = baseline.seal(baseline.kept()["runs"])
    assert baseline.declared(baseline.CHANGELOG.read_text(encoding="utf-8")) == seal, (
        'results have changed without an entry in CHANGELOG.md that starts with "- **results change**" and ends with '
        f"(baseline `{seal}`)"
    )


def test_only_the_last_change_of_results_counts_as_declared():
    assert baseline.declared("# Changelog\n\n- new\n") is None
    text = "# C\n\n- **results change**: a (baseline `00000001`)\n- new\n- **results change**: b\n  c (baseline `00000002`)\n"
    assert baseline.declared(text) == "00000002"
    assert baseline.declared(text + "\n## 0.0.9\n\n- **results change**: older (baseline `00000003`)\n") == "00000002"
    assert baseline.declared(text + "- **results change**: d\n") is None


def test_a_difference_is_one_table_that_is_other_or_missing():
    one = {"a": {"firm": "1", "units": "2"}}
    assert baseline.differences(one, one) == []
    assert baseline.differences(one, {"a": {"firm": "1", "units": "3"}}) == ["a / units"]
    assert baseline.differences(one, {"a": {"firm": "1"}, "b": {"firm": "1"}}) == ["a / units", "b / firm"]
    assert baseline.seal(one) != baseline.seal({"a": {"firm": "1", "units": "3"}})
