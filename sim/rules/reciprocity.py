"""C1: reciprocity. Whoever is served better by a client comes to regard it more, and serves it better in turn.

After the norm of reciprocity (Gouldner 1960, doi:10.2307/2092623). Regard follows the trust that the supplier's staff have in
the client as their own supplier; where the client does not serve it, regard stays at `goodwill`. Form: a modelling choice.
"""

from sim.compiled import rule


@rule
def regard_after(regard, trust, rate):
    """Return g + r (T - g) after a day: T is the trust in the client as a supplier."""
    return regard + rate * (trust - regard)


@rule
def care(lean, regard, first_regard, reciprocity):
    """Return x + k (g - g0), the care taken for a client, g0 the regard on the first day. Neutral: k = 0."""
    return lean + reciprocity * (regard - first_regard)
