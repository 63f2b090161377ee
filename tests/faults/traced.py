"""What strace sees of a story, beside what the shim sees: no write may escape it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.faults import shim
from tests.faults.zygote import ROOT

CALLS = (
    "write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range,splice,rename,renameat,renameat2,unlink,unlinkat,mkdir,"
    "mkdirat,rmdir,link,linkat,symlink,symlinkat,ftruncate,truncate,fallocate,fsync,fdatasync,sync_file_range,open,openat,openat2,"
    "creat,io_uring_setup,mknod,mknodat,chmod,fchmod,fchmodat"
)


def traced(name: str) -> tuple[int, int, list[str]]:
    """Return how many calls of a story the shim saw, how many strace saw, and of those what the shim missed."""
    if shutil.which("strace") is None:
        raise shim.NoShim("there is no strace")
    with tempfile.TemporaryDirectory() as scratch:
        place, log, trace = Path(scratch).resolve() / "place", Path(scratch) / "log", Path(scratch) / "trace"
        place.mkdir()
        environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        step = [sys.executable, "-m", "tests.faults.traced", name, str(place)]
        subprocess.run([*step, "before"], check=True, env=environment, cwd=place, capture_output=True)
        before = list(place.rglob("*"))
        with_shim = [f"--env={key}={value}" for key, value in shim.environment(place, log=log).items()]
        subprocess.run(
            ["strace", "-f", "-y", "-o", str(trace), "-e", f"trace={CALLS}", *with_shim, *step, "act"],
            check=True, env=environment, cwd=place, capture_output=True,
        )  # fmt: skip
        seen = [line.split(" ", 2)[1:] for line in log.read_text().splitlines()]
        known = {str(one) for one in before}
        real = [call for line in trace.read_text().splitlines() if (call := _changes(line, str(place), known))]
    lacking = Counter(real) - Counter(_plain(call) for call, _ in seen)
    return len(seen), len(real), [f"{call} ×{number}" for call, number in sorted(lacking.items())]


def _changes(line: str, place: str, known: set[str]) -> str | None:
    """Return the name of a call that changes something below the folder, as strace shows it; None for any other.

    ``known`` holds the files that are there: opening one of them with O_CREAT changes nothing.
    """
    found = re.match(r"\d+ +(\w+)\((.*)", line)
    if found is None or "resumed>" in line[:40]:
        return None
    call, rest = found.groups()
    if call in ("open", "openat", "openat2", "creat"):
        name = re.search(r'"([^"]*)"', rest)
        made = (
            name is not None
            and (name[1].startswith(place))
            and ("O_CREAT" in rest or "O_TRUNC" in rest or call == "creat")
        )
        if name is None or not made or "= -1" in rest or (name[1] in known and "O_TRUNC" not in rest):
            return None
        known.add(name[1])
        return "open"
    target = (
        rest.split(", ")[0]
        if call in ("write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate")
        else rest
    )
    if place not in target or "= -1" in rest:
        return None
    names = re.findall(r'"([^"]*)"', rest)
    if call.startswith("unlink"):
        known.discard(names[0])
    if call.startswith("rename"):  # of a file, or of a folder with all that is in it
        moved = {one for one in known if one == names[0] or one.startswith(f"{names[0]}/")}
        known.difference_update(moved)
        known.update(names[1] + one.removeprefix(names[0]) for one in moved)
    return _plain(call)


def _plain(call: str) -> str:
    """Return a call under the system's name, whichever of the C library's it had."""
    call = call.removesuffix("64")
    return {"creat": "open", "openat": "open", "renameat": "rename", "renameat2": "rename", "unlinkat": "unlink",
            "rmdir": "unlink", "remove": "unlink", "mkdirat": "mkdir", "fchmodat": "chmod"}.get(call, call)  # fmt: skip


if __name__ == "__main__":
    from tests.faults import stories

    os.environ.setdefault("SOURCE_DATE_EPOCH", "1700000000")
    code = stories.step(sys.argv[1], sys.argv[3])(Path(sys.argv[2]), lambda text: None) or 0
    sys.stdout.flush()
    os._exit(code)
