"""The application that every command joins."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="service-culture",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Does the way we treat each other inside decide how customers see us, and what should we change first?

A model of departments, contractors and customers on a service chain. Begin with

    service-culture vary internal-service

which raises and lowers the service that departments give each other in a bundled organisation and shows what its customers
notice; then describe your own with `service-culture new`, or derive it from a ticket export with
`service-culture from-tickets`.""",
)
