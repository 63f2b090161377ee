"""The table of mechanisms, switching them off, and the figures recorded of their claims."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim import levers, mechanisms, organisation
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.mechanisms import MECHANISMS
from tests.claims.paired import run, same_run, small_firm

ROOT = Path(__file__).resolve().parents[1]
SWITCHABLE = [one.id for one in MECHANISMS if mechanisms.switch(one.id)]

every = pytest.mark.parametrize("one", MECHANISMS, ids=lambda one: one.id)


# --- the table -------------------------------------------------------------------------------------------------------


def test_the_table_holds_every_mechanism_once_and_in_order():
    sizes = {"A": 5, "B": 7, "C": 6, "D": 7, "E": 9, "F": 5}
    assert [one.id for one in MECHANISMS] == [f"{group}{n + 1}" for group, size in sizes.items() for n in range(size)]
    assert len({one.name for one in MECHANISMS}) == len(MECHANISMS)


def test_every_lever_belongs_to_a_mechanism_of_the_table():
    assert {one.mechanism for one in levers.LEVERS} <= set(mechanisms.BY_ID)


@every
def test_a_mechanism_says_in_sentences_what_it_means_and_what_it_claims(one):
    for text in (one.meaning, one.claim):
        assert text.endswith(".")
        assert text[0].isupper()
    assert one.name == one.name.strip()
    assert len(one.name) < 40


@every
def test_the_rules_of_a_mechanism_are_there_and_documented(one):
    for place in one.rules:
        file, name = mechanisms.source_of(place)
        assert file is not None, f"{one.id}: there is no {place}"
        assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))), f"{place} has no docstring"
        found = [rule for rule in mechanisms.rules_of(one.id) if place in (rule.module, f"{rule.module}.{rule.name}")]
        assert found, f"{one.id}: {place} holds no {name or 'rule'}"
        assert all(rule.text for rule in found)


@pytest.mark.parametrize("id_", SWITCHABLE)
def test_a_mechanism_that_can_be_switched_off_has_a_test_of_its_claim(id_):
    assert list(ROOT.glob(mechanisms.find(id_).claim_test)), f"there is no {mechanisms.find(id_).claim_test}"


@every
def test_what_cannot_be_switched_off_says_why_or_has_no_lever_yet(one):
    assert bool(one.always) <= (one.id not in SWITCHABLE)
    assert bool(one.always) or one.id in SWITCHABLE or not mechanisms.levers_of(one.id)


def test_a_mechanism_is_found_in_upper_and_lower_case():
    assert mechanisms.find("b2") is mechanisms.find(" B2 ") is mechanisms.BY_ID["B2"]


@pytest.mark.parametrize(
    ("wrong", "hint"), [("motivaton", "did you mean B2, motivation?"), ("B22", "did you mean 'B2'?"), ("", "allowed")]
)
def test_an_unknown_mechanism_is_refused_with_what_there_is(wrong, hint):
    with pytest.raises(InputError) as caught:
        mechanisms.find(wrong, place="--without")
    for part in ("--without: there is no such mechanism", repr(wrong), "one of A1, A2", "F5", hint):
        assert part in str(caught.value)


def test_the_levers_of_a_mechanism_are_those_of_the_table_of_levers():
    assert "rush_share" in {one.name for one in mechanisms.levers_of("a5")}
    assert mechanisms.levers_of("F4") == ()
    assert sum(len(mechanisms.levers_of(one.id)) for one in MECHANISMS) == len(levers.LEVERS)


# --- on and off ------------------------------------------------------------------------------------------------------


def local_firm() -> ServiceChain:
    """Return a firm in which B1, A5, A3 and E7 are off for the firm and on at one place each."""
    chain = small_firm(customers=60, **levers.neutral_values("B1", "A5", "A3", "E7"))
    chain.nodes["Middle"]["training"] = 0.1
    chain.nodes["Customers"]["churn"] = 0.3
    chain.edges["Back", "Middle"]["dependence"] = 0.4
    return chain.check()


def test_a_mechanism_is_on_where_any_of_its_levers_differs_from_neutral_at_any_place():
    chain = local_firm()
    assert [id_ for id_ in ("A3", "A5", "B1", "E7") if mechanisms.is_on(chain, id_)] == ["A3", "B1", "E7"]
    assert mechanisms.is_on(chain, "B2")  # by its defaults alone
    del chain.nodes["Middle"]["training"]
    assert not mechanisms.is_on(chain, "B1")


@pytest.mark.parametrize("id_", SWITCHABLE)
@pytest.mark.parametrize("name", ["energy_distributor", "retailer", "software_firm"])
def test_without_a_mechanism_it_is_off_and_everything_else_is_as_it_was(name, id_):
    chain = organisation.load(name)
    before = chain.to_node_link()
    less = mechanisms.without(chain, [id_.lower()])
    assert not mechanisms.is_on(less, id_)
    assert chain.to_node_link() == before
    for other in SWITCHABLE:
        if other != id_:
            assert mechanisms.is_on(less, other) == mechanisms.is_on(chain, other)
    assert mechanisms.without(less, [id_]).to_node_link() == less.to_node_link()


def test_what_nodes_and_links_say_goes_too():
    less = mechanisms.without(local_firm(), ["B1,e7", "A3"])
    assert "training" not in less.nodes["Middle"]
    assert "churn" not in less.nodes["Customers"]
    assert "dependence" not in less.edges["Back", "Middle"]
    assert (less.graph["training"], less.graph["churn"], less.graph["dependence"]) == (0, 0, 0)


def test_nothing_left_out_is_the_organisation_itself():
    chain = local_firm()
    assert mechanisms.without(chain, []) is chain


def test_a_run_without_a_mechanism_is_that_of_a_firm_that_never_had_it():
    never = small_firm(customers=60, **levers.neutral_values("B1", "A5", "A3", "E7"))
    assert same_run(run(mechanisms.without(local_firm(), ["B1", "E7", "A3"]), 3, 40), run(never, 3, 40))
    assert not same_run(run(local_firm(), 3, 40), run(never, 3, 40))


@pytest.mark.parametrize("id_", ["F2", "f4"])
def test_what_has_no_off_is_refused_with_the_reason(id_):
    with pytest.raises(InputError) as caught:
        mechanisms.without(small_firm(), ["B1", id_])
    for part in (f"--without: {id_.upper()}", "cannot be switched off", "A5", mechanisms.find(id_).always):
        assert part in str(caught.value)


def test_an_organisation_that_makes_no_sense_without_a_mechanism_is_refused():
    chain = small_firm()
    chain.add_department("Specialists", staff=2)
    chain.add_link("Specialists", "Front", requests_per_case=0, passed_on=0.2)
    with pytest.raises(InputError) as caught:
        mechanisms.without(chain.check(), ["A1"])
    for part in ("without A1, nobody ever asks this unit", "Specialists"):
        assert part in str(caught.value)


def test_moving_a_lever_of_a_mechanism_that_is_off_is_refused():
    mechanisms.check_pulled(["pay", "training"], ["A5"], place="--set")
    with pytest.raises(InputError) as caught:
        mechanisms.check_pulled(["pay", "newcomer-knowledge"], ["A5", "B1"], place="--set")
    for part in ("--set: newcomer_knowledge belongs to B1, knowledge, which is switched off", "leave B1 out"):
        assert part in str(caught.value)


def test_a_lever_is_set_everywhere_only_within_its_range():
    with pytest.raises(InputError, match="model parameter training"):
        small_firm().everywhere({"training": 2.0}, place="model parameter")
    with pytest.raises(InputError, match="did you mean 'training'"):
        small_firm().everywhere({"trainig": 0.1})


# --- what was measured -----------------------------------------------------------------------------------------------


def test_recorded_figures_belong_to_mechanisms_with_a_test_of_their_claim():
    known = mechanisms.recorded()
    assert list(known) == sorted(known)
    for id_, entries in known.items():
        assert list(ROOT.glob(mechanisms.find(id_).claim_test))
        assert len({one["what"] for one in entries}) == len(entries)
        assert len(mechanisms.measured(id_)) == len(entries)


def test_a_recorded_figure_is_shown_with_its_interval():
    for figure in mechanisms.measured("B2"):
        assert re.fullmatch(r"\S+ \[\S+, \S+\]", figure.text()), figure
        assert int(figure.runs) > 1
    assert mechanisms.measured("F2") == []


def test_a_figure_that_is_no_estimate_is_shown_as_what_it_is():
    assert mechanisms.Measured("what", "to the last bit").text() == "to the last bit"
    nan = float("nan")
    assert mechanisms.Measured("what", mechanisms.Estimate(0.684652, nan, nan, 0)).text() == "0.6847"
    assert mechanisms.Measured("what", mechanisms.Estimate(nan, nan, nan, 6)).text() == "not measurable"


CLAIM = """
import pytest
from sim.estimates import Estimate

@pytest.mark.parametrize("size", [1, 2])
def test_it_works(measured, size):
    measured(f"effect of {size}", Estimate(SIZE * size, SIZE * size - 0.1, SIZE * size + 0.1, 12))

def test_it_works_otherwise(measured):
    measured("share", 0.25)
    measured("how", "to the last bit")
    measured("none", Estimate(float("nan"), float("nan"), float("nan"), 3))
"""
BOOK = """
import json
from pathlib import Path
from sim import mechanisms
from tests import recording
recording.FILE = Path(__file__).with_name("measured.json")
mechanisms.recorded = lambda: json.loads(recording.FILE.read_text())
"""


@pytest.fixture
def claim(tmp_path):
    """A claim test of its own with its own book of figures: write it with a size, run it with options."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(BOOK)
    (tmp_path / "measured.json").write_text('{"A1": [{"what": "another", "text": "stays"}]}')

    def go(*options, size=1.0, text=CLAIM):
        file = tmp_path / "test_b2_made_up.py"
        file.write_text(text.replace("SIZE", str(size)))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c",
             str(tmp_path / "pytest.ini"), str(file), *options],
            cwd=ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout, json.loads((tmp_path / "measured.json").read_text())

    return go


def test_a_figure_has_to_be_recorded_and_stay_what_it_was(claim):
    code, said, _ = claim()
    assert code == 1
    assert "B2: effect of 2\n    recorded: nothing\n    measured: 2.0 [1.9, 2.1], n = 12" in said
    assert "pytest tests/claims --record" in said
    assert "CHANGELOG" in said

    code, said, book = claim("--record", "-n", "2")
    assert code == 0, said
    assert [one["what"] for one in book["B2"]] == ["effect of 1", "effect of 2", "share", "how", "none"]
    assert book["B2"][0] == {"what": "effect of 1", "mean": 1.0, "low": 0.9, "high": 1.1, "n": 12}
    assert book["B2"][4] == {"what": "none", "mean": None, "low": None, "high": None, "n": 3}
    assert book["A1"] == [{"what": "another", "text": "stays"}]

    assert claim("-n", "2")[0] == 0
    assert claim(size=1 + 1e-8)[0] == 0  # the last bits may differ between processors
    code, said, _ = claim(size=1.001)
    assert code == 1
    assert "recorded: 1.0 [0.9, 1.1], n = 12\n    measured: 1.001 [0.901, 1.101], n = 12" in said


def test_recording_a_part_of_the_tests_keeps_the_figures_of_the_others(claim):
    claim("--record")
    _, _, book = claim("--record", "-k", "not otherwise", size=3.0)
    assert [(one["what"], one.get("mean")) for one in book["B2"]] == [
        ("effect of 1", 3.0), ("effect of 2", 6.0), ("share", 0.25), ("how", None), ("none", None),
    ]  # fmt: skip
    failing = CLAIM.replace('"share", 0.25)', '"share", 0.25)\n    raise AssertionError')
    _, _, book = claim("--record", size=5.0, text=failing)
    assert [one["what"] for one in book["B2"]] == ["effect of 1", "effect of 2", "share", "how", "none"]
    assert book["B2"][0]["mean"] == 5.0


def test_recording_all_of_a_claim_forgets_figures_that_nothing_measures_any_more(claim):
    claim("--record")
    _, _, book = claim("--record", text=CLAIM.replace('measured("how"', 'print("how"'))
    assert "how" not in [one["what"] for one in book["B2"]]


def test_two_figures_in_the_same_words_are_not_recorded(claim):
    code, said, book = claim("--record", text=CLAIM.replace("effect of {size}", "effect"))
    assert code == 1
    assert "nothing was recorded: two figures of B2 bear the same words: 'effect'" in said
    assert "B2" not in book
