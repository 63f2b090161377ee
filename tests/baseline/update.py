"""The numbers that must not change unawares: fingerprints of runs, and how to make them anew.

    python -m tests.baseline.update            # after a change in results that was meant
    python -m tests.baseline.update --check    # compare this Python, on this machine, with the file; 1 if anything differs
    python -m tests.baseline.update --check --plain     # … without what only some processors can
    python -m tests.baseline.update --check --record    # … and write down how much was compared, for docs/reliability.md

Every bundled organisation runs with all mechanisms, with the core alone, and with interventions; every bundled story is
told, all its scenarios, on every bundled organisation. The everyday suite compares all but the stories; CI compares
everything, on every supported Python. A fingerprint is a hash of the numbers themselves, to the last bit
(`sim.results.fingerprint`). It is the same on every supported Python, processor and operating system, with compiled and with
interpreted rules. A change in results is allowed, but never silently: refresh the file and say so in CHANGELOG.md, in an
entry with the tag "results change" that ends with the seal of the new file, which this command prints; a test compares the
two.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sim import measures, organisation, story
from sim.chain import ServiceChain
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.results import fingerprint
from tests.claims.paired import ALONE
from tests.docs import reliability

FILE = Path(__file__).with_name("fingerprints.json")
CHANGELOG = Path(__file__).resolve().parents[2] / "CHANGELOG.md"
DAYS = 120
PLAIN = "SERVICE_CULTURE_PLAIN_PROCESSOR"
"""Set where the libraries were told to do without what only some processors can."""

STORY = "story"
"""The word in the name of a run by which those of stories are known."""
WARM_UP, STORY_DAYS = 10, 60
"""Days of a story that is told for its fingerprint only: short, but longer than the ramps of the stories begin."""

Fingerprints = dict[str, dict[str, str]]
"""Of each run, of each of its tables."""


EAGER: dict[str, float] = {
    "alignment": 0.8, "cross_training": 0.5, "gatherings": 50, "rivalry": 0.2, "haste": 0.1, "overpromise": 0.3,
    "accident_rate": 0.5, "service_budget": 1000, "quit_rate": 0.99, "hiring_days": 3, "temporaries": 0.5,
    "problem_rate": 300, "problem_growth": 0.2, "latent_rate": 0.3, "latent_days": 5, "keep_score": 0.9,
    "contract_days": 10, "measurement": 1.0, "survey_period": 4, "survey_delay": 2, "ownership": 0.6, "unclear": 0.3,
    "escalate_share": 0.2, "empowerment": 0.3, "escalation_attention": 0.4, "root_cause": 0.5, "company_agreement": 0.3,
}  # fmt: skip
"""Levers that make every mechanism do something within a few days."""


def tiny_firm() -> ServiceChain:
    """Return a firm that uses every mechanism and is small enough to run interpreted."""
    chain = ServiceChain(name="tiny", **EAGER)
    chain.add_department("Front", staff=2, hours_per_request=0.8, pause_share=0.1, pause_days=1.0, error_rate=0.2)
    chain.add_department("Back", staff=1, hours_per_request=0.5, working_time="exponential", newcomer_share=0.5)
    chain.add_contractor("Field", staff=1, hours_per_request=1.0, working_time="fixed", training=0.1)
    chain.add_segment("Customers", customers=30, needs_per_year=60, churn=0.5, new_customers=2.0, rush_share=0.3)
    chain.add_link("Front", "Customers", promise_days=0.5, requests_per_case=0.8)
    chain.add_link("Field", "Customers", promise_days=0.5, requests_per_case=0.2, face_to_face=1.0)
    chain.add_link("Back", "Front", requests_per_case=1.5, internal_service=0.8, requests_per_hire=2)
    chain.add_link("Front", "Back", requests_per_case=0.2)
    chain.add_link("Field", "Front", requests_per_case=0.3, passed_on=0.1, dependence=0.9)
    return chain.check()


def core_only(chain: ServiceChain) -> ServiceChain:
    """Return the chain with every mechanism beside the core neutral; contractors count as the firm's own units (D5)."""
    return chain.everywhere(ALONE, place="core")


def of(model: ServiceModel) -> dict[str, str]:
    """Return the fingerprint of each tidy table of a model that has run."""
    return {name: fingerprint({name: make(model)}) for name, make in measures.TABLES.items()}


def tiny() -> dict[str, str]:
    """Return the fingerprints of the tiny firm: a few seconds when interpreted."""
    pulled = [Intervention("internal_service", 1.0, "Back", start=5, ramp=5, end=15)]
    return of(ServiceModel(tiny_firm(), seed=7, interventions=pulled).run(20))


def told(name: str, firm: str) -> dict[str, str]:
    """Return a fingerprint of each scenario of a story, told on a bundled organisation; empty where it cannot be."""
    one = story.find(name)
    chain = organisation.load(firm)
    if one.lacks(chain):
        return {}
    found = {}
    for scenario in one.told_on(chain):
        short = scenario.lasting(warm_up=WARM_UP, days=STORY_DAYS)
        with ServiceModel(short.firm, seed=3, interventions=short.scheduled()) as model:
            model.run(WARM_UP + STORY_DAYS)
            found[short.name] = fingerprint({table: make(model) for table, make in measures.TABLES.items()})
    return found


def all_runs() -> Fingerprints:
    """Return the fingerprints of every baseline run; about a minute."""
    found = organisations()
    for firm in organisation.bundled():
        for name in story.names():
            if scenarios := told(name, firm):
                found[f"{firm}, {STORY} {name}, seed 3, {WARM_UP} + {STORY_DAYS} days"] = scenarios
    return found


def organisations() -> Fingerprints:
    """Return the fingerprints of every baseline run that is no story."""
    found = {"tiny, seed 7, 20 days": tiny()}
    found["tiny, seed 7, 60 days, core only"] = of(ServiceModel(core_only(tiny_firm()), seed=7).run(60))
    for name in organisation.bundled():
        found |= of_organisation(name)
    return found


def of_organisation(name: str) -> Fingerprints:
    """Return the fingerprints of a bundled organisation without, with, and with moved mechanisms."""
    found = {}
    found[f"{name}, seed 1, {DAYS} days, core only"] = of(
        ServiceModel(core_only(organisation.load(name)), seed=1).run(DAYS)
    )
    found[f"{name}, seed 1, {DAYS} days"] = of(ServiceModel(name, seed=1).run(DAYS))
    pulled = [
        Intervention("internal_service", 0.9, start=20, ramp=30),
        Intervention("training", 0.1, start=40, end=80),
    ]
    found[f"{name}, seed 2, {DAYS} days, interventions"] = of(
        ServiceModel(name, seed=2, interventions=pulled).run(DAYS)
    )
    return found


def differences(kept: Mapping[str, Mapping[str, str]], found: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return which tables of which runs are not the same, or stand on one side only."""
    every = {(run, table) for runs in (kept, found) for run, tables in runs.items() for table in tables}
    return sorted(
        f"{run} / {table}" for run, table in every if kept.get(run, {}).get(table) != found.get(run, {}).get(table)
    )


def seal(runs: Mapping[str, Mapping[str, str]]) -> str:
    """Return eight characters that stand for all fingerprints of a baseline: another one when any of them is another."""
    return hashlib.sha256(json.dumps(runs, sort_keys=True).encode()).hexdigest()[:8]


def declared(changelog: str) -> str | None:
    """Return the seal of the newest entry with the tag "results change": the last one of the first version that has any."""
    for version in re.split(r"^## ", changelog, flags=re.MULTILINE):
        changes = [entry for entry in re.split(r"\n(?=- )", version) if entry.startswith("- **results change**")]
        if changes:
            found = re.search(r"\(baseline `([0-9a-f]{8})`\)\s*$", changes[-1])
            return found[1] if found else None
    return None


def _git(*words: str) -> str:
    try:
        return subprocess.run(
            ["git", *words], cwd=FILE.parent, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def kept() -> dict[str, dict]:
    """Return the baseline file: ``runs``, and how it was made."""
    found: dict[str, dict] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def on_a_plain_processor(arguments: Sequence[str]) -> int:
    """Run this command anew without what only some processors can: wide vectors, fused products and sums; return its exit code.

    NumPy, numba, OpenBLAS and the C library each choose code for the processor that they find, and NumPy's powers, for
    one, differ in their last bit between such choices.
    """
    from numpy._core._multiarray_umath import __cpu_dispatch__ as chosen

    plain = {
        "NPY_DISABLE_CPU_FEATURES": " ".join(chosen), "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-FMA,-FMA4,-AVX512F", "OPENBLAS_CORETYPE": "Nehalem", PLAIN: "1",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-W", "ignore::ImportWarning", "-m", "tests.baseline.update", *arguments],
        env=os.environ | plain, check=False,
    ).returncode  # fmt: skip


def check(write_down: bool) -> int:
    """Compare this Python with the file; say what differs, and return how many tables do."""
    runs, found = kept()["runs"], all_runs()
    different = differences(runs, found)
    tables = sum(len(one) for one in runs.values())
    print("\n".join([*different, f"{tables - len(different)} of {tables} tables of {len(runs)} runs are the same"]))
    if write_down:
        version = platform.python_version()
        processor = "plain" if os.environ.get(PLAIN) else _processor()
        row = {"Python": version, "system": f"{platform.system()} {platform.machine()}", "processor": processor}
        row |= {"runs": len(found), "tables compared": tables, "different": len(different)}
        rows = [
            one for one in reliability.rows("sameness")
            if not (_same_minor(str(one["Python"]), version) and one.get("processor") == processor)
        ]  # fmt: skip
        reliability.record("sameness", "python -m tests.baseline.update --check --record", sorted(
            [*rows, row], key=lambda one: [int(part) for part in re.findall(r"\d+", str(one["Python"]))[:3]]
        ))  # fmt: skip
    return len(different)


def _processor() -> str:
    """Return what kind of processor this is, as far as it decides which code is chosen: its newest group of features."""
    from numpy._core._multiarray_umath import __cpu_baseline__, __cpu_dispatch__, __cpu_features__

    return str([one for one in [*__cpu_baseline__, *__cpu_dispatch__] if __cpu_features__[one]][-1])


def _same_minor(one: str, other: str) -> bool:
    return one.split(".")[:2] == other.split(".")[:2]


def main() -> None:
    """Write the baseline file, or compare with it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where anything differs")
    parser.add_argument("--plain", action="store_true", help="with --check: as on a processor without wide vectors")
    parser.add_argument("--record", action="store_true", help="with --check: write down how much was compared")
    asked = parser.parse_args()
    if asked.plain and not asked.check:
        parser.error("--plain goes with --check: the file is made on the processor as it is")
    if asked.plain and not os.environ.get(PLAIN):
        sys.exit(on_a_plain_processor(sys.argv[1:]))
    if asked.check:
        sys.exit(1 if check(asked.record) else 0)
    runs = all_runs()
    changed = " with changes not yet committed" if _git("status", "--porcelain", "--", "../../sim") else ""
    made = {
        "made by": "python -m tests.baseline.update",
        "commit": (_git("rev-parse", "HEAD") or "unknown") + changed,
        "python": platform.python_version(),
    }
    FILE.write_text(json.dumps(made | {"runs": runs}, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {FILE.name}; its entry in CHANGELOG.md ends with (baseline `{seal(runs)}`)")


if __name__ == "__main__":
    main()
