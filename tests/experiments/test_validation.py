"""Verdicts are mechanical; pages say what the tables say; a user's own findings are read with care."""

import math

import numpy as np
import pandas as pd
import pytest

from experiments.validation import own, page, rows, shown
from experiments.validation.finding import Check, Effort, Finding, Published, Result
from experiments.validation.run import validate
from sim.errors import InputError
from sim.estimates import Estimate


def check(mean, low, high, published=(0.2, 0.4), **more):
    return Check("figure", Published("ρ = .3", *published, "range given"), Estimate(mean, low, high, 9), 9, 9, **more)


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (check(0.3, 0.25, 0.35), "inside"),
        (check(0.3, -0.1, 0.7), "outside"),  # in the range, but it may as well be nothing
        (check(0.6, 0.5, 0.7), "direction only"),
        (check(0.1, 0.05, 0.15), "direction only"),
        (check(-0.3, -0.4, -0.2), "outside"),
        (check(-0.3, -0.4, -0.2, (-0.4, -0.2), rises=False), "inside"),
        (check(1.3, 1.1, 1.5, (1.2, 1.5), null=1.0), "inside"),
        (check(1.3, 0.9, 1.7, (1.2, 1.5), null=1.0), "outside"),
        (check(5.0, 4.0, 6.0, (0.0, math.inf)), "inside"),
        (check(0.3, math.nan, math.nan), "outside"),
        (check(math.nan, math.nan, math.nan), "outside"),
        (check(0.3, 0.25, 0.35, null=-math.inf), "inside"),
        (check(0.3, 0.0, 0.6, null=-math.inf), "outside"),  # a level known too badly
        (check(0.5, 0.45, 0.55, null=-math.inf), "outside"),
    ],
)
def test_a_verdict_needs_the_right_side_beyond_doubt_and_the_size(one, verdict):
    assert one.verdict == verdict


def test_a_range_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="ends"):
        Published("?", 0.4, 0.2, "")


def test_effort_scales_numbers_and_base_seeds_share_nothing():
    assert (Effort().of(12), Effort(0.1).of(12), Effort(0.1).of(100)) == (12, 3, 10)
    assert not set(Effort(seed=1).seeds(500)) & set(Effort(seed=2).seeds(500))


def made_up(name="X1", verdicts=((0.3, 0.25, 0.35), (0.9, 0.8, 1.0))):
    def run(effort):
        checks = [
            Check(f"figure {number}", Published("0.3", 0.2, 0.4, "range given"), Estimate(*one, 9), 9, 90,
                  reason="too | strong", sets="a lever" if number == 2 else "")
            for number, one in enumerate(verdicts)
        ]  # fmt: skip
        return Result(
            checks, {"raw": pd.DataFrame({"x": [effort.seed]})}, lambda figure: figure.add_subplot().plot([0, 1])
        )

    return Finding(name, "Something was found", "Somebody 1999, doi:10/xyz", "read", "A thing is done.", run)


def test_a_validation_counts_verdicts_and_what_sets_a_parameter_is_no_evidence():
    found = validate([made_up(verdicts=((0.3, 0.25, 0.35), (0.9, 0.8, 1.0), (0.3, 0.25, 0.35)))])
    assert found.count() == {"inside": 1, "direction only": 1, "outside": 0}
    assert found.count(only_checks=False) == {"inside": 2, "direction only": 1, "outside": 0}
    table = found.table()
    assert list(table["verdict"]) == ["inside", "direction only", "inside"]
    assert list(table["reason"]) == ["", "too | strong", ""]
    assert "1 lie inside" in shown.summary(table)
    assert "1 more set a parameter" in shown.summary(table)
    assert list(found.tables()) == ["x1-raw"]


def test_pages_can_be_made_again_from_the_tables_alone(tmp_path):
    found = validate([made_up("X1"), made_up("X2")])
    checks, findings = found.table(), page.findings_table(found)
    pictures = page.draw(found, tmp_path)
    text = page.text(checks, findings, pictures)
    checks.to_csv(tmp_path / "checks.csv", index=False, float_format="%.12g")
    findings.to_csv(tmp_path / "findings.csv", index=False)
    again = page.text(*(page.read(tmp_path / f"{name}.csv") for name in ("checks", "findings")), pictures)
    assert again == text
    assert {"X1.png", "X2.png", "overview.png"} == {path.name for path in tmp_path.glob("*.png")}
    assert "too \\| strong" not in text.split("verdict |")[0]
    assert "0.90 [0.80, 1.00]" in text
    assert "direction only: too | strong." in text


def test_findings_are_found_by_their_ids_and_misspelt_ones_are_said():
    known = [made_up("V1"), made_up("V12")]
    assert [one.id for one in rows.chosen(["v12,V1"], known)] == ["V12", "V1"]
    assert len(rows.chosen([], known)) == 2
    with pytest.raises(InputError, match="no such finding"):
        rows.chosen(["V99"], known)


def test_all_published_rows_are_there_once_each_with_a_source_and_an_experiment():
    found = rows.findings()
    names = [one.id for one in found]
    assert [f"V{number}" for number in range(1, 18)] == [name for name in names if name.startswith("V")]
    assert len(set(names)) == len(names)
    for one in found:
        assert len(one.claim) > 20, one.id
        assert len(one.source) > 15, one.id
        assert len(one.experiment) > 60, one.id


# --- findings of one's own ---------------------------------------------------------------------------------------------

HEAD = "format = 1\n[[findings]]\n"
EFFECT = HEAD + (
    'id = "L1"\nclaim = "Training pays"\nkind = "effect"\norganisation = "retailer"\n'
    'change = ["training=0.1"]\nmeasure = "external_satisfaction"\ndays = 20\nseeds = 3\n'
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("= 3", "not TOML"),
        ("[[findings]]\n", "format = 1"),
        ("format = 1\n", "missing"),
        (HEAD + 'id = "L1"\n', "missing"),
        (EFFECT + "published = 1.0\nmesure = 3\n", "no such key"),
        (EFFECT, "no figure"),
        (EFFECT + 'sign = "up"\n', "no figure"),
        (EFFECT + 'sign = "+"\npublished = 2\n', "cannot be used|sign already"),
        (EFFECT + "range = [3.0, 1.0]\n", "no range"),
        (EFFECT + "published = 5.0\nrange = [1.0, 3.0]\n", "outside its range"),
        (EFFECT + "published = 0.0\n", "range"),
        (EFFECT.replace("retailer", "retailler") + "published = 1.0\n", "no such organisation"),
        (EFFECT.replace('"effect"', '"efect"') + "published = 1.0\n", "effect"),
        (EFFECT.replace("training=0.1", "traning=0.1") + "published = 1.0\n", "training"),
        (EFFECT.replace("external_satisfaction", "happiness") + "published = 1.0\n", "no such measure"),
        (EFFECT + 'as = "slope"\npublished = 1.0\n', "per"),
        (EFFECT + 'of = ["a", "b"]\npublished = 1.0\n', "no use"),
        (EFFECT + 'published = 1.0\n[[findings]]\nid = "l1"\nclaim = "again"\nkind = "level"\n', "id"),
        (EFFECT.replace("seeds = 3", "seeds = 1") + "published = 1.0\n", "seeds"),
        (HEAD + 'id = "L1"\nclaim = "c"\nkind = "correlation"\nof = ["quits"]\npublished = 0.3\n', "two different"),
        (HEAD + 'id = "L1"\nclaim = "c"\nkind = "level"\nmeasure = "retention"\npublished = nan\n', "number"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_of_findings_is_said_with_its_place(text, said):
    with pytest.raises(InputError, match=f"(?s){said}") as error:
        own.parse(text, source="mine.toml")
    assert "mine.toml" in str(error.value)


def test_an_effect_of_ones_own_is_a_paired_difference():
    (one,) = own.parse(EFFECT + "published = 0.5\n")
    (first,) = one.run(Effort(threads=1)).checks
    (again,) = one.run(Effort(threads=2)).checks
    assert first.simulated == again.simulated
    assert first.seeds == 3
    nothing = EFFECT.replace("training=0.1", "training=0.1").replace(
        "change =", 'instead_of = ["training=0.1"]\nchange ='
    )
    (same,) = own.parse(nothing + 'sign = "+"\n')
    (found,) = same.run(Effort()).checks
    assert (found.simulated.mean, found.verdict) == (0.0, "outside")


def test_a_level_of_ones_own_is_inside_or_outside():
    text = HEAD + (
        'id = "L1"\nclaim = "c"\nkind = "level"\nmeasure = "retention"\norganisation = "retailer"\ndays = 20\nseeds = 3\n'
    )
    (one,) = own.parse(text + "range = [0.0, 100.0]\n")
    (other,) = own.parse(text + "range = [100.1, 200.0]\n")
    assert one.run(Effort()).checks[0].verdict == "inside"
    assert other.run(Effort()).checks[0].verdict == "outside"


def test_the_interval_of_a_slope_covers_as_often_as_it_says():
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(1000):
        bottom = random.normal(2, 1.5, 12)
        top = 0.5 * bottom + random.normal(0, 0.5, 12)
        found = own._ratio(top, bottom)
        covered += found.low <= 0.5 <= found.high
    assert 0.93 < covered / 1000 < 0.97
