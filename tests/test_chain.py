"""The service chain: what is valid, what it says of traffic, and that networkx works on it."""

import copy
import io
import itertools
import json
import math
import pickle

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import levers, organisation
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.structure import GRAPH_DEFAULTS, SHAPES


def small_chain(**graph) -> ServiceChain:
    """A front office that asks two offices behind it, which ask each other."""
    chain = ServiceChain(**graph)
    chain.add_department("Front", staff=4, hours_per_request=0.5)
    chain.add_department("Back", staff=2)
    chain.add_contractor("Field", staff=3)
    chain.add_segment("Households", customers=500, needs_per_year=10)
    chain.add_link("Front", "Households", requests_per_case=1.0)
    chain.add_link("Back", "Front", requests_per_case=0.4)
    chain.add_link("Field", "Back", requests_per_case=0.5)
    chain.add_link("Back", "Field", requests_per_case=0.2)
    return chain


def refusal(chain: ServiceChain) -> InputError:
    with pytest.raises(InputError) as caught:
        chain.check()
    assert caught.value.place
    assert caught.value.place in str(caught.value)
    assert caught.value.allowed
    assert caught.value.allowed in str(caught.value)
    return caught.value


def content(chain: ServiceChain) -> tuple:
    """Everything that a chain says, with the defaults filled in."""
    unit = {"managers": 1, "working_time": "lognormal"}
    return (
        GRAPH_DEFAULTS | chain.graph,
        {name: (unit if data["kind"] != "segment" else {}) | data for name, data in chain.nodes(data=True)},
        {(supplier, client): data for supplier, client, data in chain.edges(data=True)},
    )


# --- what is valid ---


def test_a_valid_chain_is_returned_by_its_check():
    chain = small_chain()
    assert chain.check() is chain


def test_rows_are_ordered_by_name_whatever_the_order_of_entry():
    chain = small_chain()
    assert chain.units == ["Back", "Field", "Front"]
    assert chain.links == [("Field", "Back"), ("Back", "Field"), ("Back", "Front"), ("Front", "Households")]
    nodes, edges = list(chain.nodes(data=True)), list(chain.edges(data=True))
    for mixed in itertools.islice(itertools.permutations(nodes), 0, None, 5):
        other = ServiceChain()
        other.add_nodes_from(mixed)
        other.add_edges_from(reversed(edges))
        assert (other.units, other.segments, other.links) == (chain.units, chain.segments, chain.links)
        assert other.utilisation() == chain.utilisation()


@pytest.mark.parametrize("role", ["supplier", "client"])
def test_a_link_to_an_unknown_node_names_the_nearest_known_one(role):
    chain = small_chain()
    ends = {"supplier": "Back", "client": "Households"} | {role: "Frant"}
    with pytest.raises(InputError, match="not in the chain") as caught:
        chain.add_link(**ends)
    assert (caught.value.place, caught.value.value) == (role, "Frant")
    assert "did you mean 'Front'?" in str(caught.value)


def test_a_link_stands_once():
    with pytest.raises(InputError, match="this link stands twice") as caught:
        small_chain().add_link("Back", "Front")
    assert caught.value.value == "Back → Front"


@pytest.mark.parametrize("kind", ["department", "contractor", "segment"])
def test_a_name_stands_once(kind):
    with pytest.raises(InputError, match="this name stands twice") as caught:
        getattr(small_chain(), f"add_{kind}")("Front")
    assert caught.value.value == "Front"


def test_a_segment_cannot_supply():
    chain = small_chain()
    chain.add_link("Households", "Back")
    error = refusal(chain)
    assert error.value == "Households"
    assert "swap supplier and client" in str(error)


def test_a_unit_cannot_serve_itself():
    chain = small_chain()
    chain.add_link("Back", "Back", requests_per_case=0.1)
    assert "its own client" in str(refusal(chain))


def test_a_unit_that_nobody_reaches_is_refused():
    chain = small_chain()
    chain.add_department("Island", staff=2)
    assert refusal(chain).value == "Island"
    chain.add_link("Island", "Front", requests_per_case=0.0)  # a link without requests leads nowhere
    assert refusal(chain).value == "Island"
    chain.edges["Island", "Front"]["passed_on"] = 0.1
    chain.check()


def test_units_that_only_reach_each_other_are_refused():
    chain = small_chain()
    chain.add_department("Left", staff=1)
    chain.add_department("Right", staff=1)
    chain.add_link("Left", "Right", requests_per_case=0.1)
    chain.add_link("Right", "Left", requests_per_case=0.1)
    assert refusal(chain).value == "Left"


def test_a_segment_that_nobody_serves_is_refused():
    chain = small_chain()
    chain.add_segment("Business", customers=10)
    assert refusal(chain).value == "Business"
    chain.add_link("Front", "Business", requests_per_case=0.0)
    assert refusal(chain).value == "Business"


def test_a_chain_without_customers_or_without_units_is_refused():
    chain = ServiceChain()
    assert "no customers" in str(refusal(chain))
    chain.add_segment("Households", customers=10)
    assert "nobody serves" in str(refusal(chain))


@pytest.mark.parametrize("value", [-1, 0, 0.5, 10**400, 1e300, math.nan, math.inf, -math.inf, "3", None, True, [3]])
def test_staff_is_a_whole_number_of_people(value):
    chain = small_chain()
    chain.nodes["Front"]["staff"] = value
    error = refusal(chain)
    assert error.place == "department 'Front': staff"
    assert "1,000,000" in error.allowed
    assert value is None or "found:" in str(error)


@pytest.mark.parametrize("value", [-0.1, 1e9, math.nan, math.inf, "1", None, False])
def test_a_lever_that_is_out_of_range_or_no_number_is_refused(value):
    for bag, place in (("nodes", "Front"), ("edges", ("Back", "Front"))):
        name = "hours_per_request" if bag == "nodes" else "requests_per_case"
        chain = small_chain()
        getattr(chain, bag)[place][name] = value
        error = refusal(chain)
        assert name in error.place
        assert "a number from 0" in error.allowed


@pytest.mark.parametrize(
    ("home", "other"), [("Front", "churn"), ("Households", "training"), ("Front", "loss_aversion")]
)
def test_a_lever_of_another_kind_of_place_is_refused(home, other):
    chain = small_chain()
    chain.nodes[home][other] = 0.1
    assert refusal(chain).value == other


def test_a_misspelt_property_is_refused_with_the_nearest_name():
    chain = small_chain()
    chain.nodes["Front"]["trainnig"] = 0.1
    assert "did you mean 'training'?" in str(refusal(chain))


@pytest.mark.parametrize("name", ["Front", "Households"])
def test_a_unit_without_staff_and_a_segment_without_customers_are_refused(name):
    chain = small_chain()
    wanted = "customers" if name == "Households" else "staff"
    del chain.nodes[name][wanted]
    assert refusal(chain).place.endswith(f"{name!r}: {wanted}")


@pytest.mark.parametrize("kind", [None, "team", 3])
def test_a_node_of_unknown_kind_is_refused(kind):
    chain = small_chain()
    chain.add_node("Odd", kind=kind)
    assert "department, contractor, segment" in str(refusal(chain))


@pytest.mark.parametrize("name", ["", "  ", 5, ("a", "b"), "x" * 201, "tab\there", "null\0", "\ud800", "\uffff"])
def test_a_name_that_no_file_could_hold_is_refused(name):
    chain = small_chain()
    chain.add_node(name, kind="department", staff=1)
    error = refusal(chain)
    assert error.value == name
    assert "1 to 200 characters" in error.allowed


@pytest.mark.parametrize("shape", ["lognormall", "", "Fixed", 3])
def test_an_unknown_shape_of_working_time_is_refused(shape):
    chain = small_chain()
    chain.nodes["Front"]["working_time"] = shape
    assert refusal(chain).value == shape


def test_customers_have_no_cases_to_hand_on():
    chain = small_chain()
    chain.edges["Front", "Households"]["passed_on"] = 0.2
    assert "no cases to hand on" in str(refusal(chain))


@pytest.mark.parametrize("setting", ["hours_per_day", "slots_per_day", "name", "description", "currency", "training"])
def test_a_setting_of_the_firm_of_the_wrong_type_is_refused(setting):
    chain = small_chain(**{setting: [1]})
    assert refusal(chain).place == f"organisation: {setting}"


# --- traffic ---


def test_case_rates_solve_the_traffic_equations():
    rates = small_chain().case_rates()
    # 500 customers with 10 needs in 250 days are 20 cases a day; back = 0.4 front + 0.2 field, field = 0.5 back.
    assert rates == pytest.approx({"Front": 20.0, "Back": 8 / 0.9, "Field": 4 / 0.9})


def test_utilisation_is_work_over_the_time_that_training_leaves():
    chain = small_chain()
    chain.nodes["Front"]["training"] = 0.2
    assert chain.utilisation()["Front"] == pytest.approx(20 * 0.5 / (8 * 4 * 0.8))


def test_what_is_passed_on_arrives():
    chain = small_chain()
    chain.edges["Back", "Front"]["passed_on"] = 0.1
    assert chain.case_rates()["Back"] == pytest.approx(20 * 0.5 / 0.9)


def test_link_rates_are_the_cases_of_the_client_times_requests_per_case():
    assert small_chain().link_rates() == pytest.approx(
        {
            ("Front", "Households"): 20.0,
            ("Back", "Front"): 8.0,
            ("Back", "Field"): 0.2 * 4 / 0.9,
            ("Field", "Back"): 4 / 0.9,
        }
    )


@pytest.mark.parametrize("factor", [2.0, 2.5])
def test_units_that_ask_each_other_more_than_once_a_case_are_refused(factor):
    chain = small_chain()
    chain.edges["Field", "Back"]["requests_per_case"] = factor
    chain.edges["Back", "Field"]["requests_per_case"] = 0.5
    error = refusal(chain)
    assert error.place == "links between Back, Field"
    assert error.value == pytest.approx(math.sqrt(0.5 * factor), abs=1e-3)


def test_the_cycle_that_is_named_is_the_one_that_grows_and_not_the_longest():
    chain = small_chain()
    ring = [f"Ring {number}" for number in range(5)]
    for name in ring:
        chain.add_department(name, staff=1)
    for supplier, client in itertools.pairwise([*ring, ring[0]]):
        chain.add_link(supplier, client, requests_per_case=0.1)
    chain.add_link(ring[0], "Front", requests_per_case=0.1)
    chain.edges["Field", "Back"]["requests_per_case"] = 8.0
    assert refusal(chain).place == "links between Back, Field"


def test_a_cycle_just_below_growth_is_allowed():
    chain = small_chain()
    chain.edges["Field", "Back"]["requests_per_case"] = 1.99
    chain.edges["Back", "Field"]["requests_per_case"] = 0.5
    chain.check()


def test_a_unit_that_hands_on_everything_is_refused():
    chain = small_chain()
    chain.edges["Back", "Front"]["passed_on"] = 0.5
    chain.add_link("Field", "Front", requests_per_case=0.0, passed_on=0.5)
    error = refusal(chain)
    assert "'Front'" in error.place
    assert error.value == pytest.approx(1.0)


def test_more_requests_than_fit_are_refused():
    chain = small_chain()
    chain.nodes["Households"].update(customers=10_000_000, needs_per_year=5000)
    assert "5,000,000" in refusal(chain).allowed


@pytest.mark.parametrize(
    ("what", "enlarge"),
    [
        ("people", lambda chain: [chain.nodes[name].update(staff=900_000) for name in ("Back", "Front")]),
        ("customers", lambda chain: chain.add_segment("Others", customers=9_999_999)),
        ("departments", lambda chain: [chain.add_department(f"D{n}", staff=1) for n in range(1000)]),
        ("relations", lambda chain: [chain.add_link(f"D{n}", "Front") for n in range(200)]),
    ],
)
def test_what_would_need_more_memory_than_machines_have_is_refused_at_once(what, enlarge):
    chain = small_chain()
    if what == "relations":
        chain.nodes["Front"].update(staff=100_000)
        for n in range(200):
            chain.add_department(f"D{n}", staff=1)
    enlarge(chain)
    error = refusal(chain)
    assert what in str(error)
    assert error.value > int(error.allowed.split()[-1].replace(",", ""))


# --- values ---


def test_a_value_falls_back_from_the_place_to_the_firm_to_the_default():
    chain = small_chain(training=0.1)
    assert chain.value("training", "Front") == 0.1
    chain.nodes["Front"]["training"] = 0.05
    assert chain.value("training", "Front") == 0.05
    assert chain.value("tools", "Front") == levers.BY_NAME["tools"].default
    assert chain.value("requests_per_case", "Back", "Front") == 0.4
    assert chain.setting("slots_per_day") == 8


def test_numbers_from_numpy_and_pandas_become_plain_ones():
    chain = ServiceChain()
    chain.add_department("Front", staff=np.int64(4), tools=np.float32(0.5))
    chain.add_segment("Households", customers=np.int32(10))
    chain.add_link("Front", "Households", requests_per_case=np.float64(1))
    assert {type(value) for _, data in chain.nodes(data=True) for value in data.values()} == {str, int, float}
    json.dumps(chain.check().to_node_link())


# --- networkx ---


def test_networkx_copies_views_and_reversals_are_chains_with_the_same_content():
    chain = small_chain(name="Firm", tools=0.7)
    for other in (
        chain.copy(),
        nx.subgraph_view(chain),
        chain.reverse().reverse(),
        copy.deepcopy(chain),
        pickle.loads(pickle.dumps(chain)),
        nx.relabel_nodes(chain, {}),
        ServiceChain(chain),
        nx.compose(chain, chain),
        nx.freeze(chain.copy()),
    ):
        assert isinstance(other, ServiceChain)
        assert content(other) == content(chain)
        assert other.check().utilisation() == chain.utilisation()


def test_a_copy_is_independent_of_the_original():
    chain = small_chain()
    other = chain.copy()
    other.nodes["Front"]["staff"] = 99
    other.remove_node("Field")
    assert chain.nodes["Front"]["staff"] == 4
    assert "Field" in chain


def test_a_part_of_a_chain_knows_its_own_units_and_links():
    part = small_chain().subgraph(["Front", "Households"])
    assert (part.units, part.segments, part.links) == (["Front"], ["Households"], [("Front", "Households")])
    part.check()


def test_networkx_algorithms_work_on_a_chain():
    chain = small_chain()
    assert nx.descendants(chain, "Field") == {"Back", "Front", "Households"}
    assert nx.ancestors(chain, "Households") == {"Front", "Back", "Field"}
    assert nx.shortest_path(chain, "Field", "Households") == ["Field", "Back", "Front", "Households"]
    assert {"Back", "Field"} in list(nx.strongly_connected_components(chain))
    assert len(list(nx.simple_cycles(chain))) == 1
    assert sum(nx.pagerank(chain, weight="requests_per_case").values()) == pytest.approx(1)
    assert nx.betweenness_centrality(chain)["Back"] > 0
    assert nx.to_numpy_array(chain, weight="requests_per_case").sum() == pytest.approx(2.1)
    assert nx.maximum_flow_value(chain, "Field", "Households", capacity="requests_per_case") == pytest.approx(0.4)
    assert sorted(map(len, nx.condensation(chain).nodes("members"))) == [2, 2, 2]
    assert nx.to_undirected(chain).number_of_edges() == 3
    assert list(nx.bfs_tree(chain, "Field")) == ["Field", "Back", "Front", "Households"]
    assert len(nx.to_pandas_edgelist(chain)) == 4


def test_relabelling_keeps_everything_but_the_name():
    chain = nx.relabel_nodes(small_chain(), {"Front": "Desk"}).check()
    assert chain.nodes["Desk"]["staff"] == 4
    assert ("Back", "Desk") in chain.links


# --- other formats ---


def test_json_and_back_gives_the_same_chain():
    chain = small_chain(name="Firm", description="Two\nlines", training=0.03)
    text = json.dumps(chain.to_node_link(), allow_nan=False)
    assert content(ServiceChain.from_node_link(json.loads(text))) == content(chain)


def test_json_with_links_instead_of_edges_is_read_as_well():
    data = small_chain().to_node_link()
    data["links"] = data.pop("edges")
    assert content(ServiceChain.from_node_link(data)) == content(small_chain())


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"nodes": []},
        {"nodes": 3, "edges": []},
        {"nodes": [{}], "edges": []},
        {"nodes": [], "edges": [{"source": "A"}]},
        {"nodes": [], "edges": []},
        {"directed": False, "nodes": [{"id": "A", "kind": "department"}], "edges": []},
    ],
)
def test_what_is_no_chain_in_json_is_refused(data):
    with pytest.raises(InputError) as caught:
        ServiceChain.from_node_link(data)
    assert caught.value.place
    assert caught.value.allowed


def test_graphml_and_back_gives_the_same_chain(tmp_path):
    chain = small_chain(name="Firm", description='Ünïcode <&> "quotes"', training=0.03)
    path = tmp_path / "chain.graphml"
    chain.to_graphml(path)
    assert content(ServiceChain.from_graphml(path)) == content(chain)
    nx.write_graphml(chain, path)  # a user's own call does as well
    assert content(ServiceChain.from_graphml(path)) == content(chain)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not XML",
        "<graphml>",
        "<graphml></graphml>",
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><graphml>&d;</graphml>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected"/></graphml>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed"/></graphml>',
    ],
)
def test_what_is_no_chain_in_graphml_is_refused_with_the_name_of_the_file(tmp_path, text):
    path = tmp_path / "chain.graphml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        ServiceChain.from_graphml(path)
    assert str(path) in str(caught.value)
    assert caught.value.allowed


@pytest.mark.parametrize("name", ["missing.graphml", "."])
def test_graphml_that_cannot_be_read_is_refused_with_the_name_of_the_file(tmp_path, name):
    with pytest.raises(InputError, match=r"cannot be read|is a folder") as caught:
        ServiceChain.from_graphml(tmp_path / name)
    assert caught.value.source == str(tmp_path / name)


def test_a_graph_with_parallel_links_is_refused():
    graph = nx.MultiDiGraph(small_chain())
    graph.add_edge("Back", "Front", requests_per_case=0.1)
    with pytest.raises(InputError, match="stands twice"):
        ServiceChain.from_graph(graph)


def test_a_graph_without_directions_is_refused():
    with pytest.raises(InputError, match="no direction"):
        ServiceChain.from_graph(nx.Graph(small_chain()))


def test_a_misspelt_setting_of_a_graph_is_refused_and_not_dropped():
    graph = nx.DiGraph(small_chain())
    graph.graph["hours_per_dya"] = 7.5
    with pytest.raises(InputError, match="did you mean 'hours_per_day'"):
        ServiceChain.from_graph(graph)


# --- any valid chain survives ---

LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
NAMES = st.text(LETTERS, min_size=1, max_size=12).filter(str.strip)
TEXTS = st.text(LETTERS | st.sampled_from("\n\t"), max_size=40)


def settings_of(home, leave_out=()):
    """A few levers of this home, each anywhere in its range."""
    chosen = [one for one in levers.of(home) if one.name not in leave_out]
    return st.lists(st.sampled_from(chosen), max_size=3, unique=True).flatmap(
        lambda some: st.fixed_dictionaries(
            {one.name: st.floats(one.low, one.high) | st.integers(math.ceil(one.low), int(one.high)) for one in some}
        )
    )


@st.composite
def chains(draw):
    names = draw(st.lists(NAMES, min_size=2, max_size=8, unique=True))
    count = draw(st.integers(1, len(names) - 1))
    units, segments = names[:count], names[count:]
    chain = ServiceChain()
    chain.graph.update(draw(settings_of("firm")))
    if draw(st.booleans()):
        chain.graph.update(name=draw(NAMES), description=draw(TEXTS), currency=draw(TEXTS), hours_per_day=7.6)
    for unit in units:
        add = draw(st.sampled_from([chain.add_department, chain.add_contractor]))
        optional = {"managers": st.integers(0, 9), "working_time": st.sampled_from(SHAPES)}
        structure = st.fixed_dictionaries({"staff": st.integers(1, 10**5)}, optional=optional)
        add(unit, **draw(structure), **draw(settings_of("unit")))
    for segment in segments:
        chain.add_segment(segment, customers=draw(st.integers(0, 10**4)), **draw(settings_of("segment")))
    left_out = ("requests_per_case", "passed_on")
    for place, segment in enumerate(segments):  # somebody serves every segment
        asked = draw(st.floats(0.01, 3))
        chain.add_link(units[place % count], segment, requests_per_case=asked, **draw(settings_of("link", left_out)))
    for place, unit in enumerate(units):  # and everybody serves a segment or somebody before
        if not list(chain.successors(unit)):
            client = units[draw(st.integers(0, place - 1))]
            chain.add_link(unit, client, requests_per_case=0.1, **draw(settings_of("link", left_out)))
    for supplier, client in draw(st.lists(st.tuples(st.sampled_from(units), st.sampled_from(units)), max_size=6)):
        if supplier != client and not chain.has_edge(supplier, client):
            chain.add_link(supplier, client, requests_per_case=0.05, passed_on=draw(st.floats(0, 0.05)))
    return chain.check()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(chains())
def test_any_valid_chain_survives_toml_json_graphml_and_the_order_of_entry(chain):
    assert content(organisation.parse(organisation.dump(chain))) == content(chain)
    assert content(ServiceChain.from_node_link(json.loads(json.dumps(chain.to_node_link())))) == content(chain)
    graphml = "\n".join(nx.generate_graphml(chain)).encode()
    assert content(ServiceChain.from_graph(nx.read_graphml(io.BytesIO(graphml)))) == content(chain)
    turned = ServiceChain(**chain.graph)
    turned.add_nodes_from(reversed(list(chain.nodes(data=True))))
    turned.add_edges_from(reversed(list(chain.edges(data=True))))
    assert (turned.units, turned.segments, turned.links) == (chain.units, chain.segments, chain.links)
    assert turned.case_rates() == pytest.approx(chain.case_rates(), rel=1e-12)
    assert all(rate >= 0 for rate in chain.case_rates().values())
