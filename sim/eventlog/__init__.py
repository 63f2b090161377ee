"""Real input: from a ticket export to an organisation that behaves like it.

`from_tickets` goes the whole way. Step by step: `guess_columns` says what each column is taken for, `read_log` streams
the file into cases, visits and handovers, `derive` builds a `sim.chain.ServiceChain` and says where each number comes
from, `figures` and `simulated_figures` measure log and simulation alike, `compare_table` puts them side by side, and
`held_out` compares with tickets that the fit has not seen.
"""

from sim.eventlog.calendar import WorkingCalendar
from sim.eventlog.columns import ColumnGuess, guess_columns
from sim.eventlog.comparison import Figure, compare_table, figures, simulate, simulated_figures, table_lines
from sim.eventlog.fitting import Derived, derive
from sim.eventlog.held import held_out, split
from sim.eventlog.log import Log
from sim.eventlog.read import read_log
from sim.eventlog.tickets import TicketReport, from_tickets

__all__ = [
    "ColumnGuess",
    "Derived",
    "Figure",
    "Log",
    "TicketReport",
    "WorkingCalendar",
    "compare_table",
    "derive",
    "figures",
    "from_tickets",
    "guess_columns",
    "held_out",
    "read_log",
    "simulate",
    "simulated_figures",
    "split",
    "table_lines",
]
