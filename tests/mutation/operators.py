"""The kinds of mistakes that are made: Cosmic Ray's, where they make sense in arithmetic rules, and three of our own.

Cosmic Ray replaces each operator by every other one. A shift or a bitwise operator between two real numbers only raises
an error, which any test notices: such mutants would make the score look better than the tests are, so they are left
out, and each operator is replaced by its one or two nearest only. Three kinds of mistakes matter in rules and are
missing there: an assignment or a call that is left out, the smaller of two values taken for the larger, and a sum that
goes down instead of up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import cosmic_ray.plugins
import parso
from cosmic_ray.operators.operator import Operator
from parso.python import tree

Place = tuple[tuple[int, int], tuple[int, int]]


class _Ours(Operator):
    @classmethod
    def examples(cls) -> tuple[()]:
        """Return nothing: the examples of these are in tests/mutation/test_mutation.py."""
        return ()


class LeaveOut(_Ours):
    """Leave out an assignment to a field, a sum that is carried on, or a call for its effect."""

    def mutation_positions(self, node: Any) -> Iterator[Place]:
        if (node.type == "expr_stmt" and (_is_augmented(node) or _is_field(node))) or (
            node.type in ("power", "atom_expr") and node.parent.type == "simple_stmt"
        ):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        nothing = parso.parse("pass").children[0]
        nothing.get_first_leaf().prefix = node.get_first_leaf().prefix
        return nothing


def _is_augmented(node: Any) -> bool:
    leaf = node.children[1].get_first_leaf()
    return leaf.type == "operator" and leaf.value.endswith("=") and leaf.value != "="


def _is_field(node: Any) -> bool:
    """Tell whether a field or an element is assigned to, and not a name."""
    first = node.children[0]
    return first.type in ("power", "atom_expr") and first.children[-1].type == "trailer"


class SmallerForLarger(_Ours):
    """Take `min` for `max`, and `max` for `min`."""

    def mutation_positions(self, node: Any) -> Iterator[Place]:
        if isinstance(node, tree.Name) and node.value in ("min", "max"):
            following = node.get_next_sibling()
            if following is not None and following.type == "trailer" and following.children[0].value == "(":
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.value = "max" if node.value == "min" else "min"
        return node


class DownForUp(_Ours):
    """Take away what was to be added, divide by what was to be multiplied with, and the other way round."""

    OTHER: ClassVar = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*="}

    def mutation_positions(self, node: Any) -> Iterator[Place]:
        if isinstance(node, tree.Operator) and node.value in self.OTHER:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.value = self.OTHER[node.value]
        return node


class Negate(_Ours):
    """Do the opposite of what a condition says. Comparisons have their own kinds, so they are left out here."""

    def __init__(self) -> None:
        self._all = cosmic_ray.plugins.get_operator("core/AddNot")()

    def mutation_positions(self, node: Any) -> Iterator[Place]:
        for place in self._all.mutation_positions(node):
            condition = node.children[2] if node.type == "test" else node.children[1]
            if condition.type not in ("comparison", "not_test"):
                yield place

    def mutate(self, node: Any, index: int) -> Any:
        return self._all.mutate(node, index)


_CORE = (
    *(
        f"ReplaceBinaryOperator_{pair}"
        for pair in (
            "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul", "LShift_RShift",
            "RShift_LShift", "BitAnd_BitOr", "BitOr_BitAnd", "BitXor_BitAnd",
        )
    ),
    *(
        f"ReplaceComparisonOperator_{pair}"
        for pair in (
            "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt", "Eq_NotEq", "NotEq_Eq",
            "Is_IsNot", "IsNot_Is",
        )
    ),
    "ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Not", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue",
    "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer",
    "NumberReplacer", "ZeroIterationForLoop",
)  # fmt: skip

OPERATORS: dict[str, type[Operator]] = {
    **{name: cosmic_ray.plugins.get_operator(f"core/{name}") for name in _CORE},
    **{one.__name__: one for one in (LeaveOut, SmallerForLarger, DownForUp, Negate)},
}
"""Every kind of mistake by its name."""
