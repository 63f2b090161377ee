"""XES event logs (IEEE 1849), streamed: one row an event, with the attributes of its trace beside its own.

Only what the standard extensions define is read: concept, organizational, time, lifecycle; other attributes are looked
at where their key says what they hold. Entities and external references are refused (defusedxml), so that a log can
neither read files nor blow up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from sim.errors import InputError
from sim.given import DAMAGED

MOST_LEVELS = 50
LARGEST = 5_000_000
"""Bytes from the end of one event to the end of the next: what is held of a log at a time."""

COLUMNS = (
    "case:concept:name",
    "time:timestamp",
    "concept:name",
    "lifecycle:transition",
    "org:group",
    "org:resource",
    "case:priority",
    "case:caller",
    "case:made_sla",
    "case:due",
    "case:opened",
    "case:resolved",
    "case:closed",
    "case:reopen_count",
    "case:reassignment_count",
    "case:parent",
    "case:caller_group",
    "case:hours_worked",
)
"""Columns of a row: XES keys, with ``case:`` before those of the trace."""

# Keys outside the standard extensions that help desks write, without regard to case and punctuation.
_OTHER_KEYS = {
    "priority": "case:priority", "impact": "case:priority", "requester": "case:caller", "caller": "case:caller",
    "callerid": "case:caller", "customer": "case:caller", "madesla": "case:made_sla", "duedate": "case:due",
    "sladue": "case:due", "openedat": "case:opened", "created": "case:opened", "createdat": "case:opened",
    "resolvedat": "case:resolved", "closedat": "case:closed", "reopencount": "case:reopen_count",
    "reassignmentcount": "case:reassignment_count", "assignmentgroup": "org:group", "team": "org:group",
    "dueat": "case:due", "dueby": "case:due",
    "parent": "case:parent", "parentid": "case:parent", "parentincident": "case:parent", "parentticket": "case:parent",
    "parentcase": "case:parent", "callergroup": "case:caller_group", "callerdepartment": "case:caller_group",
    "requesterdepartment": "case:caller_group", "hoursworked": "case:hours_worked",
    "group": "org:group", "department": "org:group", "assignedto": "org:resource", "assignee": "org:resource",
}  # fmt: skip


def looks_like(head: bytes) -> bool:
    """Tell whether the head of a file is XML; what is XML but no log is refused by `rows`."""
    text = head[:4000].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return text.startswith((b"<?xml", b"<log", b"<!DOCTYPE log", b"<!--"))


def rows(raw: IO[bytes], source: str) -> Iterator[list[str]]:
    """Yield one row an event, in the order of `COLUMNS`; memory holds one trace at a time."""
    place = {name: number for number, name in enumerate(COLUMNS)}
    trace_number = 0
    trace: dict[str, str] = {}
    depth_of_event = False
    open_elements: list = []
    measured = _Measured(raw, source)
    try:
        for what, element in iterparse(measured, events=("start", "end"), forbid_dtd=False, forbid_entities=True):
            name = element.tag.rpartition("}")[2]
            if what == "start":
                if not open_elements and name != "log":
                    raise InputError(
                        "this is XML, but no event log", source=source, place="root element", value=name,
                        allowed="an XES file, whose root is <log>",
                    )  # fmt: skip
                open_elements.append(element)
                if len(open_elements) > MOST_LEVELS:
                    raise InputError(
                        "the elements of this log are nested too deep", source=source, place=f"trace {trace_number}",
                        value=f"more than {MOST_LEVELS} levels", allowed="an XES event log",
                    )  # fmt: skip
                if name == "trace":
                    trace_number += 1
                    trace = {}
                depth_of_event = depth_of_event or name == "event"
                continue
            open_elements.pop()
            if depth_of_event and name != "event":
                continue
            parent = open_elements[-1] if open_elements else None
            if name == "event":
                depth_of_event = False
                row = [""] * len(COLUMNS)
                row[0] = trace.get("case:concept:name", f"trace {trace_number}")
                for key, value in trace.items():
                    row[place[key]] = value
                for child in element:
                    column = _column(child.get("key", ""), of_trace=False)
                    if column is not None and (column not in trace or not column.startswith("case:")):
                        row[place[column]] = child.get("value", "")
                yield row
            elif parent is not None and parent.tag.rpartition("}")[2] == "trace":
                column = _column(element.get("key", ""), of_trace=True)
                if column is not None:
                    trace[column] = element.get("value", "")
            if parent is not None:  # what was taken up is let go, so that memory holds one event at a time
                parent.remove(element)
                measured.since = 0
    except ParseError as error:
        line = error.position[0] if hasattr(error, "position") else "?"
        raise InputError(
            "this is not well-formed XML", source=source, place=f"line {line}", value=str(error),
            allowed="an XES event log", hint="export it again: it may be cut off",
        ) from None  # fmt: skip
    except DefusedXmlException as error:
        raise InputError(
            "this file defines XML entities, which are refused for safety", source=source, value=str(error)[:80],
            allowed="an XES event log without a DOCTYPE that defines entities",
        ) from None  # fmt: skip
    except (ValueError, LookupError) as error:  # an encoding that is not known, or that expat cannot read
        raise InputError(
            "this XML is in an encoding that cannot be read", source=source, value=str(error), allowed="UTF-8 or UTF-16"
        ) from None
    except DAMAGED as error:
        raise InputError("this file cannot be read to its end", source=source, value=str(error)) from None


class _Measured:
    """Bytes of a log, counted since the last event that was taken up."""

    def __init__(self, raw: IO[bytes], source: str) -> None:
        self.raw, self.source, self.since = raw, source, 0

    def read(self, size: int = -1) -> bytes:
        block = self.raw.read(size)
        self.since += len(block)
        if self.since > LARGEST:
            raise InputError(
                "one element of this log is too large", source=self.source, value=f"more than {LARGEST:,} bytes",
                allowed="events with their attributes",
            )  # fmt: skip
        return block


def _column(key: str, *, of_trace: bool) -> str | None:
    if of_trace and key == "concept:name":
        return "case:concept:name"
    if not of_trace and key in COLUMNS and not key.startswith("case:"):
        return key
    other = _OTHER_KEYS.get("".join(letter for letter in key.casefold() if letter.isalnum()))
    if of_trace and key == "org:group":
        return "org:group"
    return other
