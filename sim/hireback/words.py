"""Verdicts in plain words, for whoever has to act on them."""

from __future__ import annotations

from sim.estimates import Estimate
from sim.hireback.asis import AsIs, Verdict
from sim.hireback.choice import WORDS
from sim.hireback.market import DIMENSIONS

MEANINGS = {
    "reliability": "right, complete and on the promised day",
    "responsiveness": "how promptly they answer",
    "assurance": "knowing their business, and being seen to",
    "empathy": "caring about the client",
    "tangibles": "tools, place and the state of what is handed over",
    "trust": "what the client has come to trust them with",
    "price": "what they cost",
    "switching cost": "the bother of changing",
}
"""What each factor is, in the words of a client."""


def percent(one: Estimate) -> str:
    """Return a share with its interval in per cent."""
    if one.mean != one.mean:
        return "not measurable"
    text = f"{100 * one.mean:.0f} %"
    return text if one.low != one.low else f"{text} [{100 * max(0.0, one.low):.0f}, {100 * min(1.0, one.high):.0f}]"


def would(found: AsIs, unit: str) -> list[str]:
    """Return the verdict on a unit and its reasons, a sentence each."""
    verdict = found.of_unit(unit)
    if verdict.answer is None:
        return [f"Would they hire {unit} back? Nobody can tell: it served nobody in these days."]
    runs = f"{len(found.seeds)} run{'s' if len(found.seeds) > 1 else ''}"
    lines = [
        f"Would they hire {unit} back? {WORDS[verdict.answer].capitalize()}.",
        f"{percent(verdict.share)} of its clients' demand would stay: the mean over {runs} and {found.markets} markets "
        f"that could be out there. In nine markets of ten it is {_whole(verdict.market_low)} to {_whole(verdict.market_high)} "
        f"%. It is more than half in {chance(verdict.certainty)} of all cases, and 80 % or more in {chance(verdict.sure)}.",
        reason(verdict),
    ]
    return lines


def _whole(share: float) -> str:
    return f"{100 * share:.0f}"


def chance(part: float) -> str:
    """Return a certainty in per cent, without claiming more than was looked at."""
    return "over 99 %" if 0.995 <= part < 1 else "under 1 %" if 0 < part < 0.005 else f"{100 * part:.0f} %"


def reason(verdict: Verdict) -> str:
    """Say what decides: the factor, and the dimension of service, with the points of the share that each accounts for."""
    decides, dimension = verdict.decides, verdict.dimension
    if decides is None:
        return "Nothing in particular decides: in every respect it is much like an average vendor."
    text = f"What decides is {decides} ({points(verdict.swaps[decides])}): {MEANINGS[decides]}."
    if dimension is not None and dimension != decides:
        lead = "Of the service itself it is" if decides not in DIMENSIONS else "After it comes"
        text += f" {lead} {dimension} ({points(verdict.swaps[dimension])})."
    if verdict.answer != "no":
        worst = min(DIMENSIONS, key=lambda name: verdict.swaps[name])
        if verdict.swaps[worst] < -0.005 and worst not in (decides, dimension):
            text += f" What costs most is {worst} ({points(verdict.swaps[worst])}): {MEANINGS[worst]}."
    return text


def points(swap: float) -> str:
    """Return a swap in points of the share."""
    return f"{100 * swap:+.0f} points" if abs(swap) >= 0.005 else "less than a point"


def short_reason(verdict: Verdict) -> str:
    """Say in a few words what decides, for a table."""
    if verdict.decides is None:
        return "–"
    text = f"{verdict.decides} {100 * verdict.swaps[verdict.decides]:+.0f}"
    if verdict.dimension not in (None, verdict.decides) and abs(verdict.swaps[str(verdict.dimension)]) >= 0.005:
        text += f", {verdict.dimension} {100 * verdict.swaps[str(verdict.dimension)]:+.0f}"
    return text
