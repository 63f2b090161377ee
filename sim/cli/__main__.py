"""``python -m sim.cli`` is ``service-culture``."""

from sim.cli import main

if __name__ == "__main__":  # under another name where mpi4py's workers load it
    main()
