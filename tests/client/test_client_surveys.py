"""Surveys: how they are read, what they set, and that nothing shows a group below the minimum."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_client import answers, staff_survey, twelve_departments, write_csv

from sim import client, organisation, sheets
from sim.chain import ServiceChain
from sim.client import provenance, report, setting
from sim.client.groups import Group, customer_figures, put_together, staff_figures
from sim.client.scale import guess
from sim.client.surveys import read_customers, read_staff
from sim.errors import InputError
from sim.model import ServiceModel


def firm() -> ServiceChain:
    """Four departments, of which three are served by Research & Development; one segment."""
    chain = ServiceChain(name="Firm")
    for name in ("Sales", "IT", "Research & Development", "Human Resources"):
        chain.add_department(name, staff=6, hours_per_request=0.5)
    chain.add_segment("Buyers", customers=200, needs_per_year=10)
    chain.add_link("Sales", "Buyers")
    for client_ in ("Sales", "IT", "Human Resources"):
        chain.add_link("Research & Development", client_, requests_per_case=0.1)
    chain.add_link("IT", "Sales", requests_per_case=0.2)
    chain.add_link("Human Resources", "Sales", requests_per_case=0.05)
    return chain.check()


LONG = ("Rater", "Rated", "Score")


def long(tmp_path, rows, header=LONG, name="staff.csv", separator=","):
    return write_csv(tmp_path / name, header, rows, separator)


def means(survey) -> dict:
    return {pair: (round(group.mean, 6), group.size) for pair, group in survey.groups.items()}


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_row_an_answer_is_read_with_names_however_they_are_written(tmp_path):
    path = long(tmp_path, [("sales", "it", 4), (" Sales Department", "I.T.", 2), ("Sales", "R&D", "n/a")][:2])
    assert means(read_staff(path, firm())) == {("IT", "Sales"): (0.5, 2)}
    path = long(tmp_path, [("HUMAN  RESOURCES", "research and development", 5)])
    assert means(read_staff(path, firm())) == {("Research & Development", "Human Resources"): (1.0, 1)}


def test_a_row_a_respondent_is_read_with_a_column_for_each_rated_department(tmp_path):
    header = (
        "ID",
        "Your department",
        "How satisfied are you with IT?",
        "Human Resources",
        "Research & Development",
        "Comments",
    )
    path = long(
        tmp_path, [("a", "Sales", 5, 3, "no contact", "IT is run by an idiot"), ("b", "Sales", 4, "", 1, "x")], header
    )
    assert means(read_staff(path, firm())) == {
        ("IT", "Sales"): (0.875, 2), ("Human Resources", "Sales"): (0.5, 1), ("Research & Development", "Sales"): (0.0, 1),
    }  # fmt: skip


def test_the_five_dimensions_are_put_together_with_the_weights_of_the_link(tmp_path):
    chain = firm()
    chain.edges["IT", "Sales"].update({f"weight_{name}": 0.0 for name in ("responsiveness", "assurance", "tangibles")})
    chain.edges["IT", "Sales"].update(weight_reliability=3.0, weight_empathy=1.0)
    header = (
        "Rater",
        "Rated",
        "Q1 Reliability",
        "Q2 reliability",
        "Responsiveness",
        "Assurance",
        "Empathy",
        "Tangibles",
    )
    path = long(tmp_path, [("Sales", "IT", 5, 3, 1, 1, 1, 1)], header)
    assert means(read_staff(path, chain)) == {("IT", "Sales"): (0.75 * 0.75, 1)}


def test_columns_are_named_where_the_guess_is_wrong(tmp_path):
    path = long(tmp_path, [("Sales", "IT", 4, 9), ("Sales", "IT", 2, 9)], ("Team", "Whom", "Points", "Shoe size"))
    with pytest.raises(InputError, match="--column rated=COLUMN"):
        read_staff(path, firm())
    overrides = client.overrides_of(["rater=Team", "rated=whom", "score=Points"])
    assert means(read_staff(path, firm(), overrides=overrides)) == {("IT", "Sales"): (0.5, 2)}
    with pytest.raises(InputError, match="did you mean 'Points'"):
        read_staff(path, firm(), overrides=client.overrides_of(["rated=Whom", "rater=Team", "score=Point"]))
    with pytest.raises(InputError, match="no such role"):
        client.overrides_of(["ratr=Team"])


def test_a_person_who_answers_twice_counts_once(tmp_path):
    path = long(
        tmp_path, [("p", "Sales", "IT", 5), ("p", "Sales", "IT", 1), ("q", "Sales", "IT", 5)], ("Respondent ID", *LONG)
    )
    assert means(read_staff(path, firm())) == {("IT", "Sales"): (0.75, 2)}


@pytest.mark.parametrize(
    ("values", "scale", "expected"),
    [
        ([2, 3, 4], None, (1, 5)), ([1, 6], None, (1, 7)), ([0, 5], None, (0, 5)), ([1, 9], None, (1, 10)),
        ([0, 10], None, (0, 10)), ([35, 80], None, (0, 100)), ([0.2, 0.9], None, (0, 1)), ([2, 3], "6-1", (6, 1)),
    ],
)  # fmt: skip
def test_the_smallest_common_scale_that_holds_every_answer_is_taken_and_said(tmp_path, values, scale, expected):
    path = long(tmp_path, [("Sales", "IT", value) for value in values])
    given_scale = client.parse_scale(scale, "--scale") if scale else None
    survey = read_staff(path, firm(), given_scale=given_scale)
    assert (survey.scale.worst, survey.scale.best) == expected
    assert any(f"scale {expected[0]} to {expected[1]}" in line for line in survey.lines)
    assert any("a guess" in line for line in survey.lines) == (scale is None)


@pytest.mark.parametrize("value", ["4 - rather good", "4/5", "4,0", 4.0, "4 = good"])
def test_answers_are_read_as_tools_export_them(tmp_path, value):
    path = long(tmp_path, [("Sales", "IT", value), ("Sales", "IT", "5")], separator=";")
    assert means(read_staff(path, firm()))["IT", "Sales"] == (0.875, 2)


def test_an_answer_outside_the_scale_is_refused_with_its_cell_and_a_code_may_mean_no_answer(tmp_path):
    path = long(tmp_path, [("Sales", "IT", 4), ("Sales", "IT", 99)])
    with pytest.raises(InputError, match=r"staff\.csv!C3"):
        read_staff(path, firm(), given_scale=client.parse_scale("1-5", "--scale"))
    assert means(read_staff(path, firm(), missing=("99",))) == {("IT", "Sales"): (0.75, 1)}


def test_an_unknown_department_is_refused_with_the_nearest_or_left_out_when_asked(tmp_path):
    path = long(tmp_path, [("Slaes", "IT", 4), ("Sales", "IT", 4)])
    with pytest.raises(InputError, match=r"'Slaes' \(did you mean 'Sales'\?\)"):
        read_staff(path, firm())
    assert means(read_staff(path, firm(), ignore_unknown=True)) == {("IT", "Sales"): (0.75, 1)}


def test_words_of_people_are_never_quoted(tmp_path):
    words = "the boss of IT is rude to everybody and I have written a long text about it here"
    as_score = long(tmp_path, [("Sales", "IT", words)], name="a.csv")
    as_name = long(tmp_path, [(words, "IT", 3)], name="b.csv")
    for path in (as_score, as_name):
        with pytest.raises(InputError) as caught:
            read_staff(path, firm())
        assert "rude" not in str(caught.value)
        assert caught.value.hint


def test_customers_are_read_as_answers_or_as_means_with_their_number(tmp_path):
    path = long(tmp_path, [(5, 10), (3, 0), (4, 8)], ("CSAT", "NPS"), "c.csv")
    scores = read_customers(path, firm())
    assert (scores.csat["Buyers"].mean, scores.csat["Buyers"].size) == (0.75, 3)
    assert scores.recommend["Buyers"].mean == pytest.approx(0.6)
    assert scores.net["Buyers"].mean == pytest.approx(0)
    path = long(
        tmp_path, [("buyers", 60, 40, 10), ("Buyers", 80, 10, 30)], ("Segment", "Satisfaction", "NPS", "n"), "d.csv"
    )
    scores = read_customers(path, firm())
    assert (scores.csat["Buyers"].mean, scores.csat["Buyers"].size) == (pytest.approx(0.75), 40)
    assert scores.net["Buyers"].mean == pytest.approx(17.5)


def test_a_workbook_is_read_like_a_csv(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["About this survey"])
    book.active.append(["asked in spring", "of everybody"])
    page = book.create_sheet("Answers")
    page.append(["Our survey of spring"])
    page.append([])
    for row in [LONG, ("Sales", "IT", 4), ("Sales", "IT", "-")]:
        page.append(row)
    book.save(tmp_path / "staff.xlsx")
    assert means(read_staff(tmp_path / "staff.xlsx", firm())) == {("IT", "Sales"): (0.75, 1)}


@given(st.lists(st.integers(1, 7), min_size=1))
def test_every_answer_lies_on_the_guessed_scale(values):
    scale = guess(values)
    assert all(0 <= scale.share(value) <= 1 for value in values)


# --- what is set ------------------------------------------------------------------------------------------------------


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.3))
@settings(max_examples=30, deadline=None)
def test_the_gap_meets_the_surveyed_level_in_the_mean_whatever_the_bounds_cut_off(share, expected, spread):
    gap = setting.gap_for(share, expected, spread)
    assert setting.first_levels(expected, spread, gap).mean() == pytest.approx(share, abs=2e-4)


def test_staff_and_customers_begin_as_satisfied_as_surveyed():
    chain = firm()
    figures = [
        *staff_figures({("IT", "Sales"): group(0.1, 6)}, chain),
        *customer_figures({"Buyers": group(0.35, 50)}, "CSAT", chain),
    ]
    model = ServiceModel(setting.set_first_day(chain, figures), seed=1)
    link = model.state.link[chain.links.index(("IT", "Sales"))]
    assert link["satisfaction_sum"] / link["clients"] == pytest.approx(0.1, abs=0.06)
    segment = model.state.segment[0]
    assert segment["satisfaction_sum"] / segment["active"] == pytest.approx(0.35, abs=0.02)


def test_sources_go_through_every_format_and_defaults_are_counted(tmp_path):
    chain = firm()
    begun = setting.set_first_day(chain, staff_figures({("IT", "Sales"): group(0.6, 7)}, chain))
    chain = provenance.with_sources(
        begun, [provenance.line("IT → Sales", ["satisfaction_gap"], "staff survey, 7 raters")]
    )
    for name in ("a.toml", "a.json", "a.graphml", "a.xlsx"):
        (tmp_path / name).write_bytes(organisation.as_bytes(chain, tmp_path / name))
        again = organisation.load(tmp_path / name)
        rows = client.set_from_data(again).to_dict(orient="records")
        assert [(row["place"], row["lever"], row["source"]) for row in rows] == [
            ("IT → Sales", "satisfaction_gap", "staff survey, 7 raters")
        ]
        assert rows[0]["value"] == pytest.approx(chain.edges["IT", "Sales"]["satisfaction_gap"])
        table = client.stayed_default(again).set_index("lever")
        assert tuple(table.loc["satisfaction_gap", ["places", "from_data", "written", "left"]]) == (6, 1, 0, 5)
        assert tuple(table.loc["hours_per_request", ["places", "from_data", "written", "left"]]) == (4, 0, 4, 0)
    newer = provenance.with_sources(chain, ["IT → Sales: satisfaction_gap, internal_service: staff survey, 9 raters"])
    assert newer.graph["sources"].count("satisfaction_gap") == 1
    assert "9 raters" in newer.graph["sources"]


# --- privacy ----------------------------------------------------------------------------------------------------------


def group(mean: float, people: int) -> Group:
    made = Group()
    for person in range(people):
        made.add(person, mean)
    return made


def test_a_group_below_the_minimum_is_not_shown_and_not_told_from_none():
    chain = firm()
    few, none = {("IT", "Sales"): group(0.2, 4)}, {}
    assert staff_figures(few, chain) == staff_figures(none, chain) == []
    assert [one.people for one in staff_figures({("IT", "Sales"): group(0.2, 5)}, chain)] == [5]
    with pytest.raises(InputError, match="5 or more"):
        staff_figures(few, chain, smallest=4)


def test_small_groups_are_put_together_only_where_two_or_more_make_a_large_one_and_its_size_is_not_told():
    chain = firm()
    supplier = "Research & Development"
    pool = staff_figures({(supplier, "Sales"): group(0.2, 4), (supplier, "IT"): distinct(0.8, 4)}, chain)
    assert {one.place for one in pool} == {(supplier, name) for name in ("Sales", "IT", "Human Resources")}
    assert {(round(one.share, 6), one.people) for one in pool} == {(0.5, None)}
    assert "8" not in pool[0].source(5)
    assert staff_figures({(supplier, "Sales"): group(0.2, 2), (supplier, "IT"): distinct(0.8, 2)}, chain) == []


def distinct(mean: float, people: int) -> Group:
    made = Group()
    for person in range(people):
        made.add(f"other {person}", mean)
    return made


def test_a_person_in_two_small_groups_counts_once_in_their_pool():
    assert put_together([group(0.5, 3), group(0.5, 3)]).size == 3


PAIRS = [(s, c) for s, c in firm().links if c != "Buyers"]


def everything_shown(folder: Path, staff: dict, customers: list[int]) -> str:
    """Return every text that the tool gives out about surveys: report, JSON, organisation in all formats."""
    rows = [(c, s, score) for (s, c), scores in staff.items() for score in scores]
    path = write_csv(folder / "staff.csv", LONG, rows or [("Sales", "IT", "-")])
    paths = {"staff": path} if rows else {}
    if customers:
        paths["customers"] = write_csv(folder / "customers.csv", ("csat",), [(one,) for one in customers])
    reading = client.Reading(staff_scale=client.parse_scale("1-5", "a"), customer_scale=client.parse_scale("1-5", "b"))
    done = report.from_surveys(firm(), **paths, reading=reading, fit=False)
    import contextlib
    import io

    from sim.cli.client import print_sources, print_survey

    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        print_survey(done)
        print_sources(done.chain)
    texts = [shown.getvalue(), json.dumps(done.as_dict())]
    texts += [organisation.as_text(done.chain, f"a{suffix}") for suffix in (".toml", ".json", ".graphml")]
    texts += list(sheets.csv_files(done.chain).values())
    return "\n".join(texts)


_large = st.lists(st.integers(1, 5), min_size=5, max_size=8)
_small = st.lists(st.integers(1, 5), min_size=0, max_size=4)


@given(st.data(), _small, _small, st.sampled_from(PAIRS[:-2]))
@settings(max_examples=6, deadline=None)
def test_nothing_that_is_shown_depends_on_what_a_small_group_answered_or_whether_it_did(
    tmp_path_factory, data, one, other, pair
):
    """The same large groups, another small one: not a letter of any output differs, so that nothing can be worked out."""
    staff = {p: data.draw(_large) for p in PAIRS if p != pair}
    folder = tmp_path_factory.mktemp("survey")
    first = everything_shown(folder, staff | {pair: one}, [4] * 6)
    assert first == everything_shown(folder, staff | {pair: other}, [4] * 6)


@given(_small, _small)
@settings(max_examples=10, deadline=None)
def test_nothing_that_is_shown_tells_the_parts_of_a_pool_apart(tmp_path_factory, one, other):
    supplier = "Research & Development"
    if len(one) + len(other) < 5 or not one or not other:
        one, other = [1, 2, 3, 4], [5]
    folder = tmp_path_factory.mktemp("survey")
    first = {(supplier, "Sales"): one, (supplier, "IT"): other}
    swapped = {(supplier, "Human Resources"): one, (supplier, "Sales"): other}
    assert everything_shown(folder, first, []) == everything_shown(folder, swapped, [])


def test_customers_of_a_segment_with_few_answers_leave_no_trace(tmp_path):
    staff = {pair: [4] * 5 for pair in PAIRS}
    assert everything_shown(tmp_path, staff, [1, 1, 1]) == everything_shown(tmp_path, staff, [5])


# --- holding ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_firm_of_twelve_departments_stays_at_its_surveyed_levels_and_says_where_not(tmp_path):
    chain = twelve_departments()
    rng = np.random.default_rng(4)
    inside = [edge for edge in chain.links if edge[1] in chain.units]
    of_supplier = {unit: rng.uniform(0.68, 0.82) for unit in chain.units}
    levels = {edge: float(of_supplier[edge[0]] + rng.normal(0, 0.02)) for edge in inside}
    levels["Marketing", "Sales"] = 0.1  # nothing within the bounds explains it
    staff = staff_survey(tmp_path / "staff.csv", chain, levels, dict.fromkeys(inside, 60))
    customers = write_csv(
        tmp_path / "customers.csv", ("Segment", "CSAT"),
        [("Households", one) for one in answers(0.7, 300, rng)] + [("Trade", one) for one in answers(0.72, 100, rng)],
    )  # fmt: skip
    done = client.from_surveys(chain, staff, customers)
    unfitted = client.from_surveys(chain, staff, customers, fit=False)

    def missed(one):
        return {level.figure.name: abs(level.modelled.mean - 100 * level.figure.share) for level in one.held.levels}

    after, before = missed(done), missed(unfitted)
    stuck = next(level for level in done.held.levels if level.figure.place == ("Marketing", "Sales"))
    assert not stuck.held
    assert "internal_service at 0.05" in stuck.stuck
    del after["Marketing → Sales"], before["Marketing → Sales"]
    assert sum(level.held for level in done.held.levels) >= 0.85 * len(done.held.levels)
    assert np.mean(list(after.values())) < 1.5 < np.mean(list(before.values()))
    again = client.from_surveys(chain, staff, customers, workers=1)
    assert again.chain.to_node_link() == done.chain.to_node_link()


@pytest.mark.parametrize(
    "header", ["Team you rate", "Which department are you rating?", "Department that you evaluated"]
)
def test_the_rated_department_is_found_in_a_question(tmp_path, header):
    path = long(tmp_path, [("Sales", "IT", 4, 9)] * 6, ("Your team", header, "Score", "Shoe size"))
    assert means(read_staff(path, firm())) == {("IT", "Sales"): (0.75, 6)}
