"""Sweep files: what is written is what is read, and mistakes are told with their place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.sweeps.design import Design
from experiments.sweeps.file import WHO_ASKS_WHOM, Sweep, parse, read
from experiments.sweeps.space import Factor, Space, lever_factor, luck
from sim import levers, organisation
from sim.chain import ServiceChain
from sim.errors import InputError

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "sweep_file.md"
EVERYDAY = settings(deadline=None, derandomize=True, max_examples=12, suppress_health_check=list(HealthCheck))

SMALL = """
format = 1
organisation = "firm.toml"
[design]
method = "sobol"
samples = 16
[[levers]]
lever = "training"
where = "IT"
from = 0
to = 0.1
"""


def small_firm():
    chain = ServiceChain()
    chain.add_department("Shop", staff=4, hours_per_request=0.5)
    chain.add_department("IT", staff=3, hours_per_request=0.5)
    chain.add_segment("Buyers", customers=600, needs_per_year=15)
    chain.add_link("Shop", "Buyers")
    chain.add_link("IT", "Shop", requests_per_case=0.8)
    return chain.check()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "firm.toml").write_text(organisation.dump(small_firm()), encoding="utf-8")
    pd.DataFrame({"training@IT": [0.0, 0.1, 0.05]}).to_csv(folder / "points.csv", index=False)
    pd.DataFrame({"training@IT": [0.0, 0.9]}).to_csv(folder / "wrong.csv", index=False)
    return folder


def sweep(text, folder):
    path = folder / "sweep.toml"
    path.write_text(text, encoding="utf-8")
    return read(path)


# --- reading and writing ---------------------------------------------------------------------------------------------


def test_a_short_file_says_the_rest_by_defaults(folder):
    found = sweep(SMALL, folder)
    assert found.space.factors == (Factor("training@IT", "lever", 0, 0.1),)
    assert (found.warm_up, found.days, found.window, found.seed, found.replicates) == (250, 250, 62, 1, 1)
    assert (found.seeds, found.outputs, found.series_measures) == ("common", (), ())
    assert found.design == Design("sobol", 16)
    assert found.chain.units == ["IT", "Shop"]


def test_the_whole_example_of_the_documentation_is_read_as_it_says():
    (text,) = re.findall(r"```toml\n(format = 1.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    found = parse(text)
    assert found.space.names == ["training@IT", "openness", "word_of_mouth", "contagion", "luck"]
    assert [one.kind for one in found.space.factors] == ["lever", "lever", "uncertainty", "uncertainty", "luck"]
    assert found.design.method == "sobol"
    assert found.without == ("E9",)
    assert found.series_every == 5
    assert found.space.constraints == ("`training@IT` + openness <= 1",)
    assert parse(found.to_toml()) == found


def test_the_program_of_the_documentation_runs(capsys):
    (program,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    exec(program, {})
    assert capsys.readouterr().out.startswith("512 ")


@st.composite
def sweeps(draw):
    chain = small_firm()
    factors = []
    for kind in ("lever", "uncertainty"):
        for one in draw(st.lists(st.sampled_from(SAFE), max_size=3, unique=True)):
            where = draw(st.sampled_from(["", *PARTS[levers.lever(one).home]]))
            if any(other.name == one + where for other in factors):
                continue
            ends = sorted(
                draw(st.lists(st.floats(0.01, 0.4), min_size=2, max_size=4, unique_by=lambda end: round(end, 3)))
            )
            if draw(st.booleans()):
                factors.append(lever_factor(chain, one + where, kind=kind, values=ends))
            else:
                scale = draw(st.sampled_from(["linear", "log"]))
                factors.append(lever_factor(chain, one + where, ends[0], ends[-1], kind=kind, scale=scale))
    if not factors or draw(st.booleans()):
        factors.append(luck())
    constraints = tuple(f"`{one.name}` <= {one.high!r}" for one in factors[:1])
    method = draw(st.sampled_from(["grid", "lhs", "sobol", "morris", "saltelli", "table"]))
    if method in ("morris", "saltelli"):
        constraints = ()
    space = Space(tuple(factors), constraints)
    design = Design(
        method, 0 if method in ("grid", "table") else draw(st.integers(1, 50)), draw(st.integers(0, 2**62)),
        {space.names[0]: 3} if method == "grid" else 4, draw(st.booleans()), None,
        Design("lhs", 3).sample(space) if method == "table" else None,
    )  # fmt: skip
    days = draw(st.integers(4, 100))
    return Sweep(
        chain, space, design, draw(st.integers(0, 100)), days, draw(st.one_of(st.none(), st.integers(1, days))),
        draw(st.integers(0, 2**62)), draw(st.integers(1, 100)), draw(st.sampled_from(["common", "independent"])),
        draw(st.sampled_from([(), ("E9",), ("C1", "E8")])), draw(st.sampled_from([(), ("customers", "profit")])),
        draw(st.sampled_from([(), ("strain",)])), 1,
    )  # fmt: skip


SAFE = ["training", "openness", "goodwill", "contagion", "complain_share"]
PARTS = {"firm": [], "unit": ["@IT", "@Shop"], "segment": ["@Buyers"], "link": ["@IT:Shop", "@Buyers", "@Shop"]}


@EVERYDAY
@given(sweeps())
def test_a_sweep_that_is_written_and_read_is_the_same(one):
    again = parse(one.to_toml())
    assert again == one
    assert again.design.sample(again.space).equals(one.design.sample(one.space))
    assert Sweep.from_dict(json.loads(json.dumps(one.to_dict()))) == one
    assert hash(again) == hash(one)


def test_a_table_of_points_comes_from_a_file_beside_or_stands_in_the_sweep(folder):
    beside = sweep(SMALL.replace('"sobol"\nsamples = 16', '"table"\npoints = "points.csv"'), folder)
    assert beside.design.sample(beside.space)["training@IT"].tolist() == [0.0, 0.1, 0.05]
    inside = sweep(
        SMALL.replace('"sobol"\nsamples = 16', '"table"\n[design.points]\n"training@IT" = [0, 0.1, 0.05]'), folder
    )
    assert inside == beside


def test_a_name_may_say_the_part_of_the_firm_itself(folder):
    assert sweep(SMALL.replace('"training"\nwhere = "IT"', '"training@IT"'), folder) == sweep(SMALL, folder)


def test_units_and_meanings_of_ones_own_are_kept(folder):
    found = sweep(SMALL + 'meaning = "hours in the class room"\n', folder)
    assert found.space.factors[0].meaning == "hours in the class room"
    assert parse(found.to_toml()) == found


def test_factors_that_a_file_cannot_hold_are_not_written_in_another_order():
    chain = small_firm()
    uncertain = lever_factor(chain, "openness", kind="uncertainty")
    one = Sweep(chain, Space((luck(), uncertain)), Design("lhs", 4))
    with pytest.raises(InputError, match="levers first"):
        one.to_toml()


def test_mechanisms_that_are_left_out_are_left_out_of_the_firm():
    one = Sweep(small_firm(), Space((luck(),)), Design("lhs", 4), without=("E9",))
    assert one.firm.value("market_pull") == 0
    assert one.chain.value("market_pull") != 0


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "", "format"),
        ("format = 1", "format = [", "not TOML"),
        ("organisation", "organization", "did you mean 'organisation'"),
        ('"firm.toml"', "3", "no organisation"),
        ('"firm.toml"', '"frm.toml"', "frm.toml"),
        ("[design]", "[desing]", "did you mean 'design'"),
        ("samples", "sample", "did you mean 'samples'"),
        ("= 16", '= "16"', r"design\.samples(.|\n)*whole number, without quotes"),
        ('"sobol"', '"sobel"', "did you mean 'sobol'"),
        ('"sobol"', '"table"', "table is missing"),
        ("samples = 16", "samples = 16\nlevels = 1", "levels"),
        ("samples = 16", 'samples = 16\npoints = "points.csv"', "makes its own points"),
        ('"sobol"\nsamples = 16', '"table"\npoints = "wrong.csv"', r"wrong\.csv: row 2, column training@IT"),
        ('"sobol"\nsamples = 16', '"table"\npoints = "none.csv"', r"none\.csv"),
        ('"sobol"\nsamples = 16', '"table"\npoints = 3', "no table of points"),
        ('"sobol"\nsamples = 16', '"table"\npoints = {a = [1], b = [1, 2]}', "not of one length"),
        ("[[levers]]", "[levers]", r"double brackets"),
        ("[[levers]]", "[[lever]]", "did you mean 'levers'"),
        ('"training"', '"trainig"', r"levers\[0\](.|\n)*did you mean 'training'"),
        ('"IT"', '"It"', r"levers\[0\](.|\n)*did you mean 'IT'"),
        ("to = 0.1", "to = 0.9", r"levers\[0\](.|\n)*0 to 0\.5"),
        ("to = 0.1", "to = -0.1", r"levers\[0\](.|\n)*empty"),
        ("to = 0.1", 'to = "0.1"', r"levers\[0\]\.to(.|\n)*without quotes"),
        ("to = 0.1", "too = 0.1", "did you mean 'to'"),
        ("to = 0.1", "to = 0.1\nvalues = [0.1, 0.2]", "too much"),
        ("to = 0.1", 'to = 0.1\nscale = "log"', "no place for 0"),
        ("to = 0.1", 'to = 0.1\nscale = "lag"', "did you mean 'log'"),
        ("to = 0.1", 'to = 0.1\n[[uncertainties]]\nlever = "training@IT"', "stands twice"),
        ("to = 0.1", 'to = 0.1\n[[uncertainties]]\nlever = "gatherings"', r"uncertainties\[0\](.|\n)*no range"),
        ("to = 0.1", 'to = 0.1\n[series]\nmeasures = ["strian"]', r"series\.measures(.|\n)*did you mean 'strain'"),
        ("to = 0.1", 'to = 0.1\n[series]\nmeasures = ["strain"]\nevery = 0', r"series\.every"),
        ("format = 1", 'format = 1\noutputs = ["profits"]', "did you mean 'profit'"),
        ("format = 1", 'format = 1\nwithout = ["B1"]', r"levers\[0\](.|\n)*B1(.|\n)*switched off"),
        ("format = 1", 'format = 1\nwithout = "B1"', "in square brackets"),
        ("format = 1", 'format = 1\nwithout = ["F2"]', "cannot be switched off"),
        ("format = 1", 'format = 1\nseeds = "comon"', "did you mean 'common'"),
        ("format = 1", "format = 1\nluck = 1", "true or false"),
        ("format = 1", "format = 1\ndays = 3", "4 to 100,000"),
        ("format = 1", "format = 1\nwindow = 300", "1 to 250"),
        ("format = 1", "format = 1\nreplicates = 0", "replicates"),
        ("format = 1", "format = 1\nseed = -1", "seed"),
        ("format = 1", 'format = 1\nconstraints = ["training <= 0.1"]', "did you mean 'training@IT'"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_file_and_place(folder, old, new, message):
    with pytest.raises(InputError, match=message) as caught:
        sweep(SMALL.replace(old, new, 1), folder)
    if "frm.toml" not in new:  # the organisation's own error names what was looked for
        assert str(caught.value).startswith(str(folder))


def test_saltelli_with_constraints_is_refused_when_the_file_is_read(folder):
    text = SMALL.replace('"sobol"', '"saltelli"').replace(
        "format = 1", 'format = 1\nconstraints = ["`training@IT` < 0.1"]'
    )
    with pytest.raises(InputError, match="saltelli cannot leave points out"):
        sweep(text, folder)


def test_nothing_to_vary_is_refused(folder):
    with pytest.raises(InputError, match="nothing to vary"):
        sweep(SMALL[: SMALL.index("[[levers]]")], folder)


def test_an_uncertainty_that_would_make_the_firm_impossible_is_refused_before_anything_runs():
    chain = small_firm()
    chain.add_link("Shop", "IT", requests_per_case=0.5)
    chain.check()
    one = lever_factor(chain, "requests_per_case@IT:Shop", 0.5, 4.0, kind="uncertainty")
    with pytest.raises(InputError, match=r"with requests_per_case@IT:Shop at 4(.|\n)*narrow the range"):
        Sweep(chain, Space((one,)), Design("lhs", 4))


@pytest.mark.parametrize(
    "one", [one for one in levers.LEVERS if one.name not in WHO_ASKS_WHOM], ids=lambda one: one.name
)
def test_no_other_lever_makes_a_firm_impossible(one):
    for end in (one.low, one.high):
        assert small_firm().everywhere({one.name: end})
