"""The roles that columns of a ticket export can play, and the names under which systems export them.

Names were gathered from the public field lists and exports of ServiceNow, Jira, Zendesk, Freshdesk, BMC Remedy and from
process-mining tools and logs (XES, Disco, Celonis, ProM). Patterns run on a header in lower case, with camel
case split, and anything but letters and digits turned into single spaces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "date", "name", "flag", "count", "word", "hours", "reference", "group"]


@dataclass(frozen=True, slots=True)
class Role:
    """What a column can be used for.

    Attributes
    ----------
    name : as written in an override (``--column team="Assignment group"``)
    kind : what its values look like
    meaning : one line for people
    names : (pattern over a whole header, weight from 0 to 1)
    """

    name: str
    kind: Kind
    meaning: str
    names: tuple[tuple[str, float], ...]

    def score(self, header: str) -> float:
        """Return how well a header fits, 0 to 1."""
        plain = plain_header(header)
        return max((weight for pattern, weight in self.names if re.fullmatch(pattern, plain)), default=0.0)


def plain_header(header: str) -> str:
    """Return a header in the form that the patterns expect."""
    text = re.sub(r"(?<=[a-zäöüß0-9])(?=[A-ZÄÖÜ])", " ", header[:1_000])  # patterns on longer ones take long
    text = re.sub(r"[^0-9a-zäöüßéèêàçñ]+", " ", text.casefold())
    return re.sub(r"^(?:custom field|u|fields|sys) (?=\S)", "", " ".join(text.split()))


_AT = r"(?: (?:at|on|date|time|datetime|date time|timestamp|dt))*(?: (?:utc|gmt|local))?"
_TICKET = r"(?:incident|ticket|case|issue|request|sr|task|problem|change|call|interaction|work order|incidence)"

ROLES: tuple[Role, ...] = (
    Role("case", "id", "which ticket a row belongs to", (
        (r"case concept name|case id|caseid|case key|case", 1.0),
        (rf"{_TICKET} (?:id|key|number|no|nr|num|nummer|#)", 1.0), (rf"{_TICKET}id", 1.0),
        (r"number|key|ticket|incident|issue|sr", 0.9), (r"id|nr|no|nummer|ref|reference|trace id|trace", 0.7),
        (r"parent case|vorgang|fall|fall id|ticketnummer|vorgangsnummer", 0.7))),
    Role("timestamp", "date", "when the event of a row happened", (
        (r"time timestamp|timestamp|event time|event timestamp|eventtime|complete timestamp|completetimestamp", 1.0),
        (r"end timestamp|completion time|change date time|date stamp|datestamp|event date|activity time", 0.95),
        (rf"updated{_AT}|last updated{_AT}|updated|modified{_AT}|last modified{_AT}|update time", 0.9),
        (r"start timestamp|start time|end time|time|date|datetime|date time|zeitstempel|zeit|timestamp \d", 0.7),
        (r"history created|transition time|action time|log time|mod time|created at change", 0.7))),
    Role("opened", "date", "when the ticket was opened", (
        (rf"opened{_AT}|open{_AT[:-1]}+|case opened|open time|ticket opened{_AT}", 1.0),
        (rf"created{_AT}|(?:{_TICKET} )?(?:created|creation|create|reported|submitted|submit|logged){_AT}", 0.9),
        (rf"(?:{_TICKET} )?(?:open|opening|report|registration|registered|received|arrival){_AT}", 0.7),
        (r"erstellt(?: am)?|eröffnet(?: am)?|angelegt(?: am)?|erstellungsdatum|case start.*", 0.7))),
    Role("resolved", "date", "when the ticket was resolved", (
        (rf"resolved{_AT}|last resolved{_AT}|solved{_AT}|last solved{_AT}|case resolved", 1.0),
        (rf"(?:{_TICKET} )?(?:resolution|resolved|resolve|solved|fixed|completed|completion|done|restored){_AT[:-1]}+",
         0.9),
        (r"actual (?:resolution|end)(?: date| time)*|completed|gelöst(?: am)?|erledigt(?: am)?|lösungsdatum", 0.7))),
    Role("closed", "date", "when the ticket was closed", (
        (rf"closed{_AT}|case closed|(?:{_TICKET} )?(?:close|closed|closing|closure|finished|ended){_AT}", 1.0),
        (r"geschlossen(?: am)?|abgeschlossen(?: am)?|case end.*|end date", 0.7))),
    Role("team", "name", "the team that has the ticket", (
        (r"assignment group(?: name)?|assigned group|org group|support group|assignmentgroup", 1.0),
        (r"(?:current |assigned |support |resolver |resolution |owner |responsible )?(?:team|group)(?: name)?", 0.95),
        (r"support team|involved st|assigned to group|assigned support organi[sz]ation|group assigned|queue", 0.9),
        (r"(?:responsible |assigned |current )?(?:department|dept|unit|section|desk|squad|division|org unit)", 0.75),
        (r"involved org line \d|organi[sz]ation involved|responsible section|service desk", 0.7),
        (r"abteilung|gruppe|team \d", 0.7),
        (r"org role|role|component s|components|project(?: name)?|service component.*", 0.45))),
    Role("resource", "name", "the person who has the ticket or did the event", (
        (r"assigned to|assignee(?: name| id)?|org resource|resource|agent(?: name)?|assigned agent", 1.0),
        (r"(?:owner|handler|technician|engineer|analyst|operator|employee|user)(?: first)?(?: name| id)?", 0.85),
        (r"(?:updated|modified|resolved|closed|performed|changed) by|bearbeiter(?:in)?|author|actor|originator", 0.6))),
    Role("caller", "name", "who asked", (
        (r"caller(?: id| name)?|requester(?: id| name| email)?|requested (?:by|for)|case caller", 1.0),
        (r"(?:customer|client|reporter|contact|affected user|end user|submitter|account)(?: id| name| email)?", 0.9),
        (r"opened for", 0.9),
        (r"full name|email|e mail|organi[sz]ation|company|opened by|created by|creator|melder|kunde", 0.5))),
    Role("status", "word", "state of the ticket, or what was done", (
        (r"incident state|ticket state|state|status|ticket status|case status|status name|issue status", 1.0),
        (r"concept name|activity|activity name|event|event name|action|task name|operation", 0.95),
        (r"activity id|activity en", 0.95),
        (r"incident activity type|incidentactivity type|activity type|transition|lifecycle transition|to status", 0.7),
        (r"sub status|substatus|stage|phase|step|aktivität|zustand", 0.5))),
    Role("made_sla", "flag", "whether the agreed time was kept", (
        (r"made sla|sla (?:met|made|kept|ok|achieved|status|result|compliance|compliant|fulfilled)", 1.0),
        (r"(?:has |is )?(?:sla )?(?:breached|breach|violated|violation|missed|overdue)(?: sla)?", 0.9),
        (r"resolution status", 0.9),
        (r"(?:within|in|met|kept) sla|slm status|(?:resolution )?sla|case made sla|on time|in time", 0.85))),
    Role("due", "date", "by when it had been promised", (
        (r"sla due(?: date| time| at)*|due(?: by)?(?: date| time| at)*|case due|due by time|target date", 1.0),
        (r"(?:target|planned|expected|promised|agreed)(?: resolution| end| finish)?(?: date| time| at)+", 0.8),
        (r"deadline|fällig(?: am)?", 0.8))),
    Role("reassignments", "count", "how often the ticket was handed to another team", (
        (r"reassignment count|reassignments?|case reassignment count", 1.0),
        (r"(?:number|count|no|num|nr) of reassignments", 1.0),
        (r"group stations|group transfers|transfers?(?: count)?|handovers?(?: count)?|hops|total transfers", 0.9),
        (r"assignment count|reassigned(?: count)?|bounces?|escalation count", 0.6))),
    Role("reopens", "count", "how often the ticket was opened again", (
        (r"reopen count|reopens?|(?:number|count|no|num|nr|#) of reopens|reopened count|case reopen count", 1.0),
        (r"re open(?:ed|s)?(?: count)?|reopened|reopening count|times reopened", 0.8))),
    Role("priority", "word", "its priority", (
        (r"priority|case priority|prio|ticket priority|priorität", 1.0),
        (r"urgency|severity|impact|sr latest impact|case impact", 0.6))),
    Role("work", "hours", "working time spent on the ticket", (
        (r"time worked|time spent|work(?:ed)? (?:time|hours|minutes|seconds)|hours worked", 1.0),
        (r"effort(?: hours)?|handle time|case hours worked", 1.0),
        (r"(?:agent|handling|labou?r|total) (?:work|handle|handling|time|hours|effort)(?: time| spent)*", 0.8),
        (r"time spent (?:hours|minutes|seconds|h|min|s)|aufwand|arbeitszeit", 0.8))),
    Role("parent", "reference", "the ticket for which this one was opened", (
        (rf"parent(?: {_TICKET})?(?: (?:id|key|number|no|nr|num))?|parentid|{_TICKET} parent", 1.0),
        (rf"(?:main|master|original|originating|super) {_TICKET}(?: (?:id|key|number))?", 0.8),
        (rf"(?:caused by|child of|sub ?task of|subtask of|depends on)(?: {_TICKET})?", 0.7),
        (r"übergeordnet\w*(?: (?:vorgang|ticket|fall))?", 0.7))),
    Role("asker", "group", "team or group of customers of whoever asked", (
        (r"(?:caller|requester|requestor|customer|reporter|client|opened for|requested for|case caller) "
         r"(?:group|department|dept|team|unit|segment|org(?:ani[sz]ation)? unit|division|section)(?: name)?", 1.0),
        (r"requesting (?:group|department|dept|team|unit|division|section)|(?:customer )?segment", 0.9))),
)  # fmt: skip
"""Every role, in the order in which columns are given out."""

BY_NAME = {role.name: role for role in ROLES}

ENDED = re.compile(
    r"\b(resolved?|solved?|complet\w*|closed?|done|fixed|fulfilled|cancell?ed|finished|erledigt|gelöst|geschlossen"
    r"|abgeschlossen|implemented|close ticket|resolve ticket|ate_abort|withdrawn)\b"
)
"""States in which nobody works on a ticket any more."""
SOLVED = re.compile(r"\b(resolved?|solved?|complet\w*|done|fixed|fulfilled|erledigt|gelöst|resolve ticket)\b")
"""Those of them that say it was resolved rather than filed away."""
NOT_ENDED = re.compile(r"\b(un(?:re)?solved|not|never|reopen\w*|pending|partly|to be|incomplete|re open\w*)\b")

_TRUE = {"true", "1", "1.0", "yes", "y", "t", "ja", "wahr", "x"}
_FALSE = {"false", "0", "0.0", "no", "n", "f", "nein", "falsch"}
_KEPT = re.compile(
    r"within|met\b|made|kept|achiev|in time|on time|compl(?:ied|iant)|ok\b|success|fulfilled|not breached"
)
_BROKEN = re.compile(r"breach|violat|miss|fail|overdue|late\b|exceed|not met|non.?compl|outside|verletzt")


def is_ended(state: str, *, solved: bool = False) -> bool:
    """Tell whether a state's name says that work has ended (``solved``: that it was resolved)."""
    plain = plain_header(state)
    return bool((SOLVED if solved else ENDED).search(plain)) and not NOT_ENDED.search(plain)


def kept(text: str, header: str) -> float:
    """Return 1 where a cell says that the agreed time was kept, 0 where not, NaN where it says neither.

    In a column named after breaches, yes means no.
    """
    word = text.strip().casefold()
    inverted = bool(_BROKEN.search(plain_header(header)))
    if word in _TRUE:
        return 0.0 if inverted else 1.0
    if word in _FALSE:
        return 1.0 if inverted else 0.0
    if "not breached" in word or "no breach" in word:
        return 1.0
    if _BROKEN.search(word):
        return 0.0
    return 1.0 if _KEPT.search(word) else float("nan")


def hours_factor(header: str, median: float) -> tuple[float, str]:
    """Return by what to divide a working-time cell to get hours, and the unit: by its name, else by its size."""
    plain = plain_header(header)
    units = (
        (r"\b(seconds?|secs?|s)\b", 3600.0, "seconds"),
        (r"\b(minutes?|mins?)\b", 60.0, "minutes"),
        (r"\b(hours?|hrs?|h)\b", 1.0, "hours"),
    )
    for pattern, factor, unit in units:
        if re.search(pattern, plain):
            return factor, unit
    if median > 300:
        return 3600.0, "seconds, by their size"
    return (60.0, "minutes, by their size") if median > 12 else (1.0, "hours, by their size")
