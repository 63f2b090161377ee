"""What a report is made of, whatever it is written as: sections of paragraphs, tables, figures and lists.

Every format (HTML, Word, Excel, PDF) is a writer of this one content, so that they cannot say different things.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sim.estimates import Estimate

Value = str | int | float | Estimate | None
"""What a cell holds: a text, a number, a figure with its interval, or nothing."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    label : its header
    unit : of its numbers; empty for texts and where the row says it
    kind : "text", "number", or "estimate": a number with its interval, in a workbook three columns
    signed : whether a plus is written before numbers above 0, as differences have it
    digits : decimals of numbers; None for as many as each deserves
    """

    label: str
    unit: str = ""
    kind: Literal["text", "number", "estimate"] = "text"
    signed: bool = False
    digits: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes
    ----------
    name : short, unique in a report: the name of a workbook's sheet
    caption : what it shows, over how many runs
    columns, rows : a cell for each column; a row may hold any mixture
    source : file of the results that it was made from
    note : what is to be known when reading it
    only_sheet : whether it is too long for a page and stands in the workbook alone
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    source: str = ""
    note: str = ""
    only_sheet: bool = False

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"table {self.name!r}: a row has another number of cells than there are columns")


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture.

    Attributes
    ----------
    name : file name without ending
    png : the picture itself
    alt : what it shows, in numbers, for those who do not see it
    caption : what it is
    """

    name: str
    png: bytes
    alt: str
    caption: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; ``lead`` for what must not be missed."""

    text: str
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short texts."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """What is to be typed, letter by letter."""

    text: str


Block = Paragraph | Bullets | Code | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; ``parts`` are sections one level down."""

    key: str
    heading: str
    blocks: tuple[Block, ...] = ()
    parts: tuple[Section, ...] = ()

    def walk(self) -> Iterator[Block]:
        """Give all blocks, those of the parts included, in reading order."""
        yield from self.blocks
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Attributes
    ----------
    title, subtitle : as they stand on top
    facts : (label, text) pairs below the title: for whom, of what, when
    answer : the answer in plain words
    sections : the rest
    """

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    answer: tuple[Block, ...]
    sections: tuple[Section, ...]
    language: str = field(default="en")

    def blocks(self) -> Iterator[Block]:
        """Give all blocks in reading order."""
        for section in self.sections:
            yield from section.walk()

    @property
    def tables(self) -> list[Table]:
        """All tables, those for the workbook alone included."""
        return [block for block in self.blocks() if isinstance(block, Table)]

    @property
    def figures(self) -> list[Figure]:
        """All pictures."""
        return [block for block in self.blocks() if isinstance(block, Figure)]
