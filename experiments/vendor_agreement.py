"""How near a vendor's service comes to its offer: every unit of the bundled organisations, an average vendor in its place.

Run ``python -m experiments.vendor_agreement`` (a few minutes); ``--runs``: how many runs for each unit. The market is one in
which every vendor is the average one, so that what is left is what the place makes of it.
"""

from __future__ import annotations

import argparse

import numpy as np

from sim import organisation
from sim.hireback.market import DIMENSIONS, Market
from sim.hireback.vendor import should_all

ORGANISATIONS = ("energy_distributor", "retailer", "software_firm")


def main() -> None:
    """Print what vendors give, unit by unit, and mean and spread over units beside the offer, in points of 100."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4)
    runs = parser.parse_args().runs
    market = Market(market_spread=0.0, vendor_spread=0.0, dimension_spread=0.0, price_spread=0.0)
    given = []
    for name in ORGANISATIONS:
        for one in should_all(organisation.load(name), market=market, runs=runs):
            levels = [float((one.figures[f"{k}_before"] + one.figures[k]).mean()) for k in DIMENSIONS]
            given.append(levels)
            print(f"{one.unit:24s}", *(f"{level:6.1f}" for level in levels))
    table = np.array(given)
    for label, row in (
        ("mean", table.mean(axis=0)),
        ("spread", table.std(axis=0, ddof=1)),
        ("offer", 100 * market.means),
    ):
        print(f"{label:24s}", *(f"{value:6.1f}" for value in row))


if __name__ == "__main__":
    main()
