"""The numbers that must not change unawares: fingerprints of runs, and how to make them anew.

    python -m tests.baseline.update            # after a change in results that was meant
    python -m tests.baseline.update --print    # fingerprints of the code as it is, as JSON

A fingerprint is a hash of the numbers themselves, to the last bit (`sim.results.fingerprint`). It is the same on every
supported Python and operating system, with compiled and with interpreted rules. A change in results is allowed, but never
silently: refresh the file and say so in CHANGELOG.md with the tag "results change".
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

from sim import measures, organisation
from sim.chain import ServiceChain
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.results import fingerprint
from tests.claims.paired import ALONE

FILE = Path(__file__).with_name("fingerprints.json")
DAYS = 120


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


def all_runs() -> dict[str, dict[str, str]]:
    """Return the fingerprints of every baseline run."""
    found = {"tiny, seed 7, 20 days": tiny()}
    found["tiny, seed 7, 60 days, core only"] = of(ServiceModel(core_only(tiny_firm()), seed=7).run(60))
    for name in organisation.bundled():
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


def _git(*words: str) -> str:
    try:
        return subprocess.run(
            ["git", *words], cwd=FILE.parent, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def main() -> None:
    """Write the baseline file, or print the fingerprints with ``--print``."""
    runs = all_runs()
    if "--print" in sys.argv:
        print(json.dumps(runs, indent=2))
        return
    changed = " with changes not yet committed" if _git("status", "--porcelain", "--", "../../sim") else ""
    made = {
        "made by": "python -m tests.baseline.update",
        "commit": (_git("rev-parse", "HEAD") or "unknown") + changed,
        "python": platform.python_version(),
    }
    FILE.write_text(json.dumps(made | {"runs": runs}, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {FILE.name}")


if __name__ == "__main__":
    main()
