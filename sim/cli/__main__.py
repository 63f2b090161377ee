"""``python -m sim.cli`` is ``service-culture``."""

from sim.cli import main

main()
