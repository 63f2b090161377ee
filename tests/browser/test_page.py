"""The pages themselves: for everybody, on small screens, by keyboard, in any language, light and dark."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.room import DIMENSIONS, room_full

PHASES = ("join", "score", "predict", "reveal", "change", "commit", "close")
PARTS = ("prediction", "gap", "verdict", "chain", "bottleneck", "disagree", "effect")
MESSAGE_KEY = re.compile(r"\b(?:[cph]|dim|phase|lever|decides|error|assume|unit)\.[a-z_]+(?:\.[a-z_]+)*\b")
PHONE_PAGE = 60_000
"""Bytes that a participant's page may take, everything together."""


def act(page, code, **todo):
    """Do something as the facilitator, without looking for the button."""
    status = page.evaluate(
        "async ([code, todo]) => (await fetch(`/host/${code}/act`, {method: 'POST', headers: "
        "{'Content-Type': 'application/json'}, body: JSON.stringify(todo)})).status",
        [code, todo],
    )
    assert status == 200, todo


def at(page, phase):
    expect(page.locator("[data-phase]").first).to_have_attribute("data-phase", phase)


@pytest.fixture
def full_room(serve, people):
    """A room that has scored, guessed and been calculated; the facilitator's page."""

    def make(*arguments, organisation="energy_distributor", **more):
        server = serve(organisation, "--runs", "2", *arguments)
        host = people(server.home, viewport=LAPTOP, **more).page(server.host)
        silent = room_full(server.home, server.code, "Call Centre", 5)
        act(host, server.code, do="phase", to="score")
        for number, one in enumerate(silent):
            one.score("given", 4)
            one.score("Billing", 2, 3, 2, 1 + number, 4)
        act(host, server.code, do="phase", to="predict")
        for one in silent:
            one.predict("yes", 70, "IT")
        act(host, server.code, do="focus", department="Billing")
        return server, host

    return make


def everything_shown(host, code):
    """Reveal all, move a lever, and wait for the figures."""
    act(host, code, do="phase", to="reveal")
    for part in PARTS:
        act(host, code, do="show", what=part, on=True)
    act(host, code, do="lever", lever="internal_service", where="Billing", to=0.9)
    act(host, code, do="commit", who="Billing", what="Answer", when="now")
    host.get_by_test_id("pick-bottleneck").click()
    expect(host.locator("[data-testid=part-bottleneck] svg")).to_be_visible(timeout=120_000)
    expect(host.get_by_test_id("running")).to_have_count(0, timeout=240_000)


def serious(page, axe):
    """Return what the checker finds serious or critical."""
    page.evaluate(axe)
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        (one["id"], [node["target"] for node in one["nodes"]][:3], one["nodes"][0]["failureSummary"])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_step_has_a_serious_barrier(full_room, people, axe, scheme):
    server, host = full_room(color_scheme=scheme)
    phone = people(server.home, color_scheme=scheme).page(f"/j/{server.code}")
    found = {}
    found["phone, join"] = serious(phone, axe)
    phone.get_by_label("Billing").check()
    phone.get_by_test_id("join").click()
    everything_shown(host, server.code)
    screen = host.context.new_page()
    screen.goto(f"{server.home}/screen/{server.code}")
    for phase in PHASES:
        act(host, server.code, do="phase", to=phase)
        for name, page in (("host", host), ("phone", phone), ("screen", screen)):
            at(page, phase)
            found[f"{name}, {phase}"] = serious(page, axe)
    act(host, server.code, do="phase", to="score")
    phone.get_by_test_id("block-given").click()
    found["phone, questions"] = serious(phone, axe)
    act(host, server.code, do="phase", to="reveal")
    for part in PARTS[:-1]:
        host.get_by_test_id(f"pick-{part}").click()
        found[f"host, {part}"] = serious(host, axe)
    host.goto(f"{server.home}/host/{server.code}/print")
    found["print"] = serious(host, axe)
    assert {place: what for place, what in found.items() if what} == {}


def test_the_page_is_dark_where_people_like_it_dark(serve, people):
    server = serve("energy_distributor", "--runs", "2")
    shades = {}
    for scheme in ("light", "dark"):
        page = people(server.home, color_scheme=scheme).page(f"/j/{server.code}")
        page.wait_for_selector("[data-page]")
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        shades[scheme] = sum(map(float, re.findall(r"[\d.]+", colour)[:3]))
    assert shades["light"] > 600
    assert shades["dark"] < 200


def test_somebody_with_a_keyboard_alone_can_join_score_and_guess(full_room, people):
    server, host = full_room()
    act(host, server.code, do="phase", to="join")
    page = people(server.home).page(f"/j/{server.code}")
    page.wait_for_selector("[data-page]")

    def tab_to(locator, most=60):
        for _ in range(most):
            page.keyboard.press("Tab")
            if locator.evaluate("one => one === document.activeElement"):
                return
        raise AssertionError(f"no way there by Tab: {locator}")

    tab_to(page.locator("input[name=department]").first)
    page.keyboard.press("Space")
    for _ in range(10):
        if page.get_by_label("Billing", exact=True).is_checked():
            break
        page.keyboard.press("ArrowDown")
    tab_to(page.get_by_test_id("join"))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("change-department")).to_be_visible()
    act(host, server.code, do="phase", to="score")
    at(page, "score")
    tab_to(page.get_by_test_id("block-given"))
    page.keyboard.press("Enter")
    groups = page.locator("fieldset")
    expect(groups).to_have_count(5)
    for place in range(5):
        tab_to(groups.nth(place).get_by_role("radio").first)
        page.keyboard.press("Space")
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        expect(groups.nth(place).get_by_role("radio", name=re.compile(r"^4\b"))).to_be_checked()
    tab_to(page.get_by_test_id("block-back"))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("block-given")).to_be_focused()
    me = page.evaluate("async (code) => (await (await fetch(`/j/${code}/me`)).json()).me", server.code)
    assert me["given"] == dict.fromkeys(DIMENSIONS, 4)


def test_beside_every_picture_stands_its_table(full_room):
    server, host = full_room()
    everything_shown(host, server.code)
    for part in PARTS:
        if part == "effect":
            act(host, server.code, do="phase", to="change")
        else:
            host.get_by_test_id(f"pick-{part}").click()
        place = host.get_by_test_id("effect" if part == "effect" else f"part-{part}")
        expect(place.locator("svg").first).to_be_visible()
        pictures = place.locator("figure:has(> svg, svg[role=img])")
        for number in range(pictures.count()):
            figure = pictures.nth(number)
            assert figure.locator("svg").first.get_attribute("aria-labelledby"), part
            figure.locator("summary").first.click()
            assert figure.locator("table tbody tr").count() > 0, part


@pytest.mark.parametrize("language", ["en", "de", "xx"])
def test_nothing_is_cut_off_on_a_small_phone_in_any_language(full_room, people, language):
    server, host = full_room()
    act(host, server.code, do="language", to=language)
    act(host, server.code, do="phase", to="join")
    page = people(server.home).page(f"/j/{server.code}")
    page.wait_for_selector("[data-page]")
    page.locator("input[name=department]").first.check()
    page.get_by_test_id("join").click()
    expect(page.get_by_test_id("change-department")).to_be_visible()
    everything_shown(host, server.code)
    for phase in PHASES:
        act(host, server.code, do="phase", to=phase)
        at(page, phase)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], (language, phase)
        small = page.evaluate(
            "[...document.querySelectorAll('button, select, input:not([type=radio]):not([type=checkbox])')]"
            ".filter(one => one.offsetParent && one.getBoundingClientRect().height < 24).map(one => one.outerHTML)"
        )
        assert small == []
    act(host, server.code, do="phase", to="score")
    page.get_by_test_id("block-given").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    act(host, server.code, do="phase", to="reveal")
    for width in (1024, 1280):
        host.set_viewport_size({"width": width, "height": 720})
        for part in PARTS[:-1]:
            host.get_by_test_id(f"pick-{part}").click()
            assert host.evaluate("document.documentElement.scrollWidth") <= width, (language, part, width)


def test_every_text_is_there_in_every_language(full_room, people):
    server, host = full_room()
    everything_shown(host, server.code)
    phone = people(server.home).page(f"/j/{server.code}")
    phone.wait_for_selector("[data-page]")
    phone.get_by_label("Call Centre").check()
    phone.get_by_test_id("join").click()
    for language in ("en", "de"):
        act(host, server.code, do="language", to=language)
        for phase in PHASES:
            act(host, server.code, do="phase", to=phase)
            for page in (host, phone):
                at(page, phase)
                keys = re.findall(
                    r"\b(?:[cphn]|dim|phase|lever|decides|error|assume|unit)\.[a-z_]+(?:\.[a-z_]+)*\b",
                    page.inner_text("body"),
                )
                assert keys == [], (language, phase)
                assert "{" not in page.inner_text("body")


def test_a_participant_s_page_is_light(serve, people):
    server = serve("energy_distributor", "--runs", "2")
    one = people(server.home)
    page = one.context.new_page()
    sizes = {}

    def weigh(response):
        if "/events" not in response.url:
            sizes[response.url] = len(response.body())

    page.on("response", weigh)
    page.goto(f"{server.home}/j/{server.code}")
    page.wait_for_selector("[data-page]")
    page.wait_for_timeout(500)
    assert sum(sizes.values()) <= PHONE_PAGE, sizes


def test_names_that_look_like_code_are_only_names(serve, people):
    server = serve("--room-builds", "--runs", "2")
    host = people(server.home, viewport=LAPTOP).page(server.host)
    page = people(server.home).page(f"/j/{server.code}")
    page.wait_for_selector("[data-page]")
    evil = "<img src=x onerror=alert(1)>"
    page.get_by_test_id("department-name").fill(evil)
    page.get_by_test_id("join").click()
    expect(page.get_by_test_id("change-department")).to_be_visible()
    act(host, server.code, do="phase", to="score")
    at(page, "score")
    expect(page.locator("body")).to_contain_text(evil)
    assert page.locator("img").count() == host.locator("img[src=x]").count() == 0


def test_headings_go_down_step_by_step(full_room, people):
    server, host = full_room()
    everything_shown(host, server.code)
    for phase in PHASES:
        act(host, server.code, do="phase", to=phase)
        at(host, phase)
        levels = [
            int(one)
            for one in host.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(one => one.tagName[1])")
        ]
        assert levels.count(1) == 1, phase
        assert all(after - before <= 1 for before, after in pairwise(levels)), (phase, levels)
