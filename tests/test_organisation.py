"""The organisation file: reading, writing, its schema, and what a person is told about a mistake."""

import copy
import datetime
import itertools
import json
import re
import tomllib
from pathlib import Path

import jsonschema
import networkx as nx
import pydantic
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import levers, organisation
from sim.chain import ServiceChain
from sim.errors import InputError

ROOT = Path(__file__).parent.parent
PUBLISHED = ROOT / "docs" / "organisation.schema.json"

FILE = """
format = 1
name = "Firm"

[levers]
loss_aversion = 2.0

[[departments]]
name = "Front"
staff = 4

[[contractors]]
name = "Back"
staff = 2
working_time = "exponential"

[[segments]]
name = "Households"
customers = 500

[[links]]
supplier = "Front"
client = "Households"

[[links]]
supplier = "Back"
client = "Front"
requests_per_case = 0.4
"""


def edited(old: str, new: str) -> str:
    assert old in FILE
    return FILE.replace(old, new, 1)


def refusal(text: str) -> InputError:
    """Return the error that this text brings, which says in what file, where, and what would be allowed."""
    with pytest.raises(InputError) as caught:
        organisation.parse(text, source="firm.toml")
    error = caught.value
    assert str(error).startswith("firm.toml: ")
    assert error.allowed
    assert error.allowed in str(error)
    assert "pydantic" not in str(error)
    assert "Input should" not in str(error)
    return error


# --- mistakes ---


@pytest.mark.parametrize(
    ("old", "new", "place", "found", "allowed"),
    [
        # a link that leads nowhere
        ('client = "Front"', 'client = "Frnt"', "links[1].client", "'Frnt'", "department, contractor or segment"),
        ('supplier = "Back"', 'supplier = "Bakc"', "links[1].supplier", "'Bakc'", "department, contractor or segment"),
        ('supplier = "Back"', 'supplier = ""', "links[1].supplier", "''", "department, contractor or segment"),
        # the shape of the chain
        ('supplier = "Back"', 'supplier = "Front"', "'Front' → 'Front'", "'Front'", "two different units"),
        ('supplier = "Back"\nclient = "Front"', 'supplier = "Front"\nclient = "Households"', "links[1].supplier",
         "Front → Households", "one link"),
        ('supplier = "Back"', 'supplier = "Households"', "'Households' → 'Front'", "'Households'", "a department or"),
        ("requests_per_case = 0.4", "requests_per_case = 0", "contractor 'Back'", "'Back'", "links lead"),
        ('name = "Back"', 'name = "Front"', "contractors[0].name", "'Front'", "no other"),
        ('name = "Households"', 'name = "Back"', "segments[0].name", "'Back'", "no other"),
        # numbers
        ("staff = 4", "staff = -4", "departments[0].staff (Front)", "-4", "a whole number from 1 to 1,000,000"),
        ("staff = 4", "staff = 0", "departments[0].staff (Front)", "0", "a whole number from 1 to 1,000,000"),
        ("staff = 4", "staff = 2.5", "departments[0].staff (Front)", "2.5", "a whole number from 1 to 1,000,000"),
        ("staff = 4", "staff = true", "departments[0].staff (Front)", "True", "a whole number from 1 to 1,000,000"),
        ("staff = 4", 'staff = "4"', "departments[0].staff (Front)", "'4'", "a whole number from 1 to 1,000,000"),
        ("staff = 4", "staff = nan", "departments[0].staff (Front)", "nan", "a whole number from 1 to 1,000,000"),
        ("staff = 4", "staff = " + "9" * 400, "departments[0].staff (Front)", "9 … 9", "a whole number from 1 to"),
        ("customers = 500", "customers = -1", "segments[0].customers (Households)", "-1", "0 to 10,000,000"),
        ("customers = 500", "customers = 1_000_000_000", "segments[0].customers (Households)", "1000000000",
         "0 to 10,000,000"),
        ("requests_per_case = 0.4", "requests_per_case = nan", "links[1].requests_per_case (Back → Front)", "nan",
         "a number from 0 to 50"),
        ("requests_per_case = 0.4", "requests_per_case = inf", "links[1].requests_per_case (Back → Front)", "inf",
         "a number from 0 to 50"),
        ("requests_per_case = 0.4", "requests_per_case = -0.1", "links[1].requests_per_case (Back → Front)", "-0.1",
         "a number from 0 to 50"),
        ("requests_per_case = 0.4", "requests_per_case = 1e300", "links[1].requests_per_case (Back → Front)", "1e+300",
         "a number from 0 to 50"),
        ("requests_per_case = 0.4", 'requests_per_case = "0.4"', "links[1].requests_per_case (Back → Front)", "'0.4'",
         "a number from 0 to 50"),
        ("requests_per_case = 0.4", "requests_per_case = 2024-01-01", "links[1].requests_per_case (Back → Front)",
         "datetime.date(2024, 1, 1)", "a number from 0 to 50"),
        ("requests_per_case = 0.4", "requests_per_case = " + "9" * 400, "links[1].requests_per_case (Back → Front)",
         "9 … 9", "a number from 0 to 50"),
        ("loss_aversion = 2.0", "loss_aversion = 0.5", "levers.loss_aversion", "0.5", "a number from 1 to 10"),
        ("requests_per_case = 0.4", "requests_per_case = 0.4\npassed_on = 0.96", "links[1].passed_on (Back → Front)",
         "0.96", "a number from 0 to 0.95"),
        ('name = "Firm"', 'name = "Firm"\nhours_per_day = nan', "hours_per_day", "nan", "a number from 0.01 to 24"),
        ('name = "Firm"', 'name = "Firm"\nslots_per_day = 0', "slots_per_day", "0", "a whole number from 1 to 100,000"),
        ("format = 1", "format = 2", "format", "2", "1, the only version there is"),
        # texts
        ('name = "Firm"', "name = 3", "name", "3", "a text in quotes"),
        ('name = "Front"', 'name = "  "', "departments[0].name (  )", "'  '", "not blank"),
        ('name = "Front"', 'name = "a\\u0000b"', "departments[0].name", r"'a\x00b'", "without control characters"),
        ('name = "Front"', f'name = "{"x" * 201}"', "departments[0].name", "xxx", "1 to 200 characters"),
        ('working_time = "exponential"', 'working_time = "exponental"', "contractors[0].working_time (Back)",
         "'exponental'", "fixed, exponential, lognormal"),
        # tables
        ("[[departments]]", "[departments]", "departments", "'Front'", "[[departments]]"),
        ("[levers]", "[[levers]]", "levers", "loss_aversion", "[levers]"),
        ('name = "Firm"', 'name = "Firm"\nlinks = 5', None, None, "TOML"),
        # what is missing
        ("format = 1", "", "format", None, "a value for 'format'"),
        ("staff = 4", "", "departments[0].staff (Front)", None, "a value for 'staff'"),
        ('client = "Front"', "", "links[1].client (Back → ?)", None, "a value for 'client'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_place_value_and_what_is_allowed(old, new, place, found, allowed):
    error = refusal(edited(old, new))
    message = re.sub(r"9{5,}", "9", str(error))
    assert place is None or f"firm.toml: {place}" in message or place in message.splitlines()[0]
    if found is not None:
        assert found in message.split("found:")[1].splitlines()[0]
    assert allowed in message.split("allowed:")[1].splitlines()[0]


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("staff = 4", "staff = 4\ntrainnig = 0.1", "training"),
        ("staff = 4", "stafff = 4", "staff"),
        ("staff = 4", "staff = 4\nerror-rate = 0.1", "error_rate"),
        ("customers = 500", "custmers = 500", "customers"),
        ("[[contractors]]", "[[contractor]]", "contractors"),
        ("requests_per_case = 0.4", "request_per_case = 0.4", "requests_per_case"),
        ("loss_aversion = 2.0", "loss_aversoin = 2.0", "loss_aversion"),
        ('name = "Firm"', 'nmae = "Firm"', "name"),
        ('client = "Front"', 'client = "Frnt"', "Front"),
        ('working_time = "exponential"', 'working_time = "exponental"', "exponential"),
    ],
)
def test_a_misspelt_word_brings_the_right_one(old, new, hint):
    error = refusal(edited(old, new))
    assert error.hint == f"did you mean {hint!r}?"
    assert repr(error.value) in str(error)


def test_a_lever_of_another_table_is_refused():
    assert refusal(edited("staff = 4", "staff = 4\nchurn = 0.1")).value == "churn"
    assert refusal(edited("customers = 500", "customers = 500\ntraining = 0.1")).value == "training"


def test_units_that_ask_each_other_without_end_are_refused_with_the_growth_factor():
    error = refusal(FILE + '[[links]]\nsupplier = "Front"\nclient = "Back"\nrequests_per_case = 2.5\n')
    assert error.value == 1.0
    assert "Back, Front" in error.place


def test_a_unit_that_hands_on_everything_is_refused():
    text = edited("requests_per_case = 0.4", "requests_per_case = 0.4\npassed_on = 0.6")
    text += '[[departments]]\nname = "Third"\nstaff = 1\n'
    error = refusal(text + '[[links]]\nsupplier = "Third"\nclient = "Front"\nrequests_per_case = 0\npassed_on = 0.6\n')
    assert error.value == pytest.approx(1.2)
    assert "'Front'" in error.place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (FILE + "staff == 3", "line 29, column 8"),
        (FILE.replace('"Firm"', '"Firm'), "line 3"),
        (FILE + 'a = "', "end of document"),
        (FILE + FILE, "line 33"),
    ],
)
def test_what_is_not_toml_is_refused_with_the_line(text, place):
    error = refusal(text)
    assert error.problem == "this is not TOML"
    assert place in error.place


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a = " * 100_000,
        ".".join(["name"] * 200) + " = 1\n" + FILE.replace('name = "Firm"', ""),
        ".".join(["name"] * 1_000_000) + " = 1\n" + FILE.replace('name = "Firm"', ""),
        "name = " + "[" * 200 + "]" * 200 + "\n" + FILE.replace('name = "Firm"', ""),
        FILE + "requests_per_case = " + "9" * 5000,
        edited("requests_per_case = 0.4", "requests_per_case = " + "9" * 5000),
        "\0" * 100,
    ],
)
def test_files_made_to_break_the_reader_are_refused_like_any_other(text):
    assert refusal(text).value


@pytest.mark.parametrize("text", ["", "  \n\t\n"])
def test_an_empty_file_is_refused_with_the_way_to_start(text):
    error = refusal(text)
    assert "empty" in error.problem
    assert "service-culture new" in error.hint


def test_a_file_of_comments_is_refused_because_everything_is_missing():
    assert refusal("# nothing here\n").place == "format"


# --- files ---


def test_a_file_is_read(tmp_path):
    path = tmp_path / "firm.toml"
    path.write_text(FILE, encoding="utf-8")
    assert organisation.load(path).units == organisation.load(str(path)).units == ["Back", "Front"]


def test_byte_order_mark_and_windows_line_ends_make_no_difference(tmp_path):
    path = tmp_path / "firm.toml"
    path.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    assert organisation.dump(organisation.load(path)) == organisation.dump(organisation.parse(FILE))


def test_an_error_in_a_file_names_the_file(tmp_path):
    path = tmp_path / "firm.toml"
    path.write_text(edited("staff = 4", "staff = 0"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        organisation.load(path)
    assert str(caught.value).startswith(f"{path}: departments[0].staff (Front)")


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"\x89PNG\r\n\x1a\n\xff\xfe", "not a text file"), ("ü = 1".encode("latin-1"), "not a text file"), (b"", "empty")],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, content, problem):
    path = tmp_path / "firm.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=problem) as caught:
        organisation.load(path)
    assert caught.value.source == str(path)
    assert caught.value.allowed


def test_a_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"this folder has no departments\.csv") as caught:
        organisation.load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "segments.csv" in caught.value.allowed


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read") as caught:
        organisation.load(tmp_path / "missing.toml")
    assert str(tmp_path / "missing.toml") in str(caught.value)
    assert "No such file" in str(caught.value)
    assert caught.value.allowed


def test_a_path_that_no_system_has_is_refused():
    with pytest.raises(InputError, match="cannot be read"):
        organisation.load("firm\0.toml")
    with pytest.raises(InputError, match="cannot be read"):
        organisation.load("x" * 5000 + ".toml")


def test_a_file_that_is_too_large_is_refused_before_it_is_read_as_toml(tmp_path, monkeypatch):
    monkeypatch.setattr(organisation, "MOST_BYTES", 100)
    path = tmp_path / "firm.toml"
    path.write_text(FILE)
    with pytest.raises(InputError, match="too large") as caught:
        organisation.load(path)
    assert caught.value.allowed == "up to 100 bytes"


def test_an_unknown_bundled_name_brings_the_nearest():
    with pytest.raises(InputError) as caught:
        organisation.load("energy-distributer")
    assert "did you mean 'energy_distributor'?" in str(caught.value)
    assert "retailer" in caught.value.allowed


# --- writing ---


def test_what_is_written_reads_back_as_the_same_chain():
    chain = organisation.parse(FILE)
    again = organisation.parse(organisation.dump(chain))
    assert again.graph == chain.graph
    assert dict(again.nodes(data=True)) == dict(chain.nodes(data=True))
    assert list(again.edges(data=True)) == list(chain.edges(data=True))


def test_writing_twice_gives_the_same_text():
    text = organisation.dump(organisation.parse(FILE))
    assert organisation.dump(organisation.parse(text)) == text


def test_a_chain_that_is_not_valid_is_not_written():
    chain = organisation.parse(FILE)
    chain.nodes["Front"]["staff"] = 0
    with pytest.raises(InputError):
        organisation.dump(chain)


def test_the_order_of_the_file_makes_no_difference_to_the_rows():
    head, *tables = re.split(r"\n(?=\[\[)", FILE)
    expected = organisation.parse(FILE)
    for mixed in itertools.permutations(tables):
        chain = organisation.parse("\n".join([head, *mixed]))
        assert (chain.units, chain.segments, chain.links) == (expected.units, expected.segments, expected.links)
        assert chain.utilisation() == expected.utilisation()


def test_a_ready_chain_is_checked_and_passed_through():
    chain = organisation.parse(FILE)
    assert organisation.load(chain) is chain
    with pytest.raises(InputError):
        organisation.load(ServiceChain())


# --- the schema ---


def schema_errors(text: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(organisation.schema())
    return [error.message for error in validator.iter_errors(tomllib.loads(text))]


def test_the_published_schema_is_the_one_that_the_reader_uses():
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert published == organisation.schema(), "run: service-culture schema > docs/organisation.schema.json"


def test_the_schema_is_a_valid_schema():
    jsonschema.Draft202012Validator.check_schema(organisation.schema())


def test_the_schema_accepts_what_the_reader_accepts():
    assert not schema_errors(FILE)
    assert not schema_errors(organisation.dump(organisation.parse(FILE)))
    whole = edited("staff = 4", "staff = 4.0")
    assert not schema_errors(whole)
    staff = organisation.parse(whole).nodes["Front"]["staff"]
    assert (staff, type(staff)) == (4, int)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("staff = 4", "staff = 0"),
        ("staff = 4", "staff = 4.5"),
        ("staff = 4", "staff = true"),
        ("staff = 4", 'staff = "4"'),
        ("staff = 4", "staff = 1_000_001"),
        ("staff = 4", ""),
        ("staff = 4", "staff = 4\nmanagers = -1"),
        ("staff = 4", "staff = 4\ntrainnig = 0.1"),
        ("staff = 4", "staff = 4\nchurn = 0.1"),
        ("staff = 4", "staff = 4\ntraining = 0.51"),
        ("staff = 4", "staff = 4\ntraining = inf"),
        ("staff = 4", 'staff = 4\ntraining = "0.1"'),
        ('name = "Front"', 'name = ""'),
        ('name = "Front"', 'name = " "'),
        ('name = "Front"', 'name = "a\\tb"'),
        ('name = "Front"', f'name = "{"x" * 201}"'),
        ('working_time = "exponential"', 'working_time = "normal"'),
        ("customers = 500", "customers = -1"),
        ("format = 1", "format = 2"),
        ("format = 1", ""),
        ('name = "Firm"', ""),
        ('name = "Firm"', 'name = "Firm"\ndescription = "\\u0001"'),
        ('name = "Firm"', 'name = "Firm"\nhours_per_day = 25'),
        ("[levers]", "[[levers]]"),
        ("[[departments]]", "[departments]"),
        ('client = "Front"', ""),
        ("loss_aversion = 2.0", "loss_aversion = false"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(old, new):
    text = edited(old, new)
    refusal(text)
    assert schema_errors(text)


@pytest.mark.parametrize("table", ["Levers", "Department", "Contractor", "Segment", "Link"])
def test_the_schema_carries_every_lever_with_its_range(table):
    homes = {"Levers": None, "Segment": "segment", "Link": "link"}
    home = homes.get(table, "unit")
    properties = organisation.schema()["$defs"][table]["properties"]
    for one in levers.LEVERS:
        if home is None or one.home == home:
            assert properties[one.name]["minimum"] == one.low
            assert properties[one.name]["maximum"] == one.high
            assert one.meaning in properties[one.name]["description"]
        else:
            assert one.name not in properties


VALUES = st.one_of(
    st.integers(-2, 3),
    st.integers(),
    st.sampled_from([200, 10**6, 10**6 + 1, 10**8, 10**8 + 1, 2.0, 1.5, 1e308, float("inf")]),
    st.floats(allow_nan=False),  # JSON has no NaN, and so its schemas say nothing of it
    st.floats(0, 1),
    st.booleans(),
    st.text(max_size=5).filter(lambda text: not text.endswith("\n")),  # in Python alone, $ matches before a last \n
    st.sampled_from(["Front", "fixed", "EUR", " ", "a\tb", "a\nb", "x" * 201]),
    st.just(datetime.date(2024, 1, 1)),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["name", "staff", "x"]), st.integers(), max_size=2),
    st.lists(st.just({"name": "A", "staff": 1}), max_size=2),
)


@st.composite
def documents(draw):
    """The file above with one entry replaced, added or taken away."""
    document = copy.deepcopy(tomllib.loads(FILE))
    places = [document, document["levers"], *(entry for table in TABLES for entry in document[table])]
    place = places[draw(st.integers(0, len(places) - 1))]
    known = ["name", "staff", "customers", "managers", "working_time", "supplier", "client", *levers.BY_NAME, *document]
    key = draw(st.sampled_from(sorted(place)) | st.sampled_from(known))
    if key in place and draw(st.integers(0, 4)) == 0:
        del place[key]
    else:
        place[key] = draw(VALUES)
    return document


TABLES = ("departments", "contractors", "segments", "links")
VALIDATOR = jsonschema.Draft202012Validator(organisation.schema())


def outcome(text: str) -> tuple[ServiceChain, None] | tuple[None, InputError]:
    """Return the chain, or the error that is meant for people; any other error gets out."""
    try:
        return organisation.parse(text, source="firm.toml"), None
    except InputError as error:
        return None, error


@settings(max_examples=120, deadline=None, derandomize=True)
@given(documents())
def test_schema_and_reader_agree_on_any_change_of_one_entry(document):
    try:
        organisation.OrganisationFile.model_validate(document)
        accepted = True
    except pydantic.ValidationError:
        accepted = False
    assert VALIDATOR.is_valid(document) == accepted


@settings(max_examples=120, deadline=None, derandomize=True)
@given(documents())
def test_whatever_one_entry_says_the_answer_is_a_chain_or_a_located_error(document):
    chain, error = outcome(tomlkit.dumps(document))
    if error:
        assert str(error).startswith("firm.toml: ")
        assert error.place
        assert error.allowed
    else:
        again = organisation.parse(organisation.dump(chain))
        assert dict(again.nodes(data=True)) == dict(chain.nodes(data=True))


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.data())
def test_a_file_with_a_piece_cut_out_or_put_in_is_read_or_refused_and_never_crashes(data):
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(FILE))] * 2)))
    piece = data.draw(st.text("[]{}=\"'.,#\n0aé\0\\_-+:", max_size=6))
    outcome(FILE[:start] + piece + FILE[min(end, start + 20) :])


# --- the bundled organisations ---


def test_the_bundled_organisations_are_these():
    assert organisation.bundled() == ["energy_distributor", "retailer", "software_firm"]


@pytest.mark.parametrize("name", organisation.bundled())
def test_a_bundled_organisation_is_valid_by_reader_and_schema_and_survives_writing(name):
    chain = organisation.load(name)
    text = (ROOT / "scenarios" / "organisations" / f"{name}.toml").read_text(encoding="utf-8")
    assert not schema_errors(text)
    again = organisation.parse(organisation.dump(chain))
    assert dict(again.nodes(data=True)) == dict(chain.nodes(data=True))
    assert list(again.edges(data=True)) == list(chain.edges(data=True))
    assert organisation.load(name.replace("_", "-")).graph == again.graph == chain.graph


@pytest.mark.parametrize("name", organisation.bundled())
def test_a_bundled_organisation_is_busy_but_not_drowned(name):
    chain = organisation.load(name)
    assert 8 <= len(chain.units) <= 14
    assert 5_000 <= sum(chain.nodes[segment]["customers"] for segment in chain.segments) <= 15_000
    assert all(0.1 < share < 0.86 for share in chain.utilisation().values())
    assert max(chain.utilisation().values()) > 0.7


@pytest.mark.parametrize("name", organisation.bundled())
def test_every_need_of_a_bundled_organisation_goes_to_exactly_one_door(name):
    chain = organisation.load(name)
    for segment in chain.segments:
        doors = [chain.value("requests_per_case", supplier, segment) for supplier in chain.predecessors(segment)]
        assert sum(doors) == pytest.approx(1)


@pytest.mark.parametrize("name", organisation.bundled())
def test_in_a_bundled_organisation_support_serves_support(name):
    chain = organisation.load(name)
    assert max(map(len, nx.strongly_connected_components(chain))) >= 3


# --- the guide ---


def test_the_example_of_the_guide_is_a_sound_organisation():
    guide = (ROOT / "docs" / "organisation.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    chain = organisation.parse(text, source="docs/organisation.md")
    assert not schema_errors(text)
    assert max(chain.utilisation().values()) < 0.85


@pytest.mark.parametrize("name", ["firm.json", "firm.graphml"])
def test_a_chain_in_a_format_of_networkx_is_read_like_an_organisation_file(tmp_path, name):
    chain = organisation.parse(FILE)
    path = tmp_path / name
    if name.endswith("json"):
        path.write_text(json.dumps(chain.to_node_link()), encoding="utf-8")
    else:
        chain.to_graphml(path)
    assert organisation.dump(organisation.load(path)) == organisation.dump(chain)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        organisation.load(path)
    assert caught.value.source == str(path)
    assert caught.value.allowed
