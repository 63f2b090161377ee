"""The workshop's page as files: words in every language, nothing from elsewhere, no markup out of text, small for phones."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest
from jinja2 import Environment, FileSystemLoader

from sim.workshop import language

HERE = resources.files("sim.workshop")
SCRIPTS = {
    one.name: one.read_text(encoding="utf-8") for one in HERE.joinpath("static").iterdir() if one.name.endswith(".js")
}
SHEETS = {
    one.name: one.read_text(encoding="utf-8") for one in HERE.joinpath("static").iterdir() if one.name.endswith(".css")
}
TEMPLATES = {one.name: one.read_text(encoding="utf-8") for one in HERE.joinpath("templates").iterdir()}
GROUPS = ("c", "p", "h", "j", "phase", "dim", "decides", "lever", "unit", "assume")
MOST_BYTES = 60_000
NAMESPACE = "http://www.w3.org/2000/svg"


def own(spoken: str) -> dict[str, str]:
    """Return what a language says itself, without what it takes from English."""
    files = [one for one in HERE.joinpath("messages").iterdir() if re.fullmatch(rf"{spoken}(_\w+)?\.json", one.name)]
    return {key: text for one in files for key, text in json.loads(one.read_text(encoding="utf-8")).items()}


def parameters(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def page(spoken: str) -> str:
    """Return the participant's page as it is sent."""
    environment = Environment(loader=FileSystemLoader(str(HERE.joinpath("templates"))), autoescape=True)
    words = language.catalogue(spoken)
    return environment.get_template("phone.html").render(
        messages=words, language=spoken, code="BCDFG", title="A firm", view="phone"
    )


def test_every_language_says_everything_with_the_same_parameters():
    english, german = own("en"), own("de")
    assert english.keys() == german.keys()
    assert [key for key, text in english.items() if parameters(text) != parameters(german[key])] == []


def test_every_word_that_the_page_asks_for_is_in_the_catalogue():
    words = language.catalogue("en")
    asked = {
        key
        for text in (*SCRIPTS.values(), *TEMPLATES.values())
        for key in re.findall(r"""["'`]([a-z]+(?:\.[a-z_]+)+)["'`]""", text)
        if key.split(".")[0] in GROUPS
    }
    assert len(asked) > 100
    assert sorted(asked - words.keys()) == []


def test_every_word_that_is_put_together_has_all_its_endings():
    words = language.catalogue("en")
    phases = ("join", "score", "predict", "reveal", "change", "commit", "close")
    dimensions = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")
    wanted = [f"phase.{one}" for one in phases] + [f"h.prompt.{one}" for one in phases]
    wanted += [f"dim.{one}.{end}" for one in dimensions for end in ("short", "given", "received", "low", "high")]
    wanted += [f"c.{group}.{one}" for group in ("answer", "should") for one in ("yes", "no", "close")]
    parts = re.search(r"PARTS = \[([^\]]+)\]", SCRIPTS["stage.js"])
    assert parts is not None
    wanted += [f"h.part.{one}{end}" for one in re.findall(r'"(\w+)"', parts[1]) for end in ("", ".ask")]
    assert [key for key in wanted if key not in words] == []


def test_every_lever_and_assumption_that_the_page_shows_has_a_name():
    from sim.hireback.market import ASSUMPTIONS
    from sim.workshop.menu import OF_CONTRACTORS, OF_DEPARTMENTS

    words = language.catalogue("en")
    wanted = [f"lever.{one}" for one in (*OF_DEPARTMENTS, *OF_CONTRACTORS)] + [
        f"assume.{one.name}" for one in ASSUMPTIONS
    ]
    assert [key for key in wanted if key not in words] == []


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_no_script_makes_markup_or_code_out_of_text(name: str):
    assert (
        re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc", SCRIPTS[name]
        )
        == []
    )


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_no_template_holds_a_script_or_a_style_of_its_own(name: str):
    text = TEMPLATES[name]
    assert re.findall(r"<style|\sstyle=|\son\w+=", text) == []
    assert [
        one for one in re.findall(r"<script([^>]*)>", text) if "src=" not in one and "application/json" not in one
    ] == []


def test_nothing_is_asked_for_elsewhere():
    for name, text in {**SCRIPTS, **SHEETS, **TEMPLATES}.items():
        found = [one for one in re.findall(r"(?:https?:)?//[\w.]+\.\w+[^\s\"'`)]*", text) if one != NAMESPACE]
        assert found == [], name


@pytest.mark.parametrize("spoken", ["en", "de"])
def test_the_participants_page_is_small(spoken: str):
    first = [SCRIPTS["phone.js"], SCRIPTS["live.js"], SHEETS["style.css"]]
    assert re.findall(r'from "\./([\w.]+)"', SCRIPTS["phone.js"]) == ["live.js"]  # what else it needs comes later
    assert re.findall(r'from "\./([\w.]+)"', SCRIPTS["live.js"]) == []
    sent = sum(len(text.encode()) for text in (page(spoken), *first))
    assert sent <= MOST_BYTES


def test_words_cannot_end_the_element_that_holds_them():
    environment = Environment(loader=FileSystemLoader(str(HERE.joinpath("templates"))), autoescape=True)
    words = {**language.catalogue("en"), "c.yes": "</script><img src=x onerror=alert(1)>"}
    sent = environment.get_template("phone.html").render(
        messages=words, language="en", code="BCDFG", title="A", view="phone"
    )
    assert "<img" not in sent
