"""Where batches are done: what is refused before anything is connected or written."""

import pytest

from experiments.sweeps import executors
from sim.errors import InputError


@pytest.mark.parametrize(
    "address", ["foo://x", "host:8786", "tcp://host", "tcp://host:port", "tcp:// host:1", "", "tcp://:8786"]
)
def test_what_is_no_address_of_a_scheduler_is_refused_at_once(address):
    with pytest.raises(InputError, match="no address of a Dask scheduler") as caught:
        executors.Dask(address)
    assert caught.value.value == address


@pytest.mark.parametrize(
    "address", ["tcp://host:8786", "tls://scheduler.example.org:8786", "tcp://127.0.0.1:1", "tcp://[::1]:8786"]
)
def test_addresses_that_dask_knows_are_taken(address):
    assert executors.Dask(address).name == f"Dask at {address}"


def test_a_pool_of_mpi_without_workers_says_how_to_start_one():
    pytest.importorskip("mpi4py")
    with pytest.raises(InputError, match="no MPI workers") as caught:
        executors.Mpi()
    assert "mpiexec" in str(caught.value.hint)


def test_the_usual_pool_has_a_thread_for_every_core():
    pool = executors.Threads()
    executor = pool.open()
    try:
        assert pool.size(executor) == executors.cores() >= 1
    finally:
        pool.close(executor, wait=True)
