"""Ask whether what is installed has known vulnerabilities, with pip-audit, where its list can be reached.

    python -m tests.fresh.audit              # 0: none known, or the list cannot be reached, which is said; 1: some, listed
    python -m tests.fresh.audit --record     # … and write down what was found, for docs/reliability.md

What is looked at is `requirements.lock`, every version that the README's commands install.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from tests.docs import reliability

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
UNREACHABLE = (
    "Connection",
    "Failed to establish",
    "Max retries",
    "timed out",
    "ServiceError",
    "Temporary failure",
    "HTTPError",
)
"""Words by which pip-audit says that nobody answered."""


def audit(lock: Path = LOCK) -> tuple[list[str], int, str]:
    """Return what is vulnerable (name, version, id), how many packages were looked at, and why none were, where that is so."""
    words = ["--requirement", str(lock), "--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *words, "--timeout", "20"],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return [], 0, "the list of vulnerabilities did not answer within ten minutes"
    if "No module named" in done.stderr:
        return [], 0, "pip-audit is not installed: pip install -c requirements.lock pip-audit"
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        if any(word in done.stderr for word in UNREACHABLE):
            return [], 0, f"the list of vulnerabilities cannot be reached from here ({last[0][:120]})"
        sys.exit(f"pip-audit failed:\n{done.stderr}")
    looked_at = sum("skip_reason" not in one for one in packages)
    if not looked_at:
        return [], 0, f"the list of vulnerabilities cannot be reached from here ({packages[0]['skip_reason'][:120]})"
    found = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in packages
        for flaw in one.get("vulns", [])
    ]
    return found, looked_at, ""


def main() -> None:
    """Say what is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write down what was found")
    asked = parser.parse_args()
    found, looked_at, why_not = audit()
    print("\n".join([*found, why_not or f"{len(found)} known vulnerabilities in {looked_at} packages"]))
    if asked.record:
        reliability.record("audit", "python -m tests.fresh.audit --record", [
            {"packages": looked_at, "known vulnerabilities": len(found), "remark": why_not or "; ".join(found) or "none"}
        ])  # fmt: skip
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
