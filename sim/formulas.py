"""Text that a spreadsheet would run as a formula: one rule for every CSV that this program writes and reads.

A text that begins with ``=``, ``+``, ``-`` or ``@`` (also behind spaces, and in their wide forms), with a tab or a line end
gets an apostrophe in front, which keeps spreadsheets from calculating it; the readers here take it off again. Numbers stay
numbers: -1.5 is written as it is, and only the *text* ``-1.5`` gets the mark. A text that already begins with apostrophes
before such a sign gets one more, so that every text comes back as it was. In workbooks nothing is added: the cell itself says
that it holds text.

Source of the signs: OWASP, "CSV injection" (2024). Not covered: a comma-separated file opened by a spreadsheet that is set to
semicolons splits a text at its own semicolons, and a part of it may then begin a formula.
"""

from __future__ import annotations

import re
from typing import Any

_FORMULA = re.compile(r"'*[\s\ufeff]*[=+\-@＝＋－＠]|'*[\t\r\n]")


def is_formula(text: str) -> bool:
    """Tell whether a spreadsheet might take a text for a formula, or whether it is one behind apostrophes."""
    return bool(_FORMULA.match(text))


def guarded(value: Any) -> Any:
    """Return what to write into a cell of a CSV: a text with an apostrophe before it where it needs one, all else as it is."""
    return "'" + value if isinstance(value, str) and is_formula(value) else value


def unguarded(value: Any) -> Any:
    """Return what a cell of a CSV held before `guarded`."""
    return value[1:] if isinstance(value, str) and value[:1] == "'" and is_formula(value) else value
