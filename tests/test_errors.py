"""Errors say where, what, what is allowed, and the likely fix."""

import pickle

import pytest

from sim.errors import InputError, ServiceCultureError, did_you_mean, shorten


def test_an_error_names_source_place_value_allowed_and_hint_in_this_order():
    error = InputError(
        "this cannot be",
        source="firm.toml",
        place="links[3]",
        value=-1,
        allowed="0 or more",
        hint="leave out the minus",
    )
    assert str(error).splitlines() == [
        "firm.toml: links[3]: this cannot be",
        "  found:   -1",
        "  allowed: 0 or more",
        "  hint:    leave out the minus",
    ]


def test_an_error_leaves_out_what_it_does_not_know():
    assert str(InputError("nothing more is known")) == "nothing more is known"


@pytest.mark.parametrize("value", [0, False, "", [], 0.0])
def test_a_value_that_counts_as_false_is_still_quoted(value):
    assert f"found:   {value!r}" in str(InputError("bad", value=value))


def test_an_error_can_be_caught_by_the_root_of_all_errors():
    with pytest.raises(ServiceCultureError):
        raise InputError("bad")


def test_an_error_comes_back_whole_from_another_process():
    error = InputError("bad", source="a", place="b", value={"c": 1}, allowed="d", hint="e")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is InputError
    assert str(back) == str(error)
    assert back.value == {"c": 1}


def test_locating_an_error_names_the_file_and_keeps_the_rest():
    error = InputError("bad", place="b", value=3, allowed="d", hint="e")
    assert str(error.located("file.toml")) == "file.toml: " + str(error)


def test_locating_an_error_does_not_rename_the_file_it_came_from():
    assert InputError("bad", source="inner.toml").located("outer.toml").source == "inner.toml"


def test_a_long_value_is_cut_in_the_middle():
    shown = shorten("a" * 500 + "z")
    assert len(shown) <= 100
    assert shown.startswith("'aaa")
    assert shown.endswith("az'")


def test_a_short_value_is_shown_as_it_is():
    assert shorten("Call Centre") == "'Call Centre'"


def test_a_value_that_python_cannot_print_is_described():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert shorten(deep) == "a list too large to show"
    assert shorten(10**5000) == "a int too large to show"
    while deep:  # taken apart from outside, so that no deep recursion frees it
        deep = deep.pop()


@pytest.mark.parametrize(
    ("word", "expected"),
    [("stafff", "staff"), ("STAFF", "staff"), ("hours-per-request", "hours_per_request"), ("trainig", "training")],
)
def test_a_misspelt_word_brings_the_right_one_to_mind(word, expected):
    assert did_you_mean(word, ["staff", "hours_per_request", "training"]) == f"did you mean {expected!r}?"


@pytest.mark.parametrize("word", ["", "zzz", "🙂"])
def test_a_word_like_no_other_brings_nothing_to_mind(word):
    assert did_you_mean(word, ["staff", "training"]) is None
