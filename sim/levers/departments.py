"""C: between departments."""

from sim.levers.lever import Lever

_CONTACT = (
    "direction: intergroup contact, Pettigrew & Tropp 2006, doi:10.1037/0022-3514.90.5.751; size: a modelling choice"
)
_HUI = "direction and shape: Hui & Tse 1996, doi:10.1177/002224299606000206; size: a modelling choice"

LEVERS = (
    # --- C1: reciprocity ---------------------------------------------------------------------------------------------
    Lever("reciprocity", "firm", "C1", "care per unit of regard", 0, 10, 0.6, 0.0,
          "how much more care a supplier takes for a client by whom it is served better than at first",
          "direction: Gouldner 1960, doi:10.2307/2092623; size: a modelling choice"),
    Lever("regard_rate", "firm", "C1", "share per day", 0, 1, 0.03, None,
          "speed at which a supplier's regard for a client follows how the client serves it"),
    # --- C2: rivalry -------------------------------------------------------------------------------------------------
    Lever("rivalry", "link", "C2", "share", 0, 1, 0.0, 0.0, "usual hostility of the supplier toward this client"),
    Lever("rivalry_growth", "firm", "C2", "share", 0, 1, 0.1, 0.0,
          "rise in hostility on a day on which the client puts the blame for all of its cases on the supplier"),
    Lever("rivalry_fade", "firm", "C2", "share per day", 0, 1, 0.01, None,
          "speed at which hostility returns to the usual"),
    Lever("rivalry_care", "firm", "C2", "care", 0, 2, 1.0, None, "care withheld from a client at full hostility"),
    Lever("rivalry_delay", "firm", "C2", "share", 0, 1, 0.6, None,
          "share of a client's requests that wait until all others are done at full hostility"),
    # --- C3: blame passing -------------------------------------------------------------------------------------------
    Lever("ownership", "unit", "C3", "share", 0, 1, 0.9, 1.0,
          "share of failed or unclear requests that staff own rather than pass on"),
    Lever("unclear", "link", "C3", "share", 0, 1, 0.03, 0.0,
          "share of requests that come unclear: whose business is it?"),
    Lever("blame_errors", "firm", "C3", "log odds", 0, 20, 0.4, 0.0,
          "rise in the odds of an error of whoever works on what is not their business"),
    Lever("handover_empathy", "firm", "C3", "share", 0, 1, 0.1, 0.0,
          "share of empathy lost each time that a client is passed on"),
    Lever("blame_trust", "firm", "C3", "share", 0, 1, 0.05, 0.0, "share of trust lost in whoever is blamed"),
    # --- C4: bridges -------------------------------------------------------------------------------------------------
    Lever("cross_training", "link", "C4", "share", 0, 1, 0.0, 0.0,
          "share of the staff on both sides of a link who can do the other side's work"),
    Lever("gatherings", "link", "C4", "per year", 0, 250, 0.0, 0.0, "joint gatherings of both sides of a link"),
    Lever("bridge_growth", "firm", "C4", "share", 0, 1, 0.2, None,
          "share of what a tie across lacks that one gathering makes up for", _CONTACT),
    Lever("bridge_trust", "firm", "C4", "share", 0, 1, 0.5, None,
          "share of what the trust in a client lacks that a full bridge makes up for", _CONTACT),
    Lever("bridge_blame", "firm", "C4", "share", 0, 1, 0.8, None,
          "share of blame and hostility that a full bridge takes away", _CONTACT),
    Lever("cover_knowledge", "firm", "C4", "share", 0, 1, 0.85, None,
          "knowledge in the other side's work as a share of that in one's own"),
    # --- C5: a common platform; E4: information about waiting ---------------------------------------------------------
    Lever("platform", "firm", "C5", "share", 0, 1, 0.3, 0.0,
          "share of delays inside whose reason and time frame everyone concerned knows of"),
    Lever("waiting_information", "link", "E4", "share", 0, 1, 0.3, 0.0,
          "share of delays about which the client is told, as far as those who serve know of them"),
    Lever("information_acceptance", "firm", "E4", "share", 0, 1, 0.6, 0.0,
          "share of the annoyance at an intermediate wait that knowing its time frame takes away", _HUI),
    Lever("felt_wait", "firm", "E4", "share", 0, 5, 0.36, 0.0, "by how much waits are felt longer than they are",
          "Larson, second-hand: about 36 per cent"),
    # --- C6: alignment -----------------------------------------------------------------------------------------------
    Lever("alignment", "unit", "C6", "share", 0, 1, 1.0, 1.0,
          "how far the day's priorities follow customers' needs instead of the unit's own target, to get rid of work fast"),
    Lever("target_speed", "firm", "C6", "log time", 0, 2, 0.3, None,
          "by how much own targets alone would speed up work"),
    Lever("target_errors", "firm", "C6", "log odds", 0, 20, 1.2, None,
          "rise in the odds of an error when only own targets count"),
)  # fmt: skip
