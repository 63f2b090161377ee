"""Constraints on points: expressions over names of factors, read and worked out without ever running their text.

A firm cannot train people on more hours than it has, and a range that makes sense alone may not beside another. What is
allowed: numbers, names of factors, ``+ - * / **``, comparisons (also chained), ``and``, ``or``, ``not``, brackets, and
``abs``, ``min``, ``max``. A name that is no Python name stands in backticks, as pandas writes it: `` `training@IT` ``.

Two sides of a comparison that differ in nothing but rounding are equal: 0.1 + 0.2 <= 0.3 holds.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sim.errors import InputError, did_you_mean

ALLOWED = "numbers, names of factors, + - * / **, comparisons, and, or, not, abs, min, max"
ROUNDING = 1e-12
"""Share of the larger side by which two sides may differ and still be equal."""
LONGEST = 2_000
"""Characters of the longest constraint."""

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: np.divide, ast.Pow: np.power,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "min": lambda *numbers: _fold(np.minimum, numbers),
    "max": lambda *numbers: _fold(np.maximum, numbers),
}


class Constraint:
    """One condition that every point must meet.

    Parameters
    ----------
    text : the condition, for example ``0 < training + care_time <= 0.2 or openness > 0.5``
    names : names of the factors
    place : where it stands, for errors
    """

    def __init__(self, text: str, names: Sequence[str], *, place: str = "constraint") -> None:
        self.text, self._names, self._place = text, list(names), place
        if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
            raise InputError("this is no constraint", place=place, value=text,
                             allowed=f"a condition of up to {LONGEST} characters in quotes")  # fmt: skip
        self._quoted: dict[str, str] = {}
        plain = re.sub(r"`([^`]*)`", self._unquote, text)
        try:
            self._tree = ast.parse(plain.strip(), mode="eval").body
            if self._kind(self._tree) != "truth":
                raise self._error("a constraint must be true or false", text, hint="compare with something: <= 0.2")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self._error("this constraint cannot be read", text) from None

    def holds(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return for each row whether the condition holds; a side that is no number, as 0 / 0, makes it false."""
        length = len(next(iter(columns.values())))
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(self._value(self._tree, columns), dtype=bool), (length,)).copy()

    # --- reading ---------------------------------------------------------------------------------------------------------

    def _unquote(self, match: re.Match[str]) -> str:
        stand_in = f"quoted_{len(self._quoted)}_"
        self._quoted[stand_in] = match[1]
        return f" {stand_in} "

    def _error(self, problem: str, value: object, hint: str | None = None) -> InputError:
        return InputError(problem, place=self._place, value=value, allowed=ALLOWED, hint=hint)

    def _factor(self, node: ast.Name) -> str:
        said = self._quoted.get(node.id, node.id)
        lever, at, where = said.partition("@")
        for name in (said, lever.strip().replace("-", "_") + at + where.strip()):
            if name in self._names:
                return name
        raise InputError("there is no such factor", place=self._place, value=said, allowed=", ".join(self._names),
                         hint=did_you_mean(said, self._names))  # fmt: skip

    def _kind(self, node: ast.AST) -> str:
        """Return whether a part of the expression is a number or a truth; raise `InputError` where it is neither."""
        match node:
            case ast.Constant(value=bool()) | ast.Constant(value=complex()):
                pass
            case ast.Constant(value=int() | float() as number) if abs(number) < 1e300:
                return "number"
            case ast.Name():
                self._factor(node)
                return "number"
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
                return self._all("number", [inner])
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return self._all("truth", [inner])
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._all("number", [left, right])
            case ast.BinOp(op=ast.MatMult()):
                raise self._error("a name with @ must stand in backticks", self.text, hint="write `training@IT` <= 0.1")
            case ast.BoolOp(values=parts):
                return self._all("truth", parts)
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARISONS for op in ops):
                self._all("number", [left, *others])
                return "truth"
            case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in _FUNCTIONS:
                if (len(parts) == 1) != (name == "abs") or not parts:
                    raise self._error(
                        f"{name} wants {'one number' if name == 'abs' else 'two numbers or more'}", self.text
                    )
                return self._all("number", parts)
        raise self._error(
            "a constraint cannot hold this", ast.unparse(node) if isinstance(node, ast.expr) else self.text
        )

    def _all(self, kind: str, parts: Sequence[ast.expr]) -> str:
        for part in parts:
            if self._kind(part) != kind:
                wanted = "a number" if kind == "number" else "a comparison"
                raise self._error(f"{wanted} is wanted here", ast.unparse(part))
        return kind

    # --- working out -----------------------------------------------------------------------------------------------------

    def _value(self, node: ast.AST, columns: Mapping[str, np.ndarray]) -> Any:
        match node:
            case ast.Constant(value=number):
                return np.float64(number)  # type: ignore[arg-type]
            case ast.Name():
                return columns[self._factor(node)]
            case ast.UnaryOp(op=op, operand=inner):
                value = self._value(inner, columns)
                return (
                    np.logical_not(value) if isinstance(op, ast.Not) else -value if isinstance(op, ast.USub) else value
                )
            case ast.BinOp(left=left, op=op, right=right):
                return _ARITHMETIC[type(op)](self._value(left, columns), self._value(right, columns))
            case ast.BoolOp(op=op, values=parts):
                both = np.logical_and if isinstance(op, ast.And) else np.logical_or
                return _fold(both, [self._value(part, columns) for part in parts])
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [self._value(side, columns) for side in (left, *others)]
                pairs = zip(ops, sides, sides[1:], strict=False)
                return _fold(np.logical_and, [_COMPARISONS[type(op)](one, other) for op, one, other in pairs])
            case ast.Call(func=ast.Name(id=name), args=parts):
                return _FUNCTIONS[name](*(self._value(part, columns) for part in parts))
        raise AssertionError(ast.dump(node))  # _kind has let nothing else through


def _fold(function: Callable[[Any, Any], Any], parts: Sequence[Any]) -> Any:
    value = parts[0]
    for part in parts[1:]:
        value = function(value, part)
    return value


def _same(one: Any, other: Any) -> Any:
    apart = np.abs(one - other)
    return (one == other) | (np.isfinite(apart) & (apart <= ROUNDING * np.maximum(np.abs(one), np.abs(other))))


def _different(one: Any, other: Any) -> Any:
    return ~_same(one, other) & ~np.isnan(one) & ~np.isnan(other)


_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: lambda one, other: (one < other) & ~_same(one, other),
    ast.LtE: lambda one, other: (one <= other) | _same(one, other),
    ast.Gt: lambda one, other: (one > other) & ~_same(one, other),
    ast.GtE: lambda one, other: (one >= other) | _same(one, other),
    ast.Eq: _same,
    ast.NotEq: _different,
}
