"""Organisations as graphs: GraphML and node-link JSON, as graph editors write them."""

from __future__ import annotations

import json
import warnings

from sim import organisation, sheets
from sim.chain import ServiceChain
from tests.fuzz.cells import grids_of, in_place_of_files
from tests.fuzz.files import GRAPH, ORGANISATION_WORDS, run_firm, small, target, written
from tests.fuzz.target import Target
from tests.fuzz.targets_sheets import cell_seeds

warnings.filterwarnings("ignore", "No key type for id", UserWarning)  # networkx, of keys that no GraphML knows


def read_graphml(data: bytes) -> ServiceChain:
    """Read a GraphML file."""
    return organisation.load(written(data, "firm.graphml"))


def read_node_link(data: bytes) -> ServiceChain:
    """Read a node-link JSON file."""
    return organisation.load(written(data, "firm.json"))


def run_graph(chain: ServiceChain) -> None:
    """Let the firm live; it comes back from its own formats as it was."""
    run_firm(chain)
    assert (
        ServiceChain.from_node_link(json.loads(organisation.as_text(chain, "x.json"))).to_node_link()
        == chain.to_node_link()
    )


def graph_seeds(ending: str) -> list[bytes]:
    """Return organisations in one of networkx's formats."""
    with in_place_of_files(grids_of(cell_seeds()[0])):
        tiny = sheets.read("firm.xlsx")
    return [organisation.as_text(chain, f"x{ending}").encode() for chain in (tiny, small())]


TARGETS: tuple[Target, ...] = (
    target("organisation-graphml", read_graphml, run_graph, lambda: graph_seeds(".graphml"), GRAPH, "xml",
           ["directed", "undirected", "int", "long", "double", "boolean", "string", *ORGANISATION_WORDS]),
    target("organisation-json", read_node_link, run_graph, lambda: graph_seeds(".json"), GRAPH, "json",
           ["nodes", "edges", "links", "graph", "directed", "multigraph", "id", "key", "source", "target",
            *ORGANISATION_WORDS]),
)  # fmt: skip
