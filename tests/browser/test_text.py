"""Whatever people type, and whatever a file from elsewhere holds, is text: on every page, in a real browser."""

from playwright.sync_api import expect

from sim import organisation, report
from sim.chain import ServiceChain
from tests.browser.conftest import LAPTOP
from tests.browser.room import Silent, room_full
from tests.browser.test_page import PARTS, PHASES, act, at
from tests.report import reported

MARK = "<img src=x onerror=window.broken=1>"
END = "</script><script>window.broken=2</script>"
QUOTE = '"><svg onload="window.broken=3">'
BRACES = "{{7*7}} ${7*7} &amp; %s"
BACKWARDS = "Sales \u202egnitekraM\u202c team"
"""Holds a mark that turns the rest of a line around."""
TURNS = "[...document.documentElement.innerText].filter(c => /[\\u202a-\\u202e\\u2066\\u2067]/.test(c)).length"
INTRUDERS = (
    "document.querySelectorAll('img[src=x], svg[onload], [onerror], script:not([src]):not([type*=json])').length"
)


def hostile():
    """Return a firm as a stranger might send it."""
    names = [MARK, END, QUOTE, BACKWARDS]
    chain = ServiceChain(name=f"Firm {MARK} {END} \u202eevil", currency="EUR")
    for name in names:
        chain.add_department(name, staff=6)
    chain.add_segment(BRACES, customers=200)
    chain.add_link(MARK, BRACES)
    for supplier in names:
        for client in names:
            if supplier != client:
                chain.add_link(supplier, client, requests_per_case=0.05)
    return chain.check()


def harmless(page, *texts):
    """See that nothing ran or became an element, that marks of direction are shown, and that these texts are there."""
    body = page.locator("body")
    for text in texts:
        expect(body).to_contain_text(text, timeout=20_000)
    assert page.evaluate("window.broken") is None
    assert page.evaluate(INTRUDERS) == 0
    assert page.evaluate(TURNS) == 0


def test_names_and_promises_of_a_stranger_are_text_on_every_page_of_every_step(serve, people, tmp_path):
    """Nobody may have asked for anything elsewhere either, or complained; `people` sees to that at the end."""
    file = tmp_path / "firm.toml"
    file.write_text(organisation.dump(hostile()), encoding="utf-8")
    server = serve(str(file), "--runs", "2")
    host = people(server.home, viewport=LAPTOP).page(server.host)
    screen = host.context.new_page()
    screen.goto(f"{server.home}/screen/{server.code}")
    phone = people(server.home).page(f"/j/{server.code}")
    harmless(phone, MARK, END, QUOTE, "Sales \ufffdgnitekraM\ufffd team")
    phone.get_by_label(MARK, exact=True).check()
    phone.get_by_test_id("join").click()
    harmless(phone, MARK)
    silent = room_full(server.home, server.code, MARK, 5)
    act(host, server.code, do="phase", to="score")
    for one in silent:
        one.score("given", 4)
        one.score(END, 2)
        one.score(QUOTE, 5)
    harmless(phone, END, QUOTE)
    act(host, server.code, do="phase", to="predict")
    for one in silent:
        one.predict("yes", 70, END)
    act(host, server.code, do="phase", to="commit")
    silent[0].post("commit", {"who": MARK, "what": END, "when": QUOTE})
    for text in ("back\u202ewards", "zero\u200bwidth", "bell\x07", "half \ud83d of a pair"):
        refused = Silent.everybody[0].http.post(
            f"/j/{server.code}/commit", content=_json(text), headers={"Content-Type": "application/json"}
        )
        assert refused.status_code == 400, ascii(text)
    act(host, server.code, do="focus", department=END)
    for part in PARTS:
        act(host, server.code, do="show", what=part, on=True)
    for phase in PHASES:
        act(host, server.code, do="phase", to=phase)
        for page in (host, screen, phone):
            at(page, phase)
            harmless(page)
        if phase == "reveal":
            for part in PARTS[:-1]:
                host.get_by_test_id(f"pick-{part}").click()
                harmless(host)
                harmless(screen)
        if phase in ("commit", "close"):
            harmless(phone, MARK, END, QUOTE)
            if phase == "commit":
                harmless(host, MARK, END, QUOTE)
    host.goto(f"{server.home}/host/{server.code}/print")
    harmless(host, MARK, END, QUOTE)
    table = host.evaluate(
        "async (code) => (await (await fetch(`/host/${code}/export/commitments.csv`)).text())", server.code
    )
    assert END in table


def _json(text):
    import json

    return json.dumps({"who": "we", "what": text, "when": "now"})


def test_a_page_elsewhere_can_neither_frame_read_nor_move_the_room(serve, people, browser, tmp_path):
    """Another origin in the same browser as the facilitator: cookies of the room stay where they belong."""
    server = serve("energy_distributor", "--runs", "2")
    host = people(server.home, viewport=LAPTOP, clean=False)
    desk = host.page(server.host)
    at(desk, "join")
    elsewhere = host.context.new_page()
    host.context.route(
        "http://elsewhere.test/**", lambda route: route.fulfill(body="<body></body>", content_type="text/html")
    )
    elsewhere.goto("http://elsewhere.test/")
    tried = elsewhere.evaluate(
        """async ([home, code]) => {
          const said = [];
          for (const [path, more] of [
            [`/host/${code}/act`, {method: "POST", mode: "no-cors", credentials: "include", body: '{"do":"lock","on":true}'}],
            [`/host/${code}/act`, {method: "POST", credentials: "include", headers: {"Content-Type": "application/json"},
              body: '{"do":"lock","on":true}'}],
            [`/host/${code}/export/share.json`, {credentials: "include"}],
            [`/static/live.js`, {mode: "no-cors"}]]) {
            try {
              const answer = await fetch(home + path, more);
              said.push(answer.type === "opaque" ? "blind" : await answer.text());
            } catch (error) { said.push("failed"); }
          }
          const frame = document.createElement("iframe");
          frame.src = `${home}/host/${code}`;
          document.body.append(frame);
          await new Promise((done) => { frame.onload = done; setTimeout(done, 3000); });
          let inside = null;
          try { inside = frame.contentDocument && frame.contentDocument.body.innerText; } catch { inside = null; }
          return [said, inside];
        }""",
        [server.home, server.code],
    )
    assert not any("organisation" in one or "locked" in one for one in tried[0]), tried
    assert not tried[1]
    assert not any("data-code" in frame.content() for frame in elsewhere.frames[1:] if not frame.is_detached())
    expect(desk.get_by_test_id("lock")).not_to_be_checked()


def test_the_report_shows_names_as_text(browser, tmp_path):
    name = f"{MARK} {END} {BACKWARDS}"
    content = report.document(reported.saved(tmp_path / "story"), client=name)
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    file = tmp_path / "report.html"
    file.write_text(report.html(content), encoding="utf-8")
    page.goto(file.as_uri())
    harmless(page, name.replace("\u202e", "\ufffd").replace("\u202c", "\ufffd"), reported.SCRIPT)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()
