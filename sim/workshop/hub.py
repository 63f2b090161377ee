"""Tells every screen what the room looks like: the whole state each time, the newest only, once per change.

There is no queue. A hub holds one message, the latest; each listener remembers which one it has had. A phone that is slow,
asleep or new gets the latest when it is ready for it, and costs the others nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

TICK = 0.03
"""Seconds between broadcasts at the least; what happens in between goes out together."""


def as_json(state: Mapping[str, Any]) -> bytes:
    """Return a state as JSON on one line."""
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class Hub:
    """One stream of states.

    Parameters
    ----------
    make : returns the state as a JSON object, without its id; called at most once per tick
    first : id of the first message, one more with each that differs; let it begin above every id of an earlier process
    on_listeners : called when somebody begins or ends to listen
    tick : seconds between broadcasts at the least
    delay : seconds for which a change waits for others that may follow
    """

    def __init__(
        self,
        make: Callable[[], bytes],
        first: int,
        on_listeners: Callable[[], None] = lambda: None,
        *,
        tick: float = TICK,
        delay: float = 0.0,
    ) -> None:
        self._make = make
        self._tick, self._delay, self._due = tick, delay, 0.0
        self.id = first
        self._body = b""
        self.message = b""
        self._turn = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._last = -tick
        self._closed = False
        self.who: Counter[str] = Counter()
        self._on_listeners = on_listeners

    def touch(self, patience: float = 0.0) -> None:
        """Say that the state may have changed; a broadcast follows within a tick, if it has. Event loop only.

        ``patience`` is added where it may take longer; whatever is more urgent takes it along. Where nobody listens nothing is
        made; whoever comes gets the state of that moment.
        """
        if self._closed or not self.who:
            return
        loop = asyncio.get_running_loop()
        due = max(loop.time() + self._delay + patience, self._last + self._tick)
        if self._timer is None or due < self._due:
            if self._timer is not None:
                self._timer.cancel()
            self._due = due
            self._timer = loop.call_at(due, self._publish)

    def _publish(self) -> None:
        self._timer = None
        self._last = asyncio.get_running_loop().time()
        self.refresh()

    def refresh(self) -> bytes:
        """Make the message anew if the state differs, wake every listener, and return the latest message."""
        body = self._make()
        if body != self._body:
            self.id += 1
            self._body = body
            # SSE data is one line: JSON escapes every line end inside a text.
            self.message = b'id: %d\nevent: state\ndata: {"id":%d,%s\n\n' % (self.id, self.id, body[1:])
            self._turn.set()
            self._turn = asyncio.Event()
        return self.message

    @property
    def listeners(self) -> int:
        """Streams that are open."""
        return self.who.total()

    async def listen(self, who: str = "") -> AsyncIterator[bytes]:
        """Yield the latest message at once, and then each newer one; ends when the hub closes.

        ``who`` is counted in `who` while the stream is open.
        """
        self.refresh()
        seen = None
        self.who[who] += 1
        self._on_listeners()
        try:
            while not self._closed:
                turn = self._turn
                if seen != self.id:
                    seen = self.id
                    yield self.message
                else:
                    await turn.wait()
        finally:
            self.who[who] -= 1
            if not self.who[who]:
                del self.who[who]
            self._on_listeners()

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._turn.set()
