"""E5: service pays for the sins of the past. Hidden faults and promises that cannot be kept surface long after.

What was sold is kept with who made it, when, for whom; after a lognormal time it surfaces, if the customer is still there: as a
failure, and as work for whoever sold it. Cutting corners pays first: haste saves working time today. Forms: no source,
modelling choices.
"""

from sim import draws
from sim.compiled import part, rule
from sim.population import NOBODY
from sim.portable import exp, log

LATENT, SURFACE, PROMISE = int(draws.Purpose.LATENT), int(draws.Purpose.SURFACE), int(draws.Purpose.PROMISE)


@rule
def share_hidden(rate, haste, haste_effect, lessons):
    """Return (l0 + k h) exp(-lessons), at most 1: the share of work that looks right and hides a fault.

    Neutral: l0 = 0, h = 0.
    """
    return min(1.0, (rate + haste_effect * haste) * exp(-lessons))


@rule
def pace(haste):
    """Return ln(1 - h), the log of the factor on working time. Neutral: h = 0."""
    return log(1.0 - haste)


@part
def remember(clock, later, day_ring_later, client, ordinal, link, unit, kind, made, due):
    """Keep what will surface on day ``due``; the caller has made sure that there is a row."""
    row = clock.free_later
    clock.free_later = later[row].next
    clock.free_laters -= 1
    one = later[row]
    one.client = client
    one.ordinal = ordinal
    one.link = link
    one.unit = unit
    one.kind = kind
    one.made = made
    one.due = due
    put_off(later, day_ring_later, row)


@part
def put_off(later, day_ring_later, row):
    """File a row under its day; one beyond the ring's end is filed again as its bucket comes round."""
    bucket = int(later[row].due) & (len(day_ring_later) - 1)
    later[row].next = day_ring_later[bucket]
    day_ring_later[bucket] = row


@part
def forget(clock, later, row):
    """Put a row back on the free list."""
    later[row].client = NOBODY
    later[row].next = clock.free_later
    clock.free_later = row
    clock.free_laters += 1


@rule
def delay(keys, key, kind, mean, spread):
    """Return the working days until it surfaces: lognormal, at least until tomorrow."""
    return 1.0 + draws.lognormal(draws.uniform(keys[SURFACE], key, kind), mean, spread)
