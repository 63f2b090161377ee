"""What a report says, and that each of its numbers is the number in the tables."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim import report, saving
from sim import results as results_on_disk
from sim.client import provenance
from sim.errors import InputError
from sim.estimates import Estimate
from sim.report import affected, effects, firm, text
from sim.report.document import Table
from sim.weakest_link import weakest_link
from tests.report import reported


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return reported.saved(tmp_path_factory.mktemp("results") / "story")


@pytest.fixture(scope="module")
def content(results):
    return report.document(results, client="The <board>", date=datetime.date(2026, 1, 2))


def table(content, name) -> Table:
    return next(one for one in content.tables if one.name == name)


def test_a_report_has_every_section_that_a_board_needs(content):
    assert [one.key for one in content.sections] == [
        "question", "organisation", "varied", "effects", "time", "affected", "money", "points", "assumptions", "sources",
        "limits", "reproduce",
    ]  # fmt: skip
    assert ("Date", "2 January 2026") in content.facts


def test_headline_differences_are_those_of_the_comparison_table(content, results):
    comparison = results.tables["comparison"].set_index(["scenario", "measure"])
    headline = table(content, "Headline")
    assert len(headline.rows) == 2
    for row in headline.rows:
        for measure, shown in zip(effects.HEADLINE, row[1:], strict=True):
            saved = comparison.loc[(row[0], measure)]
            np.testing.assert_array_equal(
                [shown.mean, shown.low, shown.high],
                [saved["difference"], saved["difference_low"], saved["difference_high"]],
            )
    answer = " ".join(" ".join(block.items) for block in content.answer if hasattr(block, "items"))
    best = next(row for row in headline.rows if row[0].startswith("Better"))
    assert text.change("customers' satisfaction", best[1], "points") in answer
    assert "=Same: Customers' satisfaction does not change at all." in answer


def test_money_is_that_of_the_money_table(content, results):
    rows = results.tables["money"].set_index("scenario")
    for name, revenue, cost, profit, *_ in table(content, "Money").rows:
        assert [revenue.mean, cost.mean, profit.mean] == [rows.loc[name, key] for key in ("revenue", "cost", "profit")]
        assert profit.mean == pytest.approx(revenue.mean - cost.mean)


def test_what_was_varied_says_from_what_to_what_and_when(content):
    rows = {(row[0], row[1]): row[2:] for row in table(content, "Varied").rows}
    better = next(name for name, _ in rows if name.startswith("Better"))
    assert rows[better, "error rate"] == (reported.FORMULA, "0.2", 0.0, "share", "from day 0, in full after 5 days")
    assert rows[better, "internal service"][:3] == ("everywhere", "0.5", 0.9)


def test_a_story_says_what_it_shows_and_what_not(content):
    assert [row[3] for row in table(content, "Story").rows] == ["shown", "not shown here"]


def test_clear_differences_are_those_that_benjamini_and_hochberg_keep():
    chance = np.random.default_rng(1).normal(size=(12, 400))
    chance[:, :20] += 3.0
    mean, error = chance.mean(axis=0), chance.std(axis=0, ddof=1) / np.sqrt(12)
    half = stats.t.ppf(0.975, 11) * error
    frame = pd.DataFrame({
        "scenario": "A", "kind": "unit", "name": [f"u{row}" for row in range(400)], "figure": "motivation", "first": 50.0,
        "difference": mean, "difference_low": mean - half, "difference_high": mean + half,
    })  # fmt: skip
    found = affected.clear_differences(frame, 12)["clear"].to_numpy()
    p = stats.ttest_1samp(chance, 0.0).pvalue
    expected = stats.false_discovery_control(p) <= 0.05
    np.testing.assert_array_equal(found, expected)
    uncorrected = (p < 0.05)[20:].sum()
    assert found[:20].all()
    assert found[20:].sum() < uncorrected  # about 5 per cent of 380 would be found by chance alone
    assert not affected.clear_differences(frame, 1)["clear"].any()


def test_only_clear_differences_are_shown_as_affected(content, results):
    found = affected.clear_differences(results.tables["affected"], 6)
    clear = {
        (row["name"], affected.READABLE[row["kind"], row["figure"]][0]) for _, row in found[found["clear"]].iterrows()
    }
    shown = [row[:2] for one in content.tables if one.name.startswith("Affected") for row in one.rows]
    assert shown
    assert set(shown) <= clear
    assert len(table(content, "Who is affected").rows) == len(found)


def test_what_was_given_and_what_was_left_add_up_to_all_levers(content):
    from sim import levers

    rows = table(content, "Provenance").rows
    assert sum(row[1] for row in rows) == len(levers.LEVERS)
    assert all(row[1] == row[2] + row[3] and row[4] <= row[3] for row in rows)
    given = firm.set_levers(reported.chain())
    assert given["unit"] == {"hours_per_request", "error_rate"}
    assert given["firm"] == set()


def test_every_picture_says_in_numbers_what_it_shows(content):
    assert [one.name for one in content.figures] == ["chain", "differences", "unfolding"]
    for one in content.figures:
        assert one.png.startswith(b"\x89PNG")
        assert sum(letter.isdigit() for letter in one.alt) >= 5


def test_how_to_reproduce_holds_command_seeds_and_hash(content, results):
    section = content.sections[-1]
    words = " ".join(getattr(block, "text", "") for block in section.blocks)
    assert f"service-culture compare {results.folder}/manifest.json --runs 6" in words.replace("'", "")
    rows = dict(table(content, "Reproduce").rows)
    assert rows["Seeds"] == "1 to 6"
    assert rows["SHA-256 of the numbers"] == results.manifest["results"]["sha256"]


def test_a_single_run_is_told_without_any_claim(tmp_path):
    content = report.document(reported.saved(tmp_path / "one", runs=1, story=False))
    page = report.html(content)
    assert "nothing here has an interval" in page
    assert "rises by" not in page
    assert "falls by" not in page
    assert "points" not in [one.key for one in content.sections]


def test_a_comparison_without_its_tables_is_refused(tmp_path, results):
    broken = saving.Saved(results.folder, results.manifest, {"runs": results.tables["runs"]})
    with pytest.raises(InputError, match="cannot be reported"):
        report.document(broken)


def test_assumptions_are_insisted_on_only_where_they_were_looked_at(results):
    with pytest.raises(InputError, match="have not been looked at"):
        report.document(results, assumptions=True)
    section = next(one for one in report.document(results).sections if one.key == "assumptions")
    assert any("service-culture assumptions" in getattr(block, "text", "") for block in section.blocks)


def test_results_of_commands_without_a_report_of_their_own_are_shown_table_by_table(tmp_path, results):
    frame = pd.DataFrame({
        "action": ["=SUM(1)", "b"], "effect": [1.0, math.nan], "effect_low": [0.5, math.nan], "effect_high": [1.5, math.nan],
        "runs": [8, 8], "done": [True, False],
    })  # fmt: skip
    manifest = {
        **results.manifest,
        "command": "weakest-link",
        "inputs": {"runs": 8, "seed": 3, "organisation": "x.toml"},
    }
    content = report.document(
        saving.Saved(tmp_path, manifest, {"actions": frame, "long": pd.DataFrame({"a": range(50)})})
    )
    actions = table(content, "Actions")
    assert [one.kind for one in actions.columns] == ["text", "estimate", "number", "text"]
    assert actions.rows[0] == ("=SUM(1)", Estimate(1.0, 0.5, 1.5, 8), 8, "yes")
    assert len(table(content, "Long (first rows)").rows) == 20
    assert len(table(content, "Long").rows) == 50


@pytest.mark.parametrize("confirm", [3, 0])
def test_the_weakest_link_is_told_in_words_and_with_the_figures_of_its_tables(tmp_path, confirm):
    found = weakest_link(
        reported.chain(),
        only=["training", "tools", "internal_service"],
        pairs=30,
        confirm=confirm,
        runs=3,
        warm_up=10,
        days=12,
    )
    manifest = results_on_disk.manifest(
        "weakest-link", found.chain, found.tables, organisation="x.toml", where=None, lever=["training"],
        prices={"tools": 900.0}, without=[], runs=3, days=12, warm_up=10, seed=1, design=found.design, seeds=found.seeds,
    )  # fmt: skip
    content = report.document(saving.Saved(tmp_path, manifest, found.tables))
    assert content.title.endswith("where should the next CHF go?")
    steps, first = table(content, "Steps"), found.confirmed
    assert len(steps.rows) == len(first)
    for row, (_, said) in zip(steps.rows, first.iterrows(), strict=True):
        assert row[0] == said["place"]
        assert row[3] == Estimate(said["satisfaction"], said["satisfaction_low"], said["satisfaction_high"], 3)
    assert len(table(content, "Places").rows) == len(found.places)
    words = " ".join(getattr(block, "text", "") for block in content.answer)
    assert ("none was run alone" in words) == (confirm == 0)
    assert "3 paired runs" in words or confirm == 0
    commands = [block.text for block in content.blocks() if "weakest-link" in getattr(block, "text", "")]
    assert any("--lever training" in one and "--price tools=900" in one for one in commands)
    for write in (report.html, report.docx, report.xlsx):
        assert write(content)


def test_what_came_from_data_is_a_table_by_place(results, tmp_path):
    chain = provenance.with_sources(
        reported.chain(), [provenance.line(reported.HEBREW, ["error_rate", "tools"], "staff survey, 14 raters")]
    )
    chain.nodes[reported.HEBREW]["error_rate"] = 0.125
    (data,) = [block for block in firm.sources(chain).blocks if getattr(block, "name", "") == "From data"]
    assert data.rows == ((reported.HEBREW, "error rate 0.125, tools 0.6", "staff survey, 14 raters"),)
    assert not [block for block in firm.sources(reported.chain()).blocks if getattr(block, "name", "") == "From data"]


def test_daily_tables_are_shown_as_means_of_their_last_quarter(tmp_path, results):
    days = pd.DataFrame({"day": np.repeat(range(1, 41), 2), "unit": ["B", "A"] * 40, "load": np.arange(80.0)})
    manifest = {**results.manifest, "command": "run", "inputs": {"days": 40, "seed": 1, "organisation": "x.toml"}}
    tables = {"units": days, "firm": days[["day", "load"]]}
    content = report.document(saving.Saved(tmp_path, manifest, tables))
    assert table(content, "Units (means)").rows == (("A", 70.0), ("B", 69.0))
    assert table(content, "Firm (means)").rows == (("Load", 69.5),)
    assert len(table(content, "Units").rows) == 80
