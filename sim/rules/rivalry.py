"""C2: rivalry. A supplier that is hostile to a client makes it wait longer and gives it less.

Hostility lives on a link, in the direction in which work is done. It grows when the client puts the blame on the supplier
(C3), returns to the usual in weeks, and shrinks across bridges (C4). Forms: no source, modelling choices.
"""

from sim.compiled import rule
from sim.population import BEHIND


@rule
def hostility_after(hostility, usual, blamed, growth, fade, bridge, bridge_effect):
    """Return h + a B (1 - h) - f (h - h0) - k w f h after a day, held between 0 and 1.

    B is the share of the client's cases that it put on the supplier today, h0 the usual hostility, w the bridge. Neutral:
    h0 = 0, a = 0.
    """
    change = (
        growth * blamed * (1.0 - hostility) - fade * (hostility - usual) - bridge_effect * bridge * fade * hostility
    )
    return min(1.0, max(0.0, hostility + change))


@rule
def care(care_taken, hostility, withheld):
    """Return x - k h, held between -1 and 1: care that is left for the client."""
    return min(1.0, max(-1.0, care_taken - withheld * hostility))


@rule
def place_in_queue(place, hostility, delay, u):
    """Return the queue class: behind all other work with probability k h."""
    return BEHIND if u < delay * hostility else place


@rule
def trust(regard, hostility):
    """Return T (1 - h): how far a supplier trusts a client to whom it is hostile."""
    return regard * (1.0 - hostility)
