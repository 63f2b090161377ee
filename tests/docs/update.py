"""The parts of the documentation that the code knows better: tables of levers, state, rules, figures; and how to renew them.

    python -m tests.docs.update            # after a change in levers, rules, populations, measures or recorded figures

A document marks such a part with two comments, between which nothing is written by hand:

    <!-- generated: levers B1 -->
    <!-- end of generated -->

The words after the colon are a key of `PARTS` and its arguments.
"""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sim import levers, mechanisms, organisation, structure
from sim.levers import Lever
from sim.measures import MEASURES
from sim.mechanisms import Mechanism
from tests.docs import recorded, reliability

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("odd.md", "mechanisms.md", "validation.md", "robustness.md", "reliability.md", "../README.md")
MARK = re.compile(r"(<!-- generated: (?P<part>[^\n]*?) -->\n).*?(<!-- end of generated -->)", re.DOTALL)
WIDTH = 126
GROUPS = {
    "A": "the chain and the encounter",
    "B": "employees and managers",
    "C": "between departments",
    "D": "contractors, suppliers and field partners",
    "E": "customers",
    "F": "the firm",
}


# --- Markdown --------------------------------------------------------------------------------------------------------


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; what would end a cell is escaped."""
    lines = [headers, ["---"] * len(headers), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def prose(text: str) -> str:
    """Return a docstring's paragraph as Markdown: one line, code in single backticks, no accidental emphasis."""
    pieces = re.split(r"(`+[^`]+`+)", " ".join(text.split()))
    return "".join(
        "`" + piece.strip("`") + "`" if piece.startswith("`") else re.sub(r"([*_<>])", r"\\\1", piece)
        for piece in pieces
    )


def link_to(path: Path, text: str | None = None) -> str:
    """Return a link from docs/ to a file of the repository."""
    return f"[{text or path.name}](../{path.relative_to(ROOT).as_posix()})"


def claim_files(one: Mechanism) -> list[Path]:
    """Return the files that test the claim of a mechanism."""
    return sorted(ROOT.glob(one.claim_test))


def rule_files(one: Mechanism) -> dict[Path, list[str]]:
    """Return the files in which a mechanism stands, each with the names in it that are meant; none means all."""
    found: dict[Path, list[str]] = {}
    for place in one.rules:
        file, name = mechanisms.source_of(place)
        if file is not None:
            found.setdefault(file, []).extend([name] if name else [])
    return found


def rule_links(one: Mechanism) -> str:
    """Return links to the files in which a mechanism stands."""
    return ", ".join(
        " ".join([link_to(file, file.relative_to(ROOT).as_posix()), *(f"`{name}`" for name in names)])
        for file, names in rule_files(one).items()
    )


# --- the parts -------------------------------------------------------------------------------------------------------


def overview() -> str:
    """Return the table of mechanisms that are in the model."""
    rows = [
        (one.id, one.name, rule_links(one), ", ".join(map(link_to, claim_files(one))))
        for one in mechanisms.MECHANISMS
        if rule_files(one)
    ]
    return table(("id", "mechanism", "rules", "claim test"), rows)


def levers_sentence(name: str) -> str:
    """Return the levers of a mechanism in a sentence: those that switch it off, and plain descriptions."""
    chosen = mechanisms.levers_of(name)
    switches = [f"`{one.name}` ({one.neutral:g})" for one in chosen if one.neutral is not None]
    plain = [f"`{one.name}`" for one in chosen if one.neutral is None]
    parts = [f"Levers (neutral value): {', '.join(switches)}."] if switches else []
    parts += (
        [f"{'Descriptions' if switches else 'Levers'}, without a neutral value: {', '.join(plain)}."] if plain else []
    )
    return wrapped(" ".join(parts) or "No levers of its own.")


def parameters(name: str) -> str:
    """Return the table of a mechanism's levers."""
    return table(
        ("lever", "of", "unit", "range", "default", "neutral", "meaning", "source of the default"),
        [_parameter(one) for one in mechanisms.levers_of(name)],
    )


def _parameter(one: Lever) -> tuple[str, ...]:
    neutral = "–" if one.neutral is None else f"{one.neutral:g}"
    source = "a guess" if one.source == levers.GUESS else one.source
    return (f"`{one.name}`", one.home, one.unit, f"{one.low:g} … {one.high:g}", f"{one.default:g}", neutral,
            one.meaning, source)  # fmt: skip


def figures(name: str) -> str:
    """Return the table of what the test of a mechanism's claim measured."""
    found = mechanisms.measured(name)
    if not found:
        return "The test compares to the last bit or with a theory and records no figure."
    return table(("measured", "mean [95 % interval]", "n"), [(one.what, one.text(), one.runs) for one in found])


def equations(name: str) -> str:
    """Return the rules of a mechanism, file by file: what the file says of itself, then each rule with its docstring."""
    blocks = []
    for file in rule_files(mechanisms.find(name)):
        path = file.relative_to(ROOT)
        said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        blocks.append("\n\n".join([f"Rules in {link_to(file, path.as_posix())}:", *_paragraphs(said)]))
        rules = []
        for rule in mechanisms.rules_of(name):
            if mechanisms.source_of(rule.module)[0] == file:
                first, *more = _paragraphs(rule.text)[: None if rule.arguments else 1] or [""]
                arguments = f"({', '.join(rule.arguments)})" if rule.arguments else ""
                rules.append("\n\n  ".join([f"- `{rule.name}{arguments}`: {first}", *more]))
        blocks.append("\n".join(rules))
    return "\n\n".join(blocks)


def _paragraphs(docstring: str) -> list[str]:
    return [prose(part) for part in re.split(r"\n\s*\n", docstring) if part.strip() and "----" not in part]


def submodels(group: str) -> str:
    """Return the submodels of a group of mechanisms: meaning, claim, equations, parameters, what was measured."""
    sections = []
    for one in mechanisms.MECHANISMS:
        if one.id[0] != group:
            continue
        tests = ", ".join(map(link_to, claim_files(one))) or "not written yet"
        notes = [one.meaning, f"*Claim: {one.claim}* Test: {tests}."]
        notes += [f"It cannot be switched off: {one.always}."] if one.always else []
        notes += [f"When it is switched off, {one.stays}."] if one.stays else []
        sections += [f"#### {one.id} {one.name.capitalize()}", wrapped(" ".join(notes))]
        sections += [equations(one.id)] if rule_files(one) else []
        sections += [parameters(one.id)] if mechanisms.levers_of(one.id) else []
        sections += [figures(one.id)] if claim_files(one) else []
    return "\n\n".join(sections)


def state() -> str:
    """Return the columns of every population, from the source of `sim.population`: type and meaning of each."""
    sections = []
    for name, meaning, fields in populations((ROOT / "sim" / "population.py").read_text(encoding="utf-8")):
        rows = [(f"`{field}`", _TYPES.get(kind, kind), prose(comment)) for field, kind, comment in fields]
        sections += [f"**`{name}`**: {prose(meaning)}", table(("variable", "type", "meaning"), rows)]
    return "\n\n".join(sections)


_TYPES = {"f8": "number", "u8": "identity (hash)", "u1": "flag"} | dict.fromkeys(("i8", "i4", "i2"), "whole number")


def populations(source: str) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Return name, docstring and fields (name, type, trailing comment) of every population in a source text."""
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and token.line.strip() != token.string
    }
    body = ast.parse(source).body
    found = []
    for node, after in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        fields = [
            (str(one.elts[0].value), str(one.elts[1].value), comments.get(one.end_lineno or 0, ""))
            for one in ast.walk(node.value)
            if isinstance(one, ast.Tuple)
            and len(one.elts) >= 2
            and all(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in one.elts[:2])
        ]
        if fields:
            said = after.value if isinstance(after, ast.Expr) else None
            meaning = str(said.value) if isinstance(said, ast.Constant) else ""
            found.append((node.targets[0].id, meaning, fields))
    return found


def draws() -> str:
    """Return what is drawn at random: the purposes in `sim.draws`, with their comments."""
    source = (ROOT / "sim" / "draws.py").read_text(encoding="utf-8")
    rows = re.findall(r"^    ([A-Z_]+) = \d+  # (.*)$", source, re.MULTILINE)
    return table(("draw", "what it decides"), [(f"`{name}`", prose(what)) for name, what in rows])


def measures() -> str:
    """Return the measures of the firm."""
    return table(("measure", "unit", "meaning"), [(f"`{one.name}`", one.unit, one.meaning) for one in MEASURES])


def organisation_file() -> str:
    """Return what an organisation file holds beside levers: structure, by table of the file."""
    files = {
        "(top)": organisation.OrganisationFile, "[[departments]], [[contractors]]": organisation.Department,
        "[[segments]]": organisation.Segment, "[[links]]": organisation.Link,
    }  # fmt: skip
    rows = []
    for where, model in files.items():
        for name, field in model.model_fields.items():
            if name in levers.BY_NAME or "list[" in str(field.annotation) or name == "levers":
                continue
            low_high = " … ".join(f"{one:,}" for one in structure.RANGES.get(name, ()))
            default = "required" if field.is_required() else f"{field.default}" or "empty"
            rows.append((f"`{name}`", where, low_high, default, field.description or ""))
    return table(("entry", "table", "range", "default", "meaning"), rows)


PARTS: dict[str, Callable[..., str]] = {
    "draws": draws,
    "equations": equations,
    "figures": figures,
    "levers": levers_sentence,
    "measures": measures,
    "mechanisms": overview,
    "organisation file": organisation_file,
    "parameters": parameters,
    "reliability of": reliability.shown,
    "robustness": recorded.robustness,
    "state": state,
    "submodels": submodels,
    "validation cost": recorded.validation_cost,
    "validation in full": recorded.validation_whole,
    "validation in short": recorded.validation_short,
    "validation in a sentence": recorded.validation_summary,
}


def wrapped(text: str) -> str:
    """Return prose in lines of the documents' width, links unbroken."""
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def renewed(text: str) -> str:
    """Return a document with every generated part made anew."""

    def make(match: re.Match[str]) -> str:
        words = match["part"]
        key = words if words in PARTS else words.rpartition(" ")[0]
        arguments = [] if words == key else [words.rpartition(" ")[2]]
        return f"{match[1]}\n{PARTS[key](*arguments)}\n\n{match[3]}"

    return MARK.sub(make, text)


def main() -> None:
    """Renew the documents."""
    for name in DOCUMENTS:
        path = ROOT / "docs" / name
        before = path.read_text(encoding="utf-8")
        after = renewed(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
        print(f"docs/{name}: {'renewed' if after != before else 'as it was'}")


if __name__ == "__main__":
    main()
