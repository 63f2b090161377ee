"""A made-up firm, a model that answers at once, and a house in which rooms are played without a network."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import httpx

from sim.chain import ServiceChain
from sim.workshop import session as sessions
from sim.workshop import views
from sim.workshop.house import Workshop
from sim.workshop.scores import DIMENSIONS
from sim.workshop.server import create_app

BASE = "http://127.0.0.1:8321"
JSON = {"Content-Type": "application/json"}


def firm(departments: int = 4) -> ServiceChain:
    """Return a firm in which everybody serves everybody a little, and the first faces customers."""
    chain = ServiceChain(name="Made-up firm", currency="CHF")
    names = ["Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta", "Theta"][:departments]
    for name in names:
        chain.add_department(name, staff=8)
    chain.add_segment("Buyers", customers=200)
    chain.add_link("Alpha", "Buyers")
    for supplier in names:
        for client in names:
            if supplier != client:
                chain.add_link(supplier, client, requests_per_case=0.05)
    return chain.check()


class Simulator:
    """A simulator that answers at once, from the question alone."""

    def __init__(self, chain: ServiceChain, log: list[Any]) -> None:
        self.chain, self.log = chain, log

    def ask(self, wish: Any, on_result: Callable[[dict[str, Any]], None]) -> None:
        self.log.append(("ask", wish))
        on_result({"effect": {"runs": 2, "final": True, "changes": [one.as_dict() for one in wish.changes]}})

    def prepare(self, wish: Any, on_result: Callable[[dict[str, Any]], None]) -> None:
        self.log.append(("prepare", wish))
        verdicts = [{"department": unit, "would": {"n": len(wish.cells)}} for unit in self.chain.units]
        on_result({"verdicts": verdicts, "levels": [], "running": None})
        on_result({"bottleneck": {"runs": 2, "departments": []}, "should": {}})

    def close(self) -> None:
        self.log.append(("close", None))


class Model:
    """What the engine asks, without the model behind it."""

    log: ClassVar[list[Any]] = []

    def assumptions(self) -> list[dict[str, Any]]:
        return [
            {"name": "price", "value": 1.0, "low": 0.1, "high": 10.0, "unit": "ratio", "default": 1.0, "source": "-"}
        ]

    def simulator(self, chain: ServiceChain, tell: Any, settings: Any) -> Simulator:
        return Simulator(chain, self.log)

    def levers(self, chain: ServiceChain, unit: str) -> list[dict[str, Any]]:
        return [{"name": "training", "where": unit, "low": 0, "high": 0.2, "value": 0.02, "before": 0.02}]

    def picture(self, chain: ServiceChain, cells: Any, levels: Any) -> dict[str, Any]:
        return {"nodes": [{"name": unit} for unit in chain.units], "links": []}

    def wish(self, question: Any) -> Any:
        return question


class Phone:
    """A participant's phone."""

    def __init__(self, house: House, code: str) -> None:
        self.code = code
        self.web = house.browser()

    async def send(self, what: str, expect: int = 200, /, **data: Any) -> dict[str, Any]:
        answer = await self.web.post(f"/j/{self.code}/{what}", json=data)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def score(self, about: str, value: int, expect: int = 200) -> dict[str, Any]:
        return await self.send("score", expect, about=about, scores=dict.fromkeys(DIMENSIONS, value))


class House:
    """A server with one session, its facilitator and any number of phones."""

    def __init__(self, folder: Path, chain: ServiceChain | None, **settings: Any) -> None:
        self.workshop = Workshop(folder, model=Model)
        self.session = self.workshop.begin(chain, **settings)
        self.app = create_app(self.workshop)
        self.code = self.session.code
        self.host = self.browser()

    def browser(self, base: str = BASE, address: str = "10.0.0.7") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 50000))
        return httpx.AsyncClient(transport=transport, base_url=base)

    async def lead(self) -> None:
        answer = await self.host.get(f"/host/{self.code}", params={"key": self.session.secret})
        assert answer.status_code == 303, answer.text
        self.session.think()

    async def act(self, do: str, expect: int = 200, /, **data: Any) -> dict[str, Any]:
        answer = await self.host.post(f"/host/{self.code}/act", json={"do": do, **data})
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def phone(self, department: str | None = None) -> Phone:
        phone = Phone(self, self.code)
        await phone.send("join", department=department)
        return phone

    async def phones(self, department: str, number: int) -> list[Phone]:
        return [await self.phone(department) for _ in range(number)]

    @property
    def state(self) -> dict[str, Any]:
        return self.session.public_state()

    @property
    def host_state(self) -> dict[str, Any]:
        return views.host_state(self.session)

    async def settled(self, ready: Callable[[], Any], seconds: float = 5) -> Any:
        """Wait until the model's threads have told something."""
        for _ in range(int(seconds / 0.01)):
            if found := ready():
                return found
            await asyncio.sleep(0.01)
        raise AssertionError("this did not come about")

    def cell(self, supplier: str, client: str) -> dict[str, Any]:
        return next(
            one for one in self.state["reveal"]["cells"] if (one["supplier"], one["client"]) == (supplier, client)
        )


def played(test: Callable[..., Any] | None = None, *, chain: Any = firm, **settings: Any) -> Any:
    """Play a test that is a coroutine over a house, in a loop of its own."""
    if test is None:
        return functools.partial(played, chain=chain, **settings)

    def play(tmp_path: Path) -> None:
        async def main() -> None:
            house = House(tmp_path / "sessions", chain() if chain else None, **settings)
            await house.lead()
            try:
                await test(house)
            finally:
                house.workshop.close()

        asyncio.run(main())

    play.__name__, play.__doc__ = test.__name__, test.__doc__
    return play


def reopened(house: House) -> sessions.Session:
    """Return the session as another process would find it, from the file alone."""
    from sim.workshop.store import Store

    again = sessions.Session(Store(house.session.store.path), model=Model)
    house.workshop.sessions[f"{again.code} again"] = again  # ends with the house
    return again
