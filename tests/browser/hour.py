"""The whole hour as one script: a facilitator, phones with browsers, and colleagues who only send; pictures of every step.

Used by the browser test, and to make the pictures of the guide: ``python -m tests.browser.hour docs/images``.
"""

from __future__ import annotations

import fcntl
import json
import re
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import FLAGS, LAPTOP, PHONE, SCREEN, Server, Watched, chromium
from tests.browser.room import Silent, leave

HOME, NEIGHBOUR, SUPPLIER = "Call Centre", "Dispatch", "Billing"
"""Departments of the energy distributor: whose phones have browsers, who else is there, and who serves both or one of them."""

Shoot = Callable[[str, Page], None]


@dataclass
class Hour:
    """Who is there.

    Attributes
    ----------
    host, screen : the facilitator's page and the one on the projector
    phones : participants with a browser, all of `HOME`
    silent : participants without one
    """

    server: Server
    host: Page
    screen: Page
    phones: list[Page]
    silent: list[Silent]
    shoot: Shoot

    def phase(self, name: str) -> None:
        """Let the facilitator go on, and everybody follow."""
        self.host.get_by_test_id(f"phase-{name}").click()
        for page in (self.screen, *self.phones):
            expect(page.locator("[data-phase]").first).to_have_attribute("data-phase", name)

    # --- the steps ----------------------------------------------------------------------------------------------------

    def join(self) -> None:
        """Everybody comes in, one by the form, late or not."""
        code = self.server.code
        expect(self.host.get_by_test_id("code")).to_have_attribute("aria-label", " ".join(code))
        self.shoot("host-join", self.host)
        self.phones[0].goto(self.server.home)
        self.phones[0].get_by_role("textbox").fill(code.lower())
        self.shoot("phone-code", self.phones[0])
        self.phones[0].keyboard.press("Enter")
        for page in self.phones[1:]:
            page.goto(f"{self.server.home}/j/{code}")
        for page in self.phones:
            page.get_by_label(HOME).check()
            if page is self.phones[0]:
                self.shoot("phone-join", page)
            page.get_by_test_id("join").click()
            expect(page.get_by_test_id("change-department")).to_be_visible()
        homes = [HOME] * 4 + [NEIGHBOUR] * 5 + [SUPPLIER] * 6
        self.silent = [Silent(self.server.home, code, home) for home in homes]
        expect(self.host.get_by_test_id("joined")).to_contain_text(str(len(self.phones) + len(self.silent)))
        self.shoot("screen-join", self.screen)

    def score(self) -> None:
        """Two phones by hand, every tap; the others send."""
        self.phase("score")
        for number, page in enumerate(self.phones):
            self._block(page, "given", 4 if number else 5)
            page.get_by_test_id(f"block-{SUPPLIER}").click()
            if number == 0:
                self.shoot("phone-score", page)
            self._answers(page, 2 + number % 2)
            page.get_by_test_id("block-back").click()
        for number, one in enumerate(self.silent):
            one.score("given", 4, 4 + number % 2, 4, 3 + number % 2, 4)
            if number < 4:
                one.score(SUPPLIER, 2, 2 + number % 2, 3, 2, 3)
                one.score(NEIGHBOUR, 4, 3, 4, 4, 4 - number % 2)
            elif number < 9:
                one.score("Network Operations", 3, 1 + number % 5, 3, 3, 4)
        expect(self.host.get_by_test_id("progress")).to_contain_text(HOME)
        self.shoot("host-score", self.host)

    def _block(self, page: Page, about: str, score: int) -> None:
        page.get_by_test_id(f"block-{about}").click()
        self._answers(page, score)
        page.get_by_test_id("block-back").click()

    def _answers(self, page: Page, score: int) -> None:
        """Answer five questions with the keyboard alone: the arrow keys move within a question, Tab goes to the next."""
        groups = page.locator("fieldset")
        expect(groups).to_have_count(5)
        for place in range(5):
            groups.nth(place).get_by_role("radio", name=re.compile(rf"^{score}\b")).check()

    def predict(self) -> None:
        """The room commits a guess before it sees anything."""
        self.phase("predict")
        for page in self.phones:
            expect(page.get_by_test_id("own-gap")).to_have_count(0)
            page.get_by_role("radio", name="Yes").check()
            page.locator("input[type=radio][name=share], input[type=range]").first.scroll_into_view_if_needed()
            share = page.get_by_role("radio", name=re.compile(r"^8\b"))
            if share.count():
                share.first.check()
            else:
                page.locator("input[type=range]").first.fill("80")
            page.get_by_test_id("weakest").select_option(NEIGHBOUR)
            if page is self.phones[0]:
                self.shoot("phone-predict", page)
            page.get_by_test_id("predict").click()
            expect(page.get_by_test_id("predict-again")).to_be_visible()
        for number, one in enumerate(self.silent):
            one.predict("yes" if number % 3 else "no", 50 + 3 * number, SUPPLIER if number % 2 else "IT")

    def reveal(self) -> None:
        """One part after another, on the screen and on the phones."""
        self.phase("reveal")
        for name in ("prediction", "gap", "verdict", "chain", "bottleneck", "disagree"):
            expect(self.screen.get_by_test_id(f"part-{name}")).to_have_count(0)
            self.host.get_by_test_id(f"pick-{name}").click()
            if name in ("verdict", "chain", "bottleneck"):
                self._settled()
            self._switch(f"show-{name}")
            expect(self.screen.get_by_test_id(f"part-{name}")).to_be_visible()
            self.shoot(f"screen-{name}", self.screen)
            if name == "gap":
                expect(self.screen.get_by_test_id("part-gap")).to_contain_text(SUPPLIER)
                self.shoot("host-gap", self.host)
        self.host.get_by_test_id("focus").select_option(SUPPLIER)
        expect(self.host.get_by_test_id("focus")).to_have_value(SUPPLIER)
        self.host.get_by_test_id("pick-verdict").click()
        expect(self.host.get_by_test_id("would")).to_be_visible()
        expect(self.host.get_by_test_id("should")).to_be_visible()
        self.shoot("host-verdict", self.host)
        expect(self.phones[0].get_by_test_id("own-verdict")).to_be_visible()
        self.shoot("phone-reveal", self.phones[0])

    def _switch(self, name: str) -> None:
        self.host.get_by_test_id(name).click()
        expect(self.host.get_by_test_id(name)).to_be_checked()

    def _settled(self) -> None:
        """Wait for the runs behind verdict, chain and bottleneck."""
        expect(self.host.get_by_test_id("running")).to_have_count(0, timeout=240_000)

    def change(self) -> None:
        """Move a lever, see what it does, take it back, pin it."""
        self.phase("change")
        self.host.get_by_test_id("focus").select_option(SUPPLIER)
        lever = self.host.get_by_test_id("lever-internal_service")
        lever.fill("0.9")
        effect = self.host.get_by_test_id("effect")
        expect(effect).to_have_attribute("data-final", "true", timeout=120_000)
        said = self.host.get_by_test_id("effect-sentence").inner_text()
        self._switch("show-effect")
        expect(self.phones[0].get_by_test_id("effect")).to_be_visible()
        expect(self.screen.get_by_test_id("effect-sentence")).to_have_text(said)
        self.shoot("host-change", self.host)
        self.shoot("screen-change", self.screen)
        self.shoot("phone-change", self.phones[0])
        self.host.get_by_test_id("undo").click()
        expect(lever).to_have_value("0.5")
        self.host.get_by_test_id("redo").click()
        expect(lever).to_have_value("0.9")
        expect(effect).to_have_attribute("data-final", "true", timeout=120_000)
        expect(self.host.get_by_test_id("effect-sentence")).to_have_text(said)  # the same figures, to the digit
        self.host.get_by_test_id("pin").click()
        expect(self.host.get_by_test_id("pinned")).to_be_visible()
        expect(self.host.get_by_test_id("effect-sentence")).not_to_have_text(said)  # as things are now, nothing changes
        self.host.get_by_test_id("undo").click()
        expect(self.host.get_by_test_id("effect-sentence")).to_have_text(said, timeout=120_000)

    def commit(self) -> None:
        """Who changes what by when."""
        self.phase("commit")
        page = self.phones[0]
        for name, text in (
            ("who", HOME),
            ("what", "Every request says what we need, and by when"),
            ("when", "From Monday"),
        ):
            page.get_by_test_id(f"commit-{name}").fill(text)
        self.shoot("phone-commit", page)
        page.get_by_test_id("commit").click()
        self.silent[-1].post(
            "commit", {"who": SUPPLIER, "what": "Tell whoever waits when they will hear", "when": "This month"}
        )
        expect(self.screen.get_by_test_id("commitments")).to_contain_text("From Monday")
        expect(self.screen.get_by_test_id("commitments")).to_contain_text("This month")
        self.shoot("host-commit", self.host)

    def close(self) -> dict[str, object]:
        """Save what is to be kept; return the share file."""
        self.phase("close")
        with self.host.expect_download() as download:
            self.host.get_by_test_id("export-share").click()
        shared: dict[str, object] = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
        with self.host.context.expect_page() as opened:
            self.host.get_by_test_id("print").click()
        paper = opened.value
        paper.wait_for_load_state()
        expect(paper.locator("body")).to_contain_text("From Monday")
        self.shoot("print", paper)
        paper.close()
        return shared

    def run(self) -> dict[str, object]:
        """Play the hour."""
        self.join()
        self.score()
        self.predict()
        self.reveal()
        self.change()
        self.commit()
        return self.close()


def gather(server: Server, browser: Browser, shoot: Shoot, watch: list[Watched], phones: int = 2) -> Hour:
    """Open everybody's pages."""

    def context(viewport: dict[str, int], **more: object) -> Watched:
        one = Watched(browser.new_context(viewport=viewport, locale="en-GB", **more), server.home)  # type: ignore[arg-type]
        watch.append(one)
        return one

    hosting = context(LAPTOP)
    host = hosting.page(server.host)
    screen = hosting.page(f"/screen/{server.code}")
    screen.set_viewport_size(SCREEN)  # type: ignore[arg-type]
    own = [context(PHONE, has_touch=True, is_mobile=True).context.new_page() for _ in range(phones)]
    for page in (host, screen, *own):
        page.set_default_timeout(30_000)
    return Hour(server, host, screen, own, [], shoot)


def play_it(folder: Path, *arguments: str) -> dict[str, object]:
    """Play the hour, keep pictures of its steps, and return the share file and what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    watch: list[Watched] = []

    def shoot(name: str, page: Page) -> None:
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"workshop-{name}.png", full_page=name.startswith("phone") and "code" not in name)

    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        server = Server(Path(home) / "sessions", ("energy_distributor", *arguments)).start()
        try:
            browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
            shared = gather(server, browser, shoot, watch).run()
        finally:
            leave()
            server.stop()
    return {
        "share": shared,
        "elsewhere": [one for each in watch for one in each.elsewhere],
        "complaints": [one for each in watch for one in each.complaints],
    }


def only_this_machine() -> bool:
    """Tell whether no other machine can be reached, as in a network namespace of its own; bring its loopback device up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up and running
    return [name for _, name in socket.if_nameindex()] == ["lo"]


if __name__ == "__main__":
    if "--alone" in sys.argv:
        assert only_this_machine()
    found = play_it(Path(sys.argv[1]), *(("--runs", "4") if "--alone" in sys.argv else ()))
    print(json.dumps(found))
