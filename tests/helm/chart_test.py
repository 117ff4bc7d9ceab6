#!/usr/bin/env python3
"""The chart: `helm lint` and `helm template` over tests/helm/values, every object valid, every configuration accepted by the programs'
--check-config, what a pod must and must not have; and tests/helm/wrong_values.yaml, each refused with a message that names the key.

    chart_test.py --programs build/release/bin

Exit status 77 where there is no helm: `ops/tools helm` builds it.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CHART = ROOT / "helm/ringfence"
KUBERNETES = "1.31"
# Of operators that a cluster may have: no part of Kubernetes.
CUSTOM = {"ServiceMonitor", "PrometheusRule", "ScaledObject"}
SERVICES = ("intake", "gateway", "publish", "dedupe", "cluster")
wrong = []


def expect(condition, what):
    if not condition:
        wrong.append(what)


def helm(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)


def render(program, *values):
    flags = [word for file in values for word in ("--values", file)]
    return helm(program, "template", "release", CHART, "--namespace", "fraud", "--kube-version", KUBERNETES + ".0", *flags)


def pods(objects):
    for thing in objects:
        if thing["kind"] == "Pod":
            yield thing["metadata"]["name"], thing["spec"]
        elif "template" in thing.get("spec", {}):
            yield f"{thing['kind']} {thing['metadata']['name']}", thing["spec"]["template"]["spec"]


def check_pod(name, spec):
    security = spec["securityContext"]
    expect(security["runAsNonRoot"] is True and security["runAsUser"] > 0, f"{name}: runs as root")
    expect(security["seccompProfile"]["type"] == "RuntimeDefault", f"{name}: no seccomp profile")
    expect(spec["automountServiceAccountToken"] is False, f"{name}: has a token")
    for container in spec["containers"]:
        own = container["securityContext"]
        expect(own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"] and own["capabilities"] == {"drop": ["ALL"]},
               f"{name}: may too much")
        expect("memory" in container["resources"].get("limits", {}), f"{name}: memory without a limit")
    mounted = {mount["name"] for container in spec["containers"] for mount in container.get("volumeMounts", [])}
    own_claims = {"state"}
    expect(mounted - own_claims <= {volume["name"] for volume in spec.get("volumes", [])}, f"{name}: mounts what is not there")


def check_objects(objects, given):
    """What the chart promises beside valid objects, with these values."""
    by_kind = {}
    for thing in objects:
        by_kind.setdefault(thing["kind"], []).append(thing)
    expect("Secret" not in by_kind, "the chart makes secrets")
    for name, spec in pods(objects):
        check_pod(name, spec)
    for thing in by_kind["StatefulSet"]:
        spec = thing["spec"]
        expect(spec["podManagementPolicy"] == "Parallel", "not Parallel")
        expect(spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}, "volumes are not retained")
        environment = {e["name"]: e["valueFrom"]["fieldRef"]["fieldPath"] for e in spec["template"]["spec"]["containers"][0]["env"]}
        expect(environment == {"RINGFENCE_KAFKA_INSTANCE_ID": "metadata.name"}, "partitions are not pinned by name")
    expect(len(by_kind["PodDisruptionBudget"]) == len(SERVICES), "not a disruption budget for each service")
    for thing in by_kind["Deployment"] + by_kind["StatefulSet"]:
        container = thing["spec"]["template"]["spec"]["containers"][0]
        for probe, path in (("startupProbe", "live"), ("readinessProbe", "ready"), ("livenessProbe", "live")):
            expect(container[probe]["httpGet"]["path"] == "/healthz/" + path, f"{thing['metadata']['name']}: {probe}")
        keys = {item["key"] for volume in thing["spec"]["template"]["spec"]["volumes"] if volume["name"] == "keys"
                for item in volume["secret"]["items"]}
        tokens = {"victim-tokens.key", *given["secrets"].get("furtherTokenKeys", [])}
        wanted = {"intake": tokens, "gateway": tokens, "publish": {"naming.key", "cursors.key"}}
        expect(keys == wanted.get(container["name"], set()), f"{container['name']}: sees the keys {keys}")
    for policy in by_kind.get("NetworkPolicy", []):
        if policy["metadata"]["name"].endswith("-deny"):
            expect(policy["spec"].keys() == {"podSelector", "policyTypes"}, "the policy that denies allows something")


def make_mounts(folder, files):
    """What secrets and the configuration hold, made up: --check-config reads it."""
    for name in ("keys", "access", "kafka", "config"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "keys/victim-tokens.key").write_text(f"id: k1\nsecret: {'5a' * 32}\n")
    (folder / "keys/naming.key").write_bytes(bytes(16))
    (folder / "keys/cursors.key").write_bytes(bytes(32))
    pem = folder / "access/server.pem"
    if not pem.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "key.pem",
                        "-out", folder / "certificate.pem", "-days", "2", "-subj", "/CN=test"], check=True, capture_output=True)
        pem.write_text((folder / "certificate.pem").read_text() + (folder / "key.pem").read_text())
    for copy in ("access/ca.pem", "kafka/ca.pem", "kafka/client.pem"):
        (folder / copy).write_text((folder / "certificate.pem").read_text())
    (folder / "access/identities.yaml").write_text((ROOT / "ops/config/identities.yaml").read_text())
    for name in ("policy.yaml", "organisations.yaml"):
        (folder / "config" / name).unlink(missing_ok=True)
        if name in files:
            (folder / "config" / name).write_text(files[name])
    return folder


def check_config(programs, objects, folder):
    files = next(o for o in objects if o["kind"] == "ConfigMap" and "ringfence.yaml" in o["data"])["data"]
    config = files["ringfence.yaml"]
    file = pathlib.Path(folder, "ringfence.yaml")
    # As it is in a pod, but for where that mounts its files.
    mounts = make_mounts(pathlib.Path(folder, "mounts"), files)
    file.write_text(config.replace("/etc/ringfence", str(mounts)))
    for service in SERVICES:
        done = subprocess.run([f"{programs}/ringfence-{service}", "--config", file, "--check-config"], capture_output=True, text=True)
        expect(done.returncode == 0, f"ringfence-{service} refuses what was rendered:\n{done.stderr}{config}")
    for name in ("policy", "organisations"):
        named = yaml.safe_load(config)["publish"].get(f"{name}_file")
        expect(named == (f"/etc/ringfence/config/{name}.yaml" if f"{name}.yaml" in files else None), f"publish reads {named}")
    if "policy.yaml" in files:
        file.write_text(files["policy.yaml"])
        done = subprocess.run([f"{programs}/ringfence", "policy", "show", "--file", file], capture_output=True, text=True)
        expect(done.returncode == 0, f"the policy that was rendered is refused:\n{done.stderr}")
        # Complete, so that what was given is in it.
        given, shown = yaml.safe_load(files["policy.yaml"]), yaml.safe_load(done.stdout)
        expect(merged(shown, given) == shown, f"the policy that was rendered is another one:\n{done.stdout}")


def check_topics_command(programs, objects):
    """The Job's command line is one that the program knows, and wants what services make their topics with."""
    config = yaml.safe_load(next(o for o in objects if o["kind"] == "ConfigMap" and "ringfence.yaml" in o["data"])["data"]["ringfence.yaml"])
    kafka = config["log"]["kafka"]
    made = {"--partitions": config["partitions"], "--report-partitions": config["gateway"].get("report_partitions"),
            "--replication": kafka["replication"], "--min-insync": kafka["min_insync_replicas"],
            "--retention-days": kafka.get("retention_days"), "--report-retention-days": kafka.get("report_retention_days")}
    for job in (o for o in objects if o["kind"] == "Job"):
        command = job["spec"]["template"]["spec"]["containers"][0]["command"]
        wanted = dict(word.split("=", 1) for word in command if "=" in word)
        for flag, value in made.items():
            expect(wanted[flag] == str(value), f"the Job wants {flag}={wanted[flag]}, services make {value}")
        done = subprocess.run([f"{programs}/{command[0]}", *command[1:], "--help"], capture_output=True, text=True)
        expect(done.returncode == 0, f"{command}: {done.stderr}")
        known = done.stdout
        for flag in (word.split("=")[0] for word in command if word.startswith("--")):
            expect(f"{flag} " in known, f"ringfence topics create knows no {flag}")


def merged(base, more):
    if not isinstance(base, dict) or not isinstance(more, dict):
        return more
    return {key: merged(base[key], more[key]) if key in base and key in more else more.get(key, base.get(key))
            for key in base.keys() | more.keys()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    options = parser.parse_args()
    checked = subprocess.run([sys.executable, ROOT / "helm/schema.py", "--check"], capture_output=True, text=True)
    expect(checked.returncode == 0, checked.stderr)
    found = subprocess.run([ROOT / "ops/tools", "--have", "helm"], capture_output=True, text=True)
    if found.returncode != 0:
        print("SKIPPED: there is no helm; `ops/tools helm` builds it, in some ten minutes")
        sys.exit(77)
    program = found.stdout.strip()
    objects_seen = 0
    with tempfile.TemporaryDirectory() as folder:
        for values in sorted((HERE / "values").glob("*.yaml")):
            linted = helm(program, "lint", "--strict", "--kube-version", KUBERNETES + ".0", CHART, "--values", values)
            expect(linted.returncode == 0, f"helm lint, {values.name}:\n{linted.stdout}")
            rendered = render(program, values)
            expect(rendered.returncode == 0, f"helm template, {values.name}:\n{rendered.stderr}")
            objects = [o for o in yaml.safe_load_all(rendered.stdout) if o]
            for thing in objects:
                if thing["kind"] in CUSTOM:
                    continue
                objects_seen += 1
                try:
                    kubernetes_validate.validate(thing, KUBERNETES, strict=True)
                except kubernetes_validate.ValidationError as error:
                    expect(False, f"{values.name}: {thing['kind']} {thing['metadata']['name']}: {error.message} at {list(error.path)}")
            check_objects(objects, yaml.safe_load(values.read_text()))
            check_config(options.programs, objects, folder)
            check_topics_command(options.programs, objects)
        least = yaml.safe_load((HERE / "values/least.yaml").read_text())
        cases = yaml.safe_load((HERE / "wrong_values.yaml").read_text())
        for case in cases:
            file = pathlib.Path(folder, "wrong.yaml")
            file.write_text(yaml.safe_dump(merged(least, case["values"])))
            refused = render(program, file)
            said = [line for line in refused.stderr.splitlines() if "walk.go" not in line]
            named = case["names"] in "\n".join(said) or "/" + case["names"].replace(".", "/") in "\n".join(said)
            expect(refused.returncode != 0 and named, f"{case['values']}: does not name {case['names']}: {said}")
    print("\n".join(wrong) or f"{objects_seen} objects valid, {len(cases)} wrong values refused by name")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
