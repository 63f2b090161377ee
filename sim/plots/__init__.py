"""Pictures: the chain, the firm over time, dose and response, where money does most. Each function returns a Figure."""

from __future__ import annotations

from sim.plots import style  # noqa: F401  (chooses matplotlib's backend before anything else imports it)
from sim.plots.assumptions import dependence
from sim.plots.chain import chain_picture
from sim.plots.comparison import differences, unfolding
from sim.plots.hireback import internal_market, kept_by_client, mirror_picture
from sim.plots.hireback_change import steps, takeover, would_and_should
from sim.plots.runs import bands_over_years, dose_response, over_time
from sim.plots.weakest import forest, weakest_chain

__all__ = [
    "bands_over_years", "chain_picture", "dependence", "differences", "dose_response", "forest", "internal_market",
    "kept_by_client", "mirror_picture", "over_time", "steps", "takeover", "unfolding", "weakest_chain", "would_and_should",
]  # fmt: skip
