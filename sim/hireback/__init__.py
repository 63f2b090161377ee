"""G: "Would they hire you back?" A department is imagined as spun off: its clients may buy from it, or from the market."""

from sim.hireback.choice import answer, certainty, stay, sure, swaps
from sim.hireback.market import ASSUMPTIONS, DIMENSIONS, Assumption, Market, Offers, offers

__all__ = [
    "ASSUMPTIONS", "DIMENSIONS", "Assumption", "Market", "Offers", "answer", "certainty", "offers", "stay", "sure", "swaps",
]  # fmt: skip
