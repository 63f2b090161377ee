"""A scenario: what it holds, how it is written down and read again, and what a person is told about a mistake in it."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import levers, organisation
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.scenario import Scenario, Setting, is_scenario, parse, read, settled, together

FIRM_FILE = """
format = 1
name = "Small firm"

[[departments]]
name = "Front: desk"
staff = 4

[[contractors]]
name = "Back"
staff = 2

[[segments]]
name = "Households"
customers = 50

[[links]]
supplier = "Front: desk"
client = "Households"

[[links]]
supplier = "Back"
client = "Front: desk"
requests_per_case = 0.4
"""

SCENARIO_FILE = """
format = 1
name = "Less training"
question = "Does it show?"
organisation = "retailer"
without = ["E9"]
warm_up = 10
days = 20
runs = 3
seed = 7

[[levers]]
lever = "training"
to = 0.01
where = "Shops"

[[interventions]]
lever = "error_rate"
to = 0.2
where = "Logistics"
start = 5
ramp = 3
end = 15
"""


@pytest.fixture(scope="module")
def firm() -> ServiceChain:
    return organisation.parse(FIRM_FILE)


# --- writing and reading ---------------------------------------------------------------------------------------------

PLACES = {
    "firm": [None],
    "unit": [None, "Front: desk", "Back"],
    "segment": [None, "Households"],
    "link": [None, "Front: desk", "Households", "Back:Front: desk"],
}
CAN_BE_PULLED = [
    one for one in levers.LEVERS if one.name not in ("requests_per_case", "passed_on", "requests_per_hire")
]
"""Levers whose values cannot set off requests without end."""
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=40)


@st.composite
def changes(draw, kind):
    """Return a setting or an intervention of any lever at any place where it can be set."""
    lever = draw(st.sampled_from(CAN_BE_PULLED))
    to = draw(st.floats(lever.low, lever.high) | st.sampled_from([lever.low, lever.high, lever.default]))
    where = draw(st.sampled_from(PLACES[lever.home]))
    if kind is Setting:
        return Setting(lever.name, to, where)
    start = draw(st.integers(0, 10_000))
    end = draw(st.none() | st.integers(start + 1, start + 10_000))
    return Intervention(lever.name, to, where, start, draw(st.integers(0, 500)), end)


@st.composite
def any_scenario(draw):
    """Return a scenario of the small firm with any levers, days, runs and texts."""
    return Scenario(
        name=draw(TEXTS.filter(lambda text: text.strip())),
        organisation=organisation.parse(FIRM_FILE),
        question=draw(TEXTS),
        story=draw(TEXTS | st.just('Two lines,\nand a "quote"; # no comment = [x]')),
        levers=tuple(draw(st.lists(changes(Setting), max_size=3))),
        interventions=tuple(draw(st.lists(changes(Intervention), max_size=3))),
        warm_up=draw(st.integers(0, 100_000)),
        days=draw(st.integers(4, 100_000)),
        runs=draw(st.integers(1, 100_000)),
        seed=draw(st.integers(0, 2**63)),
    )


UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(one=any_scenario())
def test_what_is_written_as_a_dictionary_is_read_back(one):
    again = Scenario.from_dict(json.loads(json.dumps(one.to_dict())))
    assert again == one
    assert hash(again) == hash(one)
    assert again.firm.to_node_link() == one.firm.to_node_link()


@UNHURRIED
@given(one=any_scenario())
def test_what_is_written_as_a_file_is_read_back(one):
    again = parse(one.to_toml())
    assert again == one
    assert again.interventions == one.interventions
    assert again.levers == one.levers


@pytest.mark.parametrize("name", organisation.bundled())
def test_a_file_holds_a_bundled_organisation_whole(name):
    one = Scenario("As it is", organisation.load(name))
    text = one.to_toml()
    assert is_scenario(text)
    assert parse(text).organisation.to_node_link() == one.organisation.to_node_link()


def test_left_out_mechanisms_are_written_and_read_back(firm):
    one = Scenario("Without", firm, without=("E9", "B2"))
    assert parse(one.to_toml()) == one == Scenario.from_dict(one.to_dict())
    assert one.firm.value("market_pace", "Households") == 0


# --- where the organisation comes from -------------------------------------------------------------------------------


def test_an_organisation_is_named_by_a_bundled_name():
    one = parse(SCENARIO_FILE)
    assert one.organisation.to_node_link() == organisation.load("retailer").to_node_link()
    assert (one.name, one.question, one.without) == ("Less training", "Does it show?", ("E9",))
    assert (one.warm_up, one.days, one.runs, one.seed) == (10, 20, 3, 7)
    assert one.levers == (Setting("training", 0.01, "Shops"),)
    assert one.interventions == (Intervention("error_rate", 0.2, "Logistics", 5, 3, 15),)


def test_an_organisation_is_a_file_beside_the_scenario_and_not_where_one_stands(tmp_path, monkeypatch):
    (tmp_path / "there" / "firms").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    (tmp_path / "there" / "firms" / "small.toml").write_text(FIRM_FILE, encoding="utf-8")
    path = tmp_path / "there" / "scenario.toml"
    path.write_text('format = 1\nname = "As it is"\norganisation = "firms/small.toml"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    assert read(path).organisation.setting("name") == "Small firm"


def test_a_file_beside_the_scenario_goes_before_a_bundled_organisation_of_that_name(tmp_path):
    (tmp_path / "retailer").write_text(FIRM_FILE, encoding="utf-8")
    (tmp_path / "scenario.toml").write_text('format = 1\nname = "Mine"\norganisation = "retailer"\n', encoding="utf-8")
    assert read(tmp_path / "scenario.toml").organisation.setting("name") == "Small firm"


def test_a_file_holds_its_organisation(tmp_path, firm):
    path = tmp_path / "whole.toml"
    path.write_text(Scenario("As it is", firm).to_toml(), encoding="utf-8")
    assert read(path).organisation.to_node_link() == firm.to_node_link()


def test_a_scenario_file_is_told_from_an_organisation_file():
    assert is_scenario(SCENARIO_FILE)
    assert not is_scenario(FIRM_FILE)
    assert not is_scenario("this is = = no TOML")


# --- mistakes in a file ----------------------------------------------------------------------------------------------


def refusal(text: str, folder: Path = Path(".")) -> InputError:
    """Return the error that this text brings, which says in which file, where, and what would be allowed."""
    with pytest.raises(InputError) as caught:
        parse(text, source="plan.toml", folder=folder)
    error = caught.value
    assert str(error).startswith("plan.toml"), str(error)
    assert error.allowed
    assert "pydantic" not in str(error)
    assert "Input should" not in str(error)
    return error


@pytest.mark.parametrize(
    ("old", "new", "place", "found"),
    [
        ("runs = 3", "rums = 3", "rums", "'rums'"),
        ("ramp = 3", "rmap = 3", "interventions[0].rmap", "'rmap'"),
        ('where = "Shops"', 'were = "Shops"', "levers[0].were", "'were'"),
        ('where = "Shops"', 'where = "Shops"\nstart = 3', "levers[0].start", "'start'"),
        ("to = 0.01", "two = 0.01", "levers[0].two", "'two'"),
        ("to = 0.01\n", "", "levers[0].to", None),
        ('name = "Less training"\n', "", "name", None),
        ('name = "Less training"', 'name = ""', "name", "''"),
        ('name = "Less training"', "name = 5", "name", "5"),
        ('organisation = "retailer"\n', "", "organisation", None),
        ('organisation = "retailer"', "organisation = 5", "organisation", "5"),
        ('organisation = "retailer"', 'organisation = ""', "organisation", "''"),
        ('organisation = "retailer"', 'organisation = "retialer"', "", "'retialer'"),
        ('lever = "training"', 'lever = "trainnig"', "levers[0]", "'trainnig'"),
        ('lever = "error_rate"', 'lever = "eror_rate"', "interventions[0]", "'eror_rate'"),
        ("to = 0.01", "to = 0.6", "levers[0]", "0.6"),
        ("to = 0.01", "to = nan", "levers[0]", "nan"),
        ("to = 0.01", 'to = "0.01"', "levers[0].to", "'0.01'"),
        ("to = 0.01", "to = true", "levers[0].to", "True"),
        ("to = 0.2", "to = 1.5", "interventions[0]", "1.5"),
        ('where = "Shops"', 'where = "Shosp"', "levers[0]", "'Shosp'"),
        ('where = "Shops"', 'where = "Shoppers"', "levers[0]", "'Shoppers'"),
        ('where = "Logistics"', 'where = "Logistics:Shops"', "interventions[0]", "'Logistics:Shops'"),
        ("start = 5", "start = -5", "interventions[0]", "-5"),
        ("ramp = 3", "ramp = -1", "interventions[0]", "-1"),
        ("end = 15", "end = 5", "interventions[0]", "5"),
        ("start = 5", "start = 1.5", "interventions[0].start", "1.5"),
        ("days = 20", "days = -1", "days", "-1"),
        ("days = 20", "days = 3", "days", "3"),
        ("days = 20", "days = 2.5", "days", "2.5"),
        ("warm_up = 10", "warm_up = -1", "warm_up", "-1"),
        ("warm_up = 10", "warm_up = 1_000_000", "warm_up", "1000000"),
        ("runs = 3", "runs = 0", "runs", "0"),
        ("runs = 3", "runs = true", "runs", "True"),
        ("seed = 7", "seed = -7", "seed", "-7"),
        ('without = ["E9"]', 'without = ["E99"]', "without", "'E99'"),
        ('without = ["E9"]', 'without = "E9"', "without", "'E9'"),
        ('without = ["E9"]', 'without = ["B1"]', "", "training"),
        ("format = 1", "format = 2", "format", None),
        ("format = 1\n", "", "format", None),
        ("[[levers]]", "[levers]", "levers", None),
        ("days = 20", "days = = 20", "", "line"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_file_and_place(old, new, place, found):
    assert old in SCENARIO_FILE
    error = refusal(SCENARIO_FILE.replace(old, new, 1))
    assert place in (error.place or "")
    if found is not None:
        assert found in str(error)


@pytest.mark.parametrize(
    ("old", "new", "meant"),
    [
        ("runs = 3", "rums = 3", "runs"),
        ("warm_up = 10", "warmup = 10", "warm_up"),
        ("[[interventions]]", "[[intervention]]", "interventions"),
        ("ramp = 3", "rmap = 3", "ramp"),
        ('lever = "training"', 'lever = "trainnig"', "training"),
        ('where = "Shops"', 'where = "Shosp"', "Shops"),
        ('organisation = "retailer"', 'organisation = "retialer"', "retailer"),
        ('organisation = "retailer"', 'organistaion = "retailer"', "organisation"),
        ('without = ["E9"]', 'without = ["E99"]', "E9"),
    ],
)
def test_a_misspelt_word_gets_the_nearest_one_as_a_hint(old, new, meant):
    assert old in SCENARIO_FILE
    assert meant in (refusal(SCENARIO_FILE.replace(old, new, 1)).hint or "")


def test_a_mistake_in_the_organisation_within_is_named_with_its_place():
    within = FIRM_FILE.replace("format = 1\n", "").replace("[[", "[[organisation.").replace('name = "Small firm"', "")
    text = 'format = 1\nname = "Whole"\n[organisation]\nformat = 1\nname = "Small firm"\n' + within
    assert parse(text).organisation.setting("name") == "Small firm"
    error = refusal(text.replace("staff = 4", "staff = -4"))
    assert "organisation" in str(error).split("\n")[0]
    assert "departments[0].staff" in (error.place or "")


def test_a_file_of_an_organisation_that_is_not_there_is_named(tmp_path):
    text = 'format = 1\nname = "Mine"\norganisation = "nowhere/firm.toml"\n'
    with pytest.raises(InputError, match="cannot be read") as caught:
        parse(text, source="plan.toml", folder=tmp_path)
    assert "nowhere/firm.toml" in caught.value.source


def test_a_mistake_in_the_file_of_the_organisation_names_that_file(tmp_path):
    (tmp_path / "firm.toml").write_text(FIRM_FILE.replace("staff = 4", "staff = -4"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        parse('format = 1\nname = "Mine"\norganisation = "firm.toml"\n', source="plan.toml", folder=tmp_path)
    assert "firm.toml" in caught.value.source
    assert "departments[0].staff" in caught.value.place


@pytest.mark.parametrize("data", [{}, {"name": "x"}, {"organisation": {}}, {"organisation": 5, "name": "x"}])
def test_what_is_no_scenario_is_refused_with_its_source(data):
    with pytest.raises(InputError) as caught:
        Scenario.from_dict(data, source="manifest.json")
    assert str(caught.value).startswith("manifest.json")


# --- mistakes in a script --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"name": ""}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"days": -1}, "days"),
        ({"days": 2.0}, "days"),
        ({"runs": True}, "runs"),
        ({"seed": -1}, "seed"),
        ({"warm_up": -1}, "warm_up"),
        ({"without": ("Z1",)}, "without"),
        ({"interventions": (Intervention("training", 0.1, "Nowhere"),)}, "where"),
        ({"levers": (Setting("churn", 0.1, "Back"),)}, "where"),
        ({"levers": (Setting("training", 0.1),), "without": ("B1",)}, "scenario"),
    ],
)
def test_a_scenario_that_cannot_be_run_cannot_be_made(firm, given, place):
    with pytest.raises(InputError) as caught:
        Scenario(**{"name": "As it is", "organisation": firm} | given)
    assert place in caught.value.place
    assert caught.value.allowed


@pytest.mark.parametrize(
    ("given", "place"), [(("trainnig", 0.1), "setting.lever"), (("training", 0.7), "to"), (("training", True), "to")]
)
def test_a_setting_is_checked_when_it_is_made(given, place):
    with pytest.raises(InputError) as caught:
        Setting(*given)
    assert place in caught.value.place


def test_a_lever_may_be_written_with_hyphens():
    assert Setting("error-rate", 0.1) == Setting("error_rate", 0.1)


# --- a scenario stays as it was made ---------------------------------------------------------------------------------


def test_a_scenario_does_not_change_when_the_chain_it_was_given_does(firm):
    chain = firm.copy()
    one = Scenario("As it is", chain, levers=(Setting("training", 0.1),))
    before = copy.deepcopy(one.to_dict())
    chain.nodes["Back"]["staff"] = 40
    chain.graph["loss_aversion"] = 9.0
    chain.add_department("New", staff=3)
    assert one.to_dict() == before
    assert one.firm.nodes["Back"]["staff"] == 2
    assert "New" not in one.firm


def test_a_scenario_does_not_change_its_chain(firm):
    before = firm.to_node_link()
    Scenario("Other", firm, levers=(Setting("training", 0.3, "Back"),), without=("B2",))
    assert firm.to_node_link() == before


def test_a_scenario_is_frozen(firm):
    one = Scenario("As it is", firm)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.days = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        Setting("training", 0.1).to = 0.2


def test_a_scenario_does_not_change_with_the_lists_it_was_given(firm):
    pulled = [Intervention("training", 0.1)]
    one = Scenario("As it is", firm, interventions=pulled)
    pulled.append(Intervention("training", 0.2))
    assert one.interventions == (Intervention("training", 0.1),)


def test_a_scenario_survives_pickling(firm):
    one = Scenario("As it is", firm, levers=(Setting("training", 0.1),), interventions=(Intervention("tools", 0.2),))
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert again.firm.to_node_link() == one.firm.to_node_link()


# --- what if -----------------------------------------------------------------------------------------------------------


def test_what_if_keeps_everything_else(firm):
    one = Scenario(
        "As it is", firm, question="Which?", levers=(Setting("training", 0.1),), without=("E9",),
        interventions=(Intervention("tools", 0.2, start=3),), warm_up=11, days=13, runs=5, seed=17,
    )  # fmt: skip
    other = one.what_if("More", Setting("pay", 0.9, "Back"), Intervention("tools", 0.9, start=6), story="More of it.")
    expected = one.to_dict() | {"name": "More", "story": "More of it."}
    expected["levers"] = [*expected["levers"], {"lever": "pay", "to": 0.9, "where": "Back"}]
    expected["interventions"] = [*expected["interventions"], {"lever": "tools", "to": 0.9, "start": 6, "ramp": 0}]
    assert other.to_dict() == expected
    assert one.name == "As it is"
    assert one.firm.value("pay", "Back") != 0.9
    assert other.firm.value("pay", "Back") == 0.9
    assert other.firm.value("training", "Back") == 0.1
    assert one.what_if("Asked", question="Why?").question == "Why?"
    assert one.lasting(days=99, runs=None).to_dict() == one.to_dict() | {"days": 99}


def test_the_last_setting_of_a_lever_holds(firm):
    one = Scenario(
        "Twice", firm, levers=(Setting("pay", 0.2), Setting("pay", 0.9, "Back"), Setting("pay", 0.8, "Back"))
    )
    assert one.firm.value("pay", "Back") == 0.8
    assert one.firm.value("pay", "Front: desk") == 0.2
    everywhere = Scenario("Over", firm, levers=(Setting("pay", 0.9, "Back"), Setting("pay", 0.2)))
    assert everywhere.firm.value("pay", "Back") == 0.2


def test_a_setting_works_at_the_links_and_segments_that_it_names(firm):
    chain = settled(firm, [Setting("promise_days", 9, "Back"), Setting("churn", 0.3, "Households")])
    assert chain.edges["Back", "Front: desk"]["promise_days"] == 9
    assert chain.value("promise_days", "Front: desk", "Households") == levers.BY_NAME["promise_days"].default
    assert chain.value("churn", "Households") == 0.3


def test_days_of_interventions_count_from_the_end_of_the_warm_up(firm):
    one = Scenario("Later", firm, interventions=(Intervention("tools", 0.2, start=3, ramp=4, end=9),), warm_up=30)
    assert one.scheduled() == [Intervention("tools", 0.2, start=33, ramp=4, end=39)]
    assert one.interventions[0].start == 3


def test_a_setting_to_what_is_there_changes_no_number(firm):
    one, other = Scenario("One", firm), Scenario("Other", firm, levers=(Setting("training", 0.02, "Back"),))
    runs = [ServiceModel(each.firm, seed=3).run(30) for each in (one, other)]
    assert (runs[0].state.employee == runs[1].state.employee).all()
    assert (runs[0].state.customer == runs[1].state.customer).all()


# --- scenarios that are compared ---------------------------------------------------------------------------------------


def test_scenarios_that_agree_are_compared(firm):
    one = Scenario("One", firm)
    pair = (one, one.what_if("Other").lasting(runs=3))
    assert together(pair) == pair


@pytest.mark.parametrize("what", ["warm_up", "days", "seed"])
def test_scenarios_that_do_not_agree_are_refused_with_the_option_that_helps(firm, what):
    one = Scenario("One", firm)
    with pytest.raises(InputError) as caught:
        together([one, one.what_if("Other").lasting(**{what: 99})])
    assert what in caught.value.place
    assert "--" + what.replace("_", "-") in caught.value.hint
    assert caught.value.value == {"One": getattr(one, what), "Other": 99}


def test_two_scenarios_of_one_name_are_refused(firm):
    with pytest.raises(InputError, match="one name") as caught:
        together([Scenario("Same", firm), Scenario("Other", firm), Scenario("Same", firm, days=300)])
    assert caught.value.value == "Same"


@pytest.mark.parametrize("count", [0, 1])
def test_one_scenario_is_nothing_to_compare(firm, count):
    with pytest.raises(InputError, match="nothing to compare"):
        together([Scenario("One", firm)][:count])
