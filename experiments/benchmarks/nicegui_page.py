"""The facilitator's change panel made with NiceGUI, for comparison: a slider, a sentence, a chart; the same runs behind it.

    python -m experiments.benchmarks.nicegui_page PORT

Started by `experiments.benchmarks.workshop` where NiceGUI is installed. It shows less than the workshop's page: no verdicts, no
phones' own pages. Every browser that is open sees every change, as in the workshop.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from experiments.benchmarks.speed import resized
from sim.workshop.simulation import Simulator, Wish
from sim.workshop.verdict import Change


def main(port: int, employees: int, customers: int, lever: str) -> None:
    """Serve the page."""
    from nicegui import app, ui

    chain = resized(employees, customers)
    unit = next(name for name in chain.units if chain.nodes[name]["kind"] == "department")
    simulator = Simulator(chain)
    shown: list[tuple[Any, Any, Any]] = []

    def show(effect: dict[str, Any]) -> None:
        difference, curve = effect["external"]["difference"], effect["curve"]
        for section, label, chart in shown:
            label.set_text(
                f"Customers' satisfaction: {difference[0]} [{difference[1]}, {difference[2]}], n = {effect['runs']}"
            )
            chart.options["series"][0]["data"] = list(zip(curve["day"], curve["before"], strict=True))
            chart.options["series"][1]["data"] = list(zip(curve["day"], curve["after"], strict=True))
            chart.update()
            section.props(f"data-to={effect['changes'][0]['to']:g} data-final={str(effect['final']).lower()}")

    def moved(event: Any) -> None:
        loop = asyncio.get_running_loop()
        wish = Wish(changes=(Change(lever, unit, float(event.args)),))

        def tell(part: dict[str, Any]) -> None:
            loop.call_soon_threadsafe(show, part["effect"])

        simulator.ask(wish, tell)

    @ui.page("/")
    def page() -> None:
        slider = ui.element("input").props(f'type=range min=0 max=1 step=0.001 data-testid="lever-{lever}"')
        slider.on("input", moved, js_handler="(event) => emit(event.target.value)")
        section = ui.element("section").props("data-testid=effect")
        with section:
            label = ui.label("Nothing is changed yet.")
            series: list[dict[str, Any]] = [{"type": "line", "name": name, "data": []} for name in ("before", "after")]
            chart = ui.echart(
                {
                    "xAxis": {"type": "value"},
                    "yAxis": {"type": "value", "scale": True},
                    "series": series,
                    "animation": False,
                }
            )
        shown.append((section, label, chart))

    app.on_shutdown(simulator.close)
    ui.run(port=port, host="127.0.0.1", reload=False, show=False, title="comparison")


if __name__ in {"__main__", "__mp_main__"}:
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
