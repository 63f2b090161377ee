"""Which figures of an organisation come from data, which somebody wrote down, and which are still defaults.

What was set from data stands in the graph attribute ``sources``, a line each, and travels with the organisation through every
format: ``IT → Sales: satisfaction_gap, internal_service: staff survey, 14 raters``.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Sequence
from importlib import resources

import pandas as pd

from sim import levers
from sim.chain import ServiceChain

_LINE = re.compile(r"(?P<place>.+): (?P<levers>[a-z_]+(?:, [a-z_]+)*): (?P<source>.+)")
HOMES: tuple[levers.Home, ...] = ("firm", "unit", "link", "segment")


def line(place: str, names: Sequence[str], source: str) -> str:
    """Return a line of ``sources``: what was set where, and from what."""
    return f"{place}: {', '.join(names)}: {source}"


def with_sources(chain: ServiceChain, lines: Iterable[str]) -> ServiceChain:
    """Return a checked copy with further lines; what an earlier line said of the same lever in the same place is replaced."""
    new = list(lines)
    replaced = {(place, name) for place, names, _ in map(_parts, new) for name in names}
    kept = []
    for old in _lines(chain):
        place, names, source = _parts(old)
        left = [name for name in names if (place, name) not in replaced]
        if left:
            kept.append(line(place, left, source))
        elif not names:
            kept.append(old)
    out: ServiceChain = chain.copy()
    out.graph["sources"] = "\n".join([*kept, *new])
    if not out.graph["sources"]:
        del out.graph["sources"]
    return out.check()


def _lines(chain: ServiceChain) -> list[str]:
    return [one for one in str(chain.setting("sources")).split("\n") if one.strip()]


def _parts(text: str) -> tuple[str, list[str], str]:
    found = _LINE.fullmatch(text)
    return (found["place"], found["levers"].split(", "), found["source"]) if found else ("", [], text)


def set_from_data(chain: ServiceChain) -> pd.DataFrame:
    """Return what was set from data: place, lever, its value now (nan where the place is gone), and the source."""
    places = {" → ".join(edge): edge for edge in chain.edges} | {name: (name,) for name in chain.nodes}
    places |= {"firm": ()}
    rows = []
    for text in _lines(chain):
        place, names, source = _parts(text)
        for name in names or [""]:
            at = places.get(place)
            known = at is not None and name in levers.BY_NAME
            value = chain.value(name, *at) if known and at is not None else float("nan")
            rows.append((place or "–", name or "–", value, source))
    return pd.DataFrame(rows, columns=["place", "lever", "value", "source"])


def stayed_default(chain: ServiceChain) -> pd.DataFrame:
    """Return, for each lever, in how many places it is still at its default, the ones that move customers most first.

    Columns: lever, home, unit, default, places (how many there are), from_data, written (said in the file), left (default),
    influence (points of external satisfaction in the bundled organisations, `influence`), meaning, source (of the default).
    """
    counted: dict[levers.Home, list[tuple[str, ...]]] = {
        "firm": [()],
        "unit": [(name,) for name in chain.units],
        "link": list(chain.links),
        "segment": [(name,) for name in chain.segments],
    }
    data = set_from_data(chain)
    from_data = set(zip(data["place"], data["lever"], strict=True))
    points = influence()
    rows = []
    for one in levers.LEVERS:
        places = counted[one.home]
        surveyed = said = 0
        for place in places:
            bag = chain.edges[place] if len(place) == 2 else chain.nodes[place[0]] if place else {}
            if (" → ".join(place) or "firm", one.name) in from_data:
                surveyed += 1
            elif one.name in bag or one.name in chain.graph:
                said += 1
        left = len(places) - surveyed - said
        rows.append((one.name, one.home, one.unit, one.default, len(places), surveyed, said, left,
                     points.get(one.name, float("nan")), one.meaning, one.source))  # fmt: skip
    table = pd.DataFrame(rows, columns=[
        "lever", "home", "unit", "default", "places", "from_data", "written", "left", "influence", "meaning", "source",
    ])  # fmt: skip
    return table.sort_values(["influence", "lever"], ascending=[False, True], kind="stable", ignore_index=True)


def most_wanted(chain: ServiceChain, most: int = 4) -> pd.DataFrame:
    """Return, for each home, the levers of most influence that are still defaults everywhere in the firm.

    Those of units, links and segments come first: a client can be asked for them. Those of the firm are mostly constants of
    behaviour; where nobody can know them, vary them.
    """
    table = stayed_default(chain)
    left = table[(table["left"] == table["places"]) & (table["places"] > 0)]
    chosen = [left[left["home"] == home].head(most) for home in ("unit", "link", "segment", "firm")]
    return pd.concat(chosen, ignore_index=True)


def counts(chain: ServiceChain) -> pd.DataFrame:
    """Return how many figures of each home come from data, from the file, and from defaults."""
    table = stayed_default(chain).groupby("home", sort=False)[["from_data", "written", "left"]].sum()
    return table.reindex(list(HOMES)).reset_index()


@functools.cache
def influence() -> dict[str, float]:
    """Return the points by which each lever moves external satisfaction in the bundled organisations, as measured.

    ``python -m experiments.influence`` measures them; levers that are not in the file have not been measured.
    """
    found = resources.files("sim.client") / "influence.json"
    if not found.is_file():
        return {}
    points: dict[str, float] = json.loads(found.read_text(encoding="utf-8"))["points"]
    return points
