"""A small firm whose names are as awkward as names can be, compared with itself, saved, and read again."""

from __future__ import annotations

from html.parser import HTMLParser

from sim import saving
from sim.chain import ServiceChain
from sim.compare import compare
from sim.estimates import Estimate
from sim.interventions import Intervention
from sim.scenario import Scenario
from sim.story import Point

SCRIPT = "<script>alert('1')</script>"
FORMULA = "=HYPERLINK(1)"
HEBREW = "מחלקה"


def chain():
    """Return a firm of three units and two segments."""
    firm = ServiceChain(name=f"Firm & {SCRIPT}", description='A "small" firm.', currency="CHF")
    firm.add_department(SCRIPT, staff=3, hours_per_request=0.5, error_rate=0.1)
    firm.add_department(FORMULA, staff=2, hours_per_request=0.5, error_rate=0.2)
    firm.add_contractor(HEBREW, staff=2, hours_per_request=0.5)
    firm.add_segment("Buyers & Co", customers=250, needs_per_year=12)
    firm.add_segment("Others", customers=50, needs_per_year=12)
    firm.add_link(SCRIPT, "Buyers & Co", requests_per_case=1.0)
    firm.add_link(HEBREW, "Others", requests_per_case=1.0)
    firm.add_link(FORMULA, SCRIPT, requests_per_case=0.5, dependence=0.8)
    firm.add_link(FORMULA, HEBREW, requests_per_case=0.2)
    return firm.check()


def scenarios(runs=6):
    """Return the firm as it is, with something that helps, and with nothing changed."""
    first = Scenario("As it is", chain(), days=40, warm_up=20, runs=runs)
    better = first.what_if(
        f"Better {SCRIPT}", Intervention("error_rate", 0.0, FORMULA, ramp=5), Intervention("internal_service", 0.9)
    )
    return [first, better, first.what_if("=Same", Intervention("training", first.firm.value("training", SCRIPT)))]


def saved(folder, runs=6, story=True):
    """Return results as the commands write them into a folder."""
    found = compare(scenarios(runs), workers=1)
    points = [
        Point("It <helps>", Estimate(1.5, 1.0, 2.0, runs), "points", above=0.0),
        Point("It hurts", Estimate(0.1, -1.0, 1.2, runs), "points", above=0.0),
    ]
    folder.mkdir()
    inputs = {"story": "made-up", "title_of_story": "A story: of <b>tests</b>", "look_for": "anything"} if story else {}
    saving.save(
        folder, found, "csv", "scenario" if story else "compare", points if story else (), precision=None, **inputs
    )
    return saving.read(folder)


class Page(HTMLParser):
    """What a page is made of: every tag with its attributes, and the text outside of style."""

    VOID = frozenset({"meta", "img", "br", "hr", "link", "input"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.open, self.rows = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.words.append(data)
        if self.rows and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]
