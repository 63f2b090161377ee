"""C5, E4: information about waiting. Whoever knows of a delay, its reason and its time frame can guide the client.

A wait is made of what a unit can see itself (its own line and work) and of what it waited for inside; of the latter it knows
as far as there is a common platform. What it knows it tells, as far as that is the custom. Being told the length of a wait
does not help with short waits, helps most with intermediate ones and less with long ones, and works by acceptance, not by
shortening the felt wait (Hui & Tse 1996, doi:10.1177/002224299606000206).
"""

from sim.compiled import rule
from sim.portable import exp


@rule
def felt(wait, longer):
    """Return w (1 + k): waits are felt longer than they are (Larson, second-hand: k = 0.36). Neutral: k = 0."""
    return wait * (1.0 + longer)


@rule
def told(wait, inside, platform, information):
    """Return the share of the wait about which the client is told, i (w - x + p x) / w, x the wait for inputs inside.

    Neutral: i = 0 (nobody is told anything), p = 0 (nothing is known of what happens elsewhere in the firm).
    """
    if information == 0.0 or wait <= 0.0:
        return 0.0
    return information * (wait - inside + platform * inside) / wait


@rule
def accepted(prompt, share_told, wait, acceptable, acceptance):
    """Return P + k i h(w / w*) (1 - P), h(x) = x exp(1 - x): largest for a wait about as long as is acceptable.

    Neutral: k = 0.
    """
    if share_told == 0.0:
        return prompt
    x = wait / acceptable
    return prompt + acceptance * share_told * x * exp(1.0 - x) * (1.0 - prompt)
