"""The model in other people's tools: EMA Workbench, Mesa's batch runs, a plain SALib script. See docs/other_tools.md."""
