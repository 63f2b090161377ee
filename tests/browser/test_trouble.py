"""When something goes wrong in the room: the server dies, a phone loses the network, two rooms share a server."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import LAPTOP
from tests.browser.room import DIMENSIONS, Silent
from tests.browser.test_page import act, at


def joined(people, server, department="Call Centre", *, clean=True):
    page = people(server.home, clean=clean).page(f"/j/{server.code}")
    page.get_by_label(department).check()
    page.get_by_test_id("join").click()
    expect(page.get_by_test_id("change-department")).to_be_visible()
    return page


def own(page, code):
    return page.evaluate("async (code) => (await (await fetch(`/j/${code}/me`)).json()).me", code)


def answer(page, about, score, places=range(5)):
    page.get_by_test_id(f"block-{about}").click()
    groups = page.locator("fieldset")
    expect(groups).to_have_count(5)
    for place in places:
        groups.nth(place).get_by_role("radio", name=re.compile(rf"^{score}\b")).check()


def test_a_server_that_is_killed_in_mid_round_comes_back_where_it_was(serve, people):
    server = serve("energy_distributor", "--runs", "2")
    host = people(server.home, viewport=LAPTOP, clean=False).page(server.host)
    page = joined(people, server, clean=False)
    others = [Silent(server.home, server.code, "Billing") for _ in range(3)]
    act(host, server.code, do="phase", to="score")
    others[0].score("given", 5)
    at(page, "score")
    answer(page, "given", 4, places=range(3))

    server.kill()
    expect(page.get_by_test_id("offline")).to_be_visible(timeout=20_000)
    expect(host.get_by_test_id("offline")).to_be_visible(timeout=20_000)
    groups = page.locator("fieldset")
    for place in (3, 4):  # answers that are given while nobody listens
        groups.nth(place).get_by_role("radio", name=re.compile(r"^2\b")).check()

    again = serve("--resume", folder=server.folder, port=server.port)
    assert again.code == server.code
    expect(page.get_by_test_id("offline")).to_have_count(0, timeout=30_000)
    expect(host.get_by_test_id("offline")).to_have_count(0, timeout=30_000)
    at(host, "score")
    page.wait_for_function(
        "async (code) => Object.values((await (await fetch(`/j/${code}/me`)).json()).me.given ?? {}).length === 5",
        arg=server.code, timeout=20_000,
    )  # fmt: skip
    assert own(page, server.code)["given"] == dict(zip(DIMENSIONS, (4, 4, 4, 2, 2), strict=True))
    others[0].score("Call Centre", 3)  # and so is everybody's cookie


def test_a_phone_that_loses_the_network_loses_no_answer(serve, people):
    server = serve("energy_distributor", "--runs", "2")
    host = people(server.home, viewport=LAPTOP).page(server.host)
    page = joined(people, server, clean=False)
    act(host, server.code, do="phase", to="score")
    at(page, "score")
    page.context.set_offline(True)
    answer(page, "given", 5)
    expect(page.get_by_test_id("offline")).to_be_visible(timeout=40_000)
    act(host, server.code, do="phase", to="predict")
    page.context.set_offline(False)
    at(page, "predict")  # it catches up in one message
    page.wait_for_function(
        "async (code) => Object.values((await (await fetch(`/j/${code}/me`)).json()).me.given ?? {}).length === 5",
        arg=server.code, timeout=20_000,
    )  # fmt: skip


def test_somebody_who_opens_the_page_again_is_the_same_person(serve, people):
    server = serve("energy_distributor", "--runs", "2")
    host = people(server.home, viewport=LAPTOP).page(server.host)
    page = joined(people, server)
    act(host, server.code, do="phase", to="score")
    at(page, "score")
    answer(page, "given", 3)
    page.reload()
    at(page, "score")
    page.get_by_test_id("block-given").click()
    expect(page.locator("fieldset").first.get_by_role("radio", name=re.compile(r"^3\b"))).to_be_checked()
    expect(host.get_by_test_id("bar-joined")).to_contain_text("1")


def test_a_locked_room_takes_nobody_in_and_lets_those_who_are_in_go_on(serve, people):
    server = serve("energy_distributor", "--runs", "2")
    host = people(server.home, viewport=LAPTOP).page(server.host)
    inside = joined(people, server)
    late = people(server.home, clean=False).page(f"/j/{server.code}")
    late.wait_for_selector("[data-page]")
    host.get_by_test_id("lock").click()
    expect(late.locator("body")).to_contain_text("closed")
    act(host, server.code, do="phase", to="score")
    at(inside, "score")
    answer(inside, "given", 3)


def test_two_rooms_on_one_server_do_not_see_each_other(serve, people):
    server = serve("energy_distributor", "--runs", "2")
    first = people(server.home, viewport=LAPTOP, clean=False).page(server.host)
    made = first.evaluate(
        "async () => (await fetch('/host/new', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
        "body: JSON.stringify({organisation: 'retailer', language: 'en', minimum: 5})})).json()"
    )
    assert made["ok"], made
    other = made["code"]
    second = people(server.home, viewport=LAPTOP, clean=False).page(made["go"])
    at(second, "join")
    page = joined(people, server, clean=False)  # what is refused is named on the console
    expect(first.get_by_test_id("bar-joined")).to_contain_text("1")
    expect(second.get_by_test_id("bar-joined")).to_contain_text("0")
    act(first, server.code, do="phase", to="score")
    at(page, "score")
    at(second, "join")
    assert (
        second.goto(f"{server.home}/host/{server.code}").status == 403
    )  # one facilitator's cookie opens no other room
    strange = page.evaluate(
        "async (code) => (await fetch(`/j/${code}/score`, {method: 'POST', headers: {'Content-Type': 'application/json'}, "
        "body: JSON.stringify({about: 'given', scores: {empathy: 3}})})).status",
        other,
    )
    assert strange == 403


def test_a_late_phone_sees_in_one_message_where_the_room_is(serve, people):
    server = serve("energy_distributor", "--runs", "2")
    host = people(server.home, viewport=LAPTOP).page(server.host)
    act(host, server.code, do="phase", to="predict")
    page = people(server.home).page(f"/j/{server.code}")
    page.get_by_label("IT").check()
    page.get_by_test_id("join").click()
    at(page, "predict")
