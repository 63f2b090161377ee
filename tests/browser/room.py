"""People in the room who have no screen in the test: they send what a phone sends."""

from __future__ import annotations

from typing import ClassVar

import httpx

DIMENSIONS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")


class Silent:
    """A participant without a browser; `leave` closes the connections of all of them."""

    everybody: ClassVar[list[Silent]] = []

    def __init__(self, home: str, code: str, department: str) -> None:
        self.at = f"/j/{code}"
        self.http = httpx.Client(base_url=home, headers={"Origin": home}, timeout=20)
        Silent.everybody.append(self)
        self.post("join", {"department": department})

    def post(self, what: str, data: dict) -> dict:
        answer = self.http.post(f"{self.at}/{what}", json=data)
        assert answer.status_code == 200, (what, data, answer.text)
        return answer.json()

    def score(self, about: str, *scores: int) -> None:
        """Give five scores, or one for all dimensions."""
        values = scores * 5 if len(scores) == 1 else scores
        self.post("score", {"about": about, "scores": dict(zip(DIMENSIONS, values, strict=True))})

    def predict(self, hired: str, share: int, weakest: str) -> None:
        self.post("predict", {"hired": hired, "share": share, "weakest": weakest})


def leave() -> None:
    """Let everybody go."""
    while Silent.everybody:
        Silent.everybody.pop().http.close()


def room_full(home: str, code: str, department: str, people: int) -> list[Silent]:
    """Let several people of a department join."""
    return [Silent(home, code, department) for _ in range(people)]
