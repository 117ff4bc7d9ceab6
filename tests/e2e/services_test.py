#!/usr/bin/env python3
"""The five service processes, one after the other on one embedded log: each takes over, is killed, restarted and stopped,
state is thrown away and comes back from a snapshot, and the set in the end is that of a replay of the same reports.

    services_test.py --programs build/release/bin [--reports 600]
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import services
from services import Service, expect, run

CONFIG = """\
partitions: 2
log:
  embedded:
    folder: {folder}/log
rocks:
  free_bytes_min: 1000000
snapshots:
  folder: {folder}/snapshots
  every_seconds: 1
  keep: 2
  free_bytes_min: 1000000
dedupe:
  state_folder: {folder}/dedupe
cluster:
  state_folder: {folder}/cluster
publish:
  state_folder: {folder}/publish
"""
NAMES = ("intake", "dedupe", "cluster", "publish", "gateway")


def check_flags(programs, folder, config):
    for name in NAMES:
        program = f"{programs}/ringfence-{name}"
        expect("--check-config" in run(program, "--help"), f"{name} --help does not help")
        run(program, expect=2)
        run(program, "--frobnicate", expect=2)
        run(program, "--config", folder + "/none.yaml", expect=2)
        effective = run(program, "--config", config, "--check-config")
        expect("every_seconds: 1" in effective and "every_seconds: 900" not in effective, f"{name}: not what is in force:\n{effective}")
        bad = pathlib.Path(folder, "bad.yaml")
        bad.write_text(pathlib.Path(config).read_text() + "process:\n  stop_within: 3\n")
        said = run(program, "--config", bad, "--check-config", expect=2)
        expect("process.stop_within: there is no such setting" in said and "bad.yaml:" in said, said)
    check_files(programs, folder, config)


def check_files(programs, folder, config):
    """Files that it names are read too, and each that is wrong is named, with or without --check-config."""
    text = pathlib.Path(config).read_text()
    bad, policy, key = (pathlib.Path(folder, name) for name in ("files.yaml", "policy.yaml", "short.key"))
    policy.write_text("score: {block: 1001}\n")
    key.write_text("short")
    bad.write_text(re.sub(r"naming_file: \S+", f"naming_file: {key}", text).replace(
        "publish:\n", f"publish:\n  policy_file: {policy}\n  organisations_file: {folder}/none.yaml\n"))
    for flags in (("--check-config",), ()):
        said = run(f"{programs}/ringfence-publish", "--config", bad, *flags, expect=2)
        for name in ("policy.yaml:1", "none.yaml: ", "short.key: "):
            expect(name in said, f"{name} is not named: {said}")
    bad.write_text(re.sub(r"victim_tokens_file: \S+", f"victim_tokens_file: {key}", text))
    for name in ("intake", "gateway"):
        expect("short.key: " in run(f"{programs}/ringfence-{name}", "--config", bad, "--check-config", expect=2), name)
    bad.write_text(text.replace("plaintext_on_loopback: true",
                                f"certificate_file: {key}\n  ca_file: {folder}/none.pem\n  identities_file: {policy}"))
    for name in NAMES:
        said = run(f"{programs}/ringfence-{name}", "--config", bad, "--check-config", expect=2)
        expect("short.key: " in said and "policy.yaml:1" in said, f"{name}: {said}")


def gateway(programs, config, folder, sample):
    service = Service(programs, "gateway", config, folder).start().wait_ready()
    for file in services.partner_files(sample):
        run(programs + "/ringfence", "ingest", "--server", service.grpc, "--partner", file.stem, "--state", f"{folder}/{file.stem}.position",
            "--rejects", f"{folder}/{file.stem}.rejects", file)
    expect(service.get("/healthz/live") == (200, "ok\n"), "not live")
    expect(service.get("/nothing")[0] == 404, "what is not there is found")
    # Only one process at a time has an embedded log: another one waits or ends, and does not serve.
    other = subprocess.run([f"{programs}/ringfence-intake", "--config", config], capture_output=True, text=True, timeout=30)
    expect(other.returncode == 3 and "in use" in other.stderr, f"two processes on one log: {other}")
    service.stop()


def stage(programs, name, config, folder, kills):
    """Kills it under way; returns it at rest."""
    service = Service(programs, name, config, folder)
    for _ in range(kills):
        service.start()
        service.wait("progress", lambda: service.applied() > 0)
        service.kill()
    return service.start().wait_caught_up()


def snapshots_of(programs, folder, series, expect_status=0):
    said = run(programs + "/ringfence", "snapshot", "verify", "--folder", folder + "/snapshots", "--series", series, expect=expect_status)
    return [line.split()[0] for line in said.splitlines()]


def restore(programs, config, folder):
    """Cluster's state goes, and comes back: from a snapshot, from the one before where the newest is damaged, from the log."""
    service = Service(programs, "cluster", config, folder).start().wait_caught_up()
    made = 'outcome="made",stage="cluster"'
    service.wait("two snapshots", lambda: service.metric("ringfence_state_snapshots_total").get(made, 0) >= 4)
    service.stop()
    expect(len(snapshots_of(programs, folder, "cluster-0")) == 2, "not two snapshots")
    for damaged in (False, True):
        shutil.rmtree(folder + "/cluster")
        if damaged:
            newest = pathlib.Path(folder, "snapshots", snapshots_of(programs, folder, "cluster-0")[0])
            largest = max(newest.glob("*.sst"), key=lambda file: file.stat().st_size)
            with open(largest, "r+b") as file:
                file.seek(largest.stat().st_size // 2)
                byte = file.read(1)
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte[0] ^ 1]))
            snapshots_of(programs, folder, "cluster-0", expect_status=3)
        service = Service(programs, "cluster", config, folder).start().wait_caught_up()
        outcomes = service.metric("ringfence_state_snapshots_total")
        expect(outcomes.get('outcome="restored",stage="cluster"') == 2, f"not restored: {outcomes}")
        expect(outcomes.get('outcome="refused",stage="cluster"', 0) == damaged, f"damaged {damaged}: {outcomes}")
        # Nothing that is in `indicators` was older than what was restored and replayed.
        service.stop()
    shutil.rmtree(folder + "/cluster")
    shutil.rmtree(folder + "/snapshots")
    Service(programs, "cluster", config, folder).start().wait_caught_up().stop()


def publish(programs, config, folder, expected):
    service = Service(programs, "publish", config, folder)
    service.start().wait_ready()
    services.expect_equal(expected, services.published_set(programs + "/ringfence", service.grpc), "published by processes")
    service.kill()
    service.start().wait_ready()
    services.expect_equal(expected, services.published_set(programs + "/ringfence", service.grpc), "published after a kill")
    service.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--reports", type=int, default=600)
    options = parser.parse_args()
    programs = str(pathlib.Path(options.programs).resolve())
    folder = tempfile.mkdtemp(prefix="ringfence-services-")
    keys = services.make_keys(folder + "/keys")
    config = folder + "/ringfence.yaml"
    pathlib.Path(config).write_text(CONFIG.format(folder=folder) + services.keys_section(keys))
    run(programs + "/ringfence", "sample", "--reports", options.reports, "--seed", 3, "--out", folder + "/sample")
    expected = services.replayed_set(programs + "/ringfence", folder + "/sample", folder + "/replayed", keys / "naming.key")

    check_flags(programs, folder, config)
    gateway(programs, config, folder, folder + "/sample")
    stage(programs, "intake", config, folder, 1).stop()
    stage(programs, "dedupe", config, folder, 2).stop()
    stage(programs, "cluster", config, folder, 2).stop()
    publish(programs, config, folder, expected)
    restore(programs, config, folder)
    publish(programs, config, folder, expected)
    print(f"five processes, {options.reports} reports: {len(expected)} indicators, 0 differences")
    shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
