"""What the search found in readers, each once by name, mended since."""

from __future__ import annotations

import contextlib
import json
import sqlite3

import pytest

from experiments.sweeps import file as sweeps
from experiments.validation import own
from sim import organisation, saving, scenario
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.workshop import inputs, share
from sim.workshop.house import Workshop
from tests.fuzz import targets_results, targets_room, targets_text

FIRM = targets_text.TINY.decode()


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (scenario.parse, 'format = 1\nname = "S"\norganisation = "{}"\n'),
        (sweeps.parse, 'format = 1\norganisation = "{}"\nluck = true\n[design]\nmethod = "lhs"\nsamples = 2\n'),
        (own.parse, 'format = 1\n[[findings]]\nid = "x"\nclaim = "c"\nkind = "level"\norganisation = "{}"\n'
                    'measure = "wait"\nrange = [1, 2]\n'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x" * 5000, "firm.toml" * 100, "a\\u0000b.toml", "x" * 300 + "/firm.toml"])
def test_a_file_that_names_an_organisation_no_system_can_have_is_refused(parse, text, name, tmp_path):
    with pytest.raises(InputError, match=r"no such organisation|cannot be read"):
        parse(text.format(name), folder=tmp_path)


@pytest.mark.parametrize("letters", ["\\u001b[2J", "\\u202e", "\\u0000", "\\r"])
def test_a_key_with_control_characters_is_refused_without_passing_them_on_to_the_terminal(letters):
    with pytest.raises(InputError) as caught:
        organisation.parse(f'"{letters}key" = 1\n{FIRM}')
    assert str(caught.value).replace("\n", "").isprintable()


def test_a_key_of_thousands_of_letters_is_refused_in_a_few_lines():
    with pytest.raises(InputError) as caught:
        organisation.parse(f"{'x' * 50_000} = 1\n{FIRM}")
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("table", ["departments", "links", "segments"])
def test_texts_where_tables_are_wanted_are_refused(table):
    with pytest.raises(InputError, match="cannot be used"):
        organisation.parse(f'format = 1\nname = "F"\n{table} = ["a supplier", "and a client"]\n')


@pytest.mark.parametrize("graph", ["x", 3, ["a"]])
def test_a_graph_whose_own_properties_are_no_table_is_refused(graph):
    chain = organisation.parse(FIRM).to_node_link()
    with pytest.raises(InputError, match=r"no table|node-link"):
        ServiceChain.from_node_link(chain | {"graph": graph})


@pytest.mark.parametrize("name", ["supplier", "client", "self", "attributes"])
def test_a_link_with_a_property_of_any_name_is_refused_as_an_unknown_property(name):
    chain = organisation.parse(FIRM).to_node_link()
    chain["edges"][0][name] = 1
    with pytest.raises(InputError, match=r"no such property|node-link"):
        ServiceChain.from_node_link(chain)


def test_a_sweep_that_keeps_no_series_is_the_same_after_writing_and_reading(tmp_path):
    text = targets_text.SWEEP.decode().replace('measures = ["external_satisfaction"]', "measures = []")
    found = sweeps.parse(text, folder=targets_text.folder())
    assert sweeps.parse(found.to_toml()) == found


# --- share files -----------------------------------------------------------------------------------------------------


def _shared(tmp_path, **changes):
    path = tmp_path / "share.json"
    path.write_text(json.dumps(json.loads(targets_room._shares()[0]) | changes), encoding="utf-8")
    return share.read(path)


def test_the_share_file_of_a_room_is_taken(tmp_path):
    chain, rest = _shared(tmp_path)
    assert "A" in chain.units
    assert rest["minimum"] == 3


def test_a_cell_without_any_score_is_refused(tmp_path):
    cells = json.loads(targets_room._shares()[0])["cells"]
    cells[0]["received"]["mean"] = {"cost": 4.0}
    with pytest.raises(InputError, match="a cell shows no score"):
        _shared(tmp_path, cells=cells)


@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf"), True, "3", 3.5, 6])
def test_a_score_beyond_all_numbers_is_refused_like_any_other(value):
    with pytest.raises(inputs.Refused):
        inputs.scores({"reliability": value})


def test_a_lever_that_was_pulled_at_a_department_now_removed_does_not_spoil_the_share_file():
    story = b'act h {"do":"department","what":"add","name":"D"}\nact h {"do":"lever","lever":"training","where":"A","to":0.1}\n'
    session = targets_room.read_messages(
        targets_room.STORY + story + b'act h {"do":"department","what":"remove","name":"A"}\n'
    )
    targets_room.use_room(session)


@pytest.mark.parametrize(
    "changes",
    [
        {"minimum": 0},
        {"minimum": 2},
        {"settings": {"seed": 1, "runs": 2**50, "warm_up": 250, "days": 250}},
        {"settings": {"seed": 1, "runs": 20, "warm_up": 250, "days": 2**50}},
        {"focus": {"a": 1}},
        {"focus": "nobody"},
        {"market": {"vendors": float("nan")}},
        {"market": {"luck": 3}},
        {"title": "x" * 5000},
        {"title": "\u202eelttit"},
        {"organisation": []},
        {"language": {"en": 1}},
    ],
)
def test_a_share_file_cannot_undercut_the_smallest_group_nor_ask_for_what_the_command_would_not_take(tmp_path, changes):
    with pytest.raises(InputError, match=r"share.json"):
        _shared(tmp_path, **changes)


@pytest.mark.parametrize(
    "figure", [{"n": -1}, {"n": "many"}, {"overall": float("nan")}, {"overall": 9}, {"spread": -1}, {"spread": "x"}]
)
def test_a_share_file_shows_no_score_outside_the_scale(tmp_path, figure):
    cells = json.loads(targets_room._shares()[0])["cells"]
    one = next(cell for cell in cells if cell["received"])
    one["received"] |= figure
    with pytest.raises(InputError):
        _shared(tmp_path, cells=cells)


# --- session files ---------------------------------------------------------------------------------------------------


def _opened(tmp_path, statement, *values):
    path = tmp_path / "BCDFG.workshop"
    path.write_bytes(targets_room._files()[3])
    base = sqlite3.connect(path)
    base.execute(statement, values)
    base.commit()
    base.close()
    session = Workshop(tmp_path, model=targets_room._Silent).open(path)
    session.close()


@pytest.mark.parametrize("value", ["", "{", "[" * 5000, "9" * 5000, b"\xff", '"x"', "-1", "true"])
def test_a_session_file_with_a_damaged_fact_is_refused(tmp_path, value):
    with pytest.raises(InputError, match="session"):
        _opened(tmp_path, "UPDATE facts SET value = ? WHERE name = 'runs'", value) if value != "true" else _opened(
            tmp_path, "UPDATE facts SET value = ? WHERE name = 'code'", value
        )


@pytest.mark.parametrize(
    "data", ["", "[" * 5000, "{}", '{"to": NaN, "minutes": NaN}', '{"person": {}, "department": {}}', b"\xff"]
)
@pytest.mark.parametrize("kind", ["undo", "redo", "timer", "join", "department"])
def test_a_session_file_with_events_that_never_were_is_refused_or_shown(tmp_path, kind, data):
    with contextlib.suppress(InputError):
        _opened(tmp_path, "INSERT INTO events (kind, data, at) VALUES (?, ?, 1)", kind, data)


def test_bytes_that_are_no_text_in_a_session_file_are_refused(tmp_path):
    with pytest.raises(InputError, match="session"):
        _opened(tmp_path, "UPDATE events SET data = CAST(X'80FF' AS TEXT) WHERE number = 2")


# --- saved results ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tables", [{"../outside": {}}, {"/etc/passwd": {}}, {"..": {}}])
def test_a_manifest_cannot_name_tables_outside_its_folder(tables):
    with pytest.raises(InputError, match=r"elsewhere|missing"):
        targets_results.read_results(targets_results._manifest(results={"tables": tables}))


@pytest.mark.parametrize("place", ["inputs", "command"])
def test_a_manifest_with_half_a_letter_is_refused(tmp_path, place):
    manifest = {"inputs": {"scenarios": [{"seed": 1}]}, "results": {"tables": {}}, "command": "compare"}
    manifest[place] = {"seed\ud800": 1}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match="this is no manifest"):
        saving.read(tmp_path)


def test_a_manifest_that_names_a_table_as_no_system_can_is_refused(tmp_path):
    manifest = {"inputs": {}, "results": {"tables": {"comparison" * 40: {}}}, "command": "compare"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match="a table of these results"):
        saving.read(tmp_path)


@pytest.mark.parametrize("scenarios", [1, {"a": 1}, "abc", [1], [None]])
def test_scenarios_of_a_manifest_are_a_list_of_scenarios(scenarios):
    with pytest.raises(InputError, match="scenario"):
        targets_results.read_results(targets_results._manifest(inputs={"scenarios": scenarios}))


def test_a_manifest_nested_without_end_is_none(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(InputError, match="no manifest"):
        saving.read_manifest(path)
