#!/usr/bin/env python3
"""What goes into an image and a package: the list of what is inside (SBOM) is valid CycloneDX, complete and the same each time; the
steps that make an image give programs that run; the unit takes everything away that the service does not need.

    package_test.py --build build/release

`ops/package/prove` does the rest, on a machine that has nothing yet.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ["ringfence"] + ["ringfence-" + name for name in ("cluster", "dedupe", "gateway", "intake", "publish")]
# Rules of the unit that must not be lost.
RULES = ("User=ringfence", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes",
         "PrivateDevices=yes", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service",
         "StateDirectory=ringfence", "StateDirectoryMode=0700", "Restart=on-failure")


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, cwd=ROOT).stdout


def check_sbom(build):
    text = run("ops/image/sbom", build)
    error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    assert error is None, error
    assert text == run("ops/image/sbom", build), "another text for the same programs"
    listed = {part["name"] for part in json.loads(text)["components"]}
    assert {"librdkafka1", "libssl3"} <= {name.removesuffix("t64") for name in listed}, listed
    assert {"librocksdb-dev", "rocksdb"} & listed, "RocksDB is linked into the programs and not listed"
    packages = set(run("ops/image/sbom", "--packages", build).split())
    assert packages <= listed, packages - listed
    return len(listed)


def check_image(folder):
    """As the Dockerfile does it, but for the second machine."""
    run("ops/image/collect", folder)
    for program in PROGRAMS:
        assert "Usage" in run(folder / "usr/bin" / program, "--help"), program
    documents = folder / "usr/share/doc/ringfence"
    assert (documents / "ringfence.cdx.json").exists()
    wanted = [file.relative_to(ROOT / "ops") for pattern in ("*.md", "config/*", "front/*", "alerts/*", "runbooks/*") for file in (ROOT / "ops").glob(pattern)]
    missing = [str(file) for file in wanted if not (documents / file).exists()]
    assert not missing, f"programs and documents refer to what is not installed: {missing}"
    assert "librdkafka1" in (folder / "depends").read_text()
    ready = subprocess.run([folder / "usr/bin/ringfence-ready", "http://127.0.0.1:1"], capture_output=True, text=True)
    assert ready.returncode == 1 and "http://127.0.0.1:1: " in ready.stdout, ready
    dockerfile = (ROOT / "ops/image/Dockerfile").read_text()
    for script in re.findall(r"ops/image/(\w[\w-]*)", dockerfile):
        assert (ROOT / "ops/image" / script).exists(), script
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20


def check_unit():
    lines = (ROOT / "ops/package/ringfence.service").read_text().splitlines()
    missing = [rule for rule in (*RULES, "RestartPreventExitStatus=2") if rule not in lines]
    assert not missing, missing
    if not shutil.which("systemd-analyze"):
        return "systemd-analyze is not there"
    said = run("systemd-analyze", "security", "--offline=true", ROOT / "ops/package/ringfence.service")
    exposure = float(re.search(r"exposure level for \S+ ([\d.]+)", said).group(1))
    assert exposure <= 1.5, said
    return f"exposure {exposure}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    options = parser.parse_args()
    for script in ("postinst", "prerm", "postrm"):
        run("sh", "-n", ROOT / "ops/package" / script)
    with tempfile.TemporaryDirectory() as folder:
        listed = check_sbom(options.build.resolve())
        mib = check_image(pathlib.Path(folder))
    print(f"{listed} components, {mib:.0f} MiB of programs and documents, unit: {check_unit()}")


if __name__ == "__main__":
    sys.exit(main())
