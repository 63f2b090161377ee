"""A client's own data: surveys of staff and customers that set an organisation, and what of it is still a default."""

from sim.client.columns import overrides_of
from sim.client.groups import SMALLEST_GROUP
from sim.client.provenance import counts, most_wanted, set_from_data, stayed_default
from sim.client.report import Reading, SurveyReport, from_surveys
from sim.client.scale import parse as parse_scale

__all__ = [
    "SMALLEST_GROUP",
    "Reading",
    "SurveyReport",
    "counts",
    "from_surveys",
    "most_wanted",
    "overrides_of",
    "parse_scale",
    "set_from_data",
    "stayed_default",
]
