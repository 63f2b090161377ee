"""What docs/cluster.md says to copy: scripts are scripts, manifests fit together and pass schemas, TLS keeps strangers out."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.sweeps import file as sweep_files
from experiments.sweeps import study
from tests.experiments.cluster.machines import ROOT, wait_for_port

PAGE = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def manifests() -> list[dict[str, Any]]:
    yaml = pytest.importorskip("yaml")
    (text,) = blocks("yaml")
    return list(yaml.safe_load_all(text))


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_batch_scripts_are_scripts_and_ask_for_what_slurm_knows():
    scripts = blocks("bash")
    assert len(scripts) == 4
    for script in scripts:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        asked = re.findall(r"--([a-z-]+)", " ".join(re.findall(r"^#SBATCH (.*)$", script, re.MULTILINE)))
        known = {"job-name", "nodes", "ntasks", "ntasks-per-node", "cpus-per-task", "mem", "mem-per-cpu", "time", "requeue",
                 "open-mode", "signal", "array"}  # fmt: skip
        assert set(asked) <= known
        assert script.startswith("#!/bin/bash\n#SBATCH ")


def test_every_option_of_our_commands_that_the_page_shows_exists():
    from typer.main import get_command

    from experiments import array_job
    from sim.cli.app import app

    sweep = get_command(app).commands["sweep"].commands  # type: ignore[attr-defined]
    array = get_command(array_job.app).commands  # type: ignore[attr-defined]
    text = PAGE.replace("\\\n", " ")
    shown = re.findall(r"(sweep|experiments\.array_job) (run|resume|status|gather) ([^\n`]*)", text)
    assert len(shown) >= 8
    for program, name, rest in shown:
        command = (sweep if program == "sweep" else array)[name]
        known = {option for parameter in command.params for option in parameter.opts}
        for option in re.findall(r"(?<!\w)--[a-z][a-z-]*", rest.split("#")[0].split("&")[0]):
            assert option in known, f"{program} {name} has no {option}"


def test_manifests_fit_together():
    found = {(one["kind"], one["metadata"]["name"]): one for one in manifests()}
    kinds = [kind for kind, _ in found]
    assert sorted(kinds) == sorted(
        ["ConfigMap", "PersistentVolumeClaim", "Deployment", "Service", "Deployment", "Job", "NetworkPolicy"]
    )
    pods = {name: one["spec"]["template"] for (kind, name), one in found.items() if kind in ("Deployment", "Job")}
    service = found["Service", "dask-scheduler"]["spec"]
    for name, pod in pods.items():
        (container,) = pod["spec"]["containers"]
        assert pod["metadata"]["labels"]["sweep"] == "study", f"the network policy leaves {name} out"
        assert container["securityContext"]["runAsNonRoot"] is True
        assert container["image"] == pods["dask-worker"]["spec"]["containers"][0]["image"], "one image everywhere"
        selector = found["Deployment", name]["spec"]["selector"]["matchLabels"] if name != "study-driver" else {}
        assert selector.items() <= pod["metadata"]["labels"].items()
    assert service["selector"].items() <= pods["dask-scheduler"]["metadata"]["labels"].items()
    address = f"tcp://dask-scheduler:{service['ports'][0]['port']}"
    assert address in pods["dask-worker"]["spec"]["containers"][0]["command"]
    driver = pods["study-driver"]["spec"]
    assert address in driver["containers"][0]["command"]
    claims = [one["persistentVolumeClaim"]["claimName"] for one in driver["volumes"] if "persistentVolumeClaim" in one]
    assert ("PersistentVolumeClaim", claims[0]) in found
    mounted = {one["name"]: one["mountPath"] for one in driver["containers"][0]["volumeMounts"]}
    command = driver["containers"][0]["command"]
    assert command[3].startswith(mounted["config"] + "/")
    assert command[command.index("--out") + 1].startswith(mounted["study"] + "/")
    config = found["ConfigMap", "study"]["data"]
    assert len(study.plan(sweep_files.parse(config[Path(command[3]).name]))) > 1000


def test_manifests_pass_the_published_schemas():
    validate = pytest.importorskip("kubernetes_validate")
    for one in manifests():
        validate.validate(one, validate.latest_version(), strict=True)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_with_tls_as_the_page_sets_it_up_strangers_are_refused(tmp_path):
    pytest.importorskip("distributed")
    (code,) = re.findall(r"<!-- tls -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
    made = subprocess.run(
        ["bash", "-ec", code + "\nenv"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=120
    ).stdout
    ours = dict(line.split("=", 1) for line in made.splitlines() if line.startswith("DASK_"))
    assert len(ours) == 8
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tls://127.0.0.1:{port}"
    usual = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": usual | ours, "cwd": tmp_path}
    python = [sys.executable, "-m"]
    started = []
    try:
        started.append(subprocess.Popen(
            [*python, "distributed.cli.dask_scheduler", "--protocol", "tls", "--host", "127.0.0.1", "--port", str(port),
             "--no-dashboard"], **quiet,
        ))  # fmt: skip
        wait_for_port("127.0.0.1", port)
        started.append(
            subprocess.Popen([*python, "distributed.cli.dask_worker", address, "--no-dashboard", "--no-nanny"], **quiet)
        )

        def ask(where: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
            asked = f"""
if __name__ == "__main__":
    from distributed import Client
    print("answer", Client({where!r}, timeout=8).submit(sum, [1, 2]).result(timeout=30))
"""
            return subprocess.run(
                [sys.executable, "-c", asked], env=environment, capture_output=True, text=True, timeout=120
            )

        assert "answer 3" in ask(address, usual | ours).stdout
        assert "answer" not in ask(f"tcp://127.0.0.1:{port}", usual).stdout
        (tmp_path / "stranger").mkdir()
        subprocess.run(["bash", "-ec", code], cwd=tmp_path / "stranger", check=True, capture_output=True, timeout=120)
        theirs = {name: value.replace(str(tmp_path), str(tmp_path / "stranger")) for name, value in ours.items()}
        assert "answer" not in ask(address, usual | theirs).stdout  # certificates, but of another authority
    finally:
        for process in started:
            process.kill()
            process.wait(30)
