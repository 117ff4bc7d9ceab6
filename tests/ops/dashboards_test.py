#!/usr/bin/env python3
"""Every query of every dashboard, and every rule, on a real Prometheus that scrapes a real Ringfence under load and while it is broken: none
errs, none is empty, what is broken is about to alarm, and what was mended is no more. What is on /metrics is what ops/metrics.md says, with its types and labels.

    dashboards_test.py --programs build/release/bin [--reports 3000]    ringfence serve
    dashboards_test.py --programs build/release/bin --kafka             the five processes on a broker of its own, which takes TLS alone:
                                                                        Kafka's, snapshots' and certificates' too

Exit status 77 where no Prometheus can be had.
"""
import argparse
import itertools
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import metrics

sys.path.insert(0, str(metrics.ROOT / "tests/e2e"))
import services  # noqa: E402

OPS = metrics.ROOT / "ops"
# Spans of time that a test cannot wait for.
RANGES = {"$__rate_interval": "15s"}
WAIT_SECONDS = 40
PARTS = 10
# Reports of a partner in an hour: less than it sends, so that some are held.
QUOTA = 250
NEEDS = {"Empty without Kafka.": "kafka", "Empty where no snapshots are made.": "kafka", "Empty without certificates.": "kafka"}

SERVICES = """\
partitions: 2
log: {{kafka: {{servers: '{servers}', replication: 1, min_insync_replicas: 1, security: ssl, ca_file: {tls}/ca.pem,
  certificate_file: {tls}/admin.pem, key_file: {tls}/admin.key}}}}
access: {{plaintext_on_loopback: true}}
keys: {{victim_tokens_file: {keys}/victim-tokens.key, naming_file: {keys}/naming.key, cursors_file: {keys}/cursors.key}}
snapshots: {{folder: {folder}/snapshots, every_seconds: 2, free_bytes_min: 1000000}}
intake: {{quota_reports_per_hour: {quota}}}
dedupe: {{state_folder: {folder}/state}}
cluster: {{state_folder: {folder}/state}}
publish: {{state_folder: {folder}/state}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class AllInOne:
    # What is about to alarm while it is broken.
    alarms = {"RingfenceDown"}

    def __init__(self, programs, folder):
        self.programs, self.folder = programs, folder
        self.start("127.0.0.1:0", "127.0.0.1:0")
        self.scraped = [self.lists]

    def start(self, grpc, http):
        self.process = subprocess.Popen([f"{self.programs}/ringfence", "serve", "--data", self.folder + "/data", "--grpc", grpc, "--http", http,
                                         "--quota-reports", str(QUOTA)],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.reports, self.lists = re.search(r"gRPC on ([^,]+), HTTP on http://([^/]+)/", self.process.stdout.readline()).groups()
        self.lookups = self.reports

    def break_it(self):
        self.process.kill()
        self.process.wait()

    def mend(self):
        self.start(self.reports, self.lists)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Processes:
    def __init__(self, programs, folder):
        self.kafka = [str(OPS / "dev/kafka"), "--dir", folder + "/broker"]
        services.run(self.kafka[0], "start", *self.kafka[1:], "--secure", "--port", "0")
        servers = pathlib.Path(folder, "broker/bootstrap.mtls").read_text().strip()
        self.folder = folder
        keys = services.make_keys(folder + "/keys")
        config = pathlib.Path(folder, "ringfence.yaml")
        config.write_text(SERVICES.format(servers=servers, tls=folder + "/broker/tls", keys=keys, folder=folder, quota=QUOTA))
        self.all = {name: services.Service(programs, name, config, folder).start()
                    for name in ("gateway", "intake", "dedupe", "cluster", "publish")}
        for service in self.all.values():
            service.wait_ready()
        self.reports, self.lookups, self.lists = self.all["gateway"].grpc, self.all["publish"].grpc, self.all["publish"].http
        self.scraped = [service.http for service in self.all.values()]

    alarms = {"RingfenceDown", "RingfencePartitionUnowned"}

    def break_it(self):
        self.all["cluster"].kill()

    def mend(self):
        # On the port that is scraped.
        cluster = self.all["cluster"]
        config = pathlib.Path(self.folder, "mended.yaml")
        config.write_text(pathlib.Path(cluster.config).read_text().replace(
            "cluster: {", f"cluster: {{http: {{address: '{cluster.http}'}}, "))
        cluster.config = str(config)
        cluster.start().wait_ready()

    def stop(self):
        for service in self.all.values():
            service.stop()
        services.run(self.kafka[0], "stop", *self.kafka[1:], "--remove")


class Prometheus:
    def __init__(self, program, folder, scraped):
        port = free_port()
        config = pathlib.Path(folder, "prometheus.yaml")
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(OPS / "alerts/recording.yaml"), str(OPS / "alerts/alerts.yaml")],
            "scrape_configs": [{"job_name": "ringfence", "static_configs": [{"targets": scraped, "labels": {"namespace": "here"}}]}]}))
        self.log = open(folder + "/prometheus.log", "w")
        self.process = subprocess.Popen([program, f"--config.file={config}", f"--storage.tsdb.path={folder}/prometheus",
                                         f"--web.listen-address=127.0.0.1:{port}"], stdout=self.log, stderr=self.log)
        self.url = f"http://127.0.0.1:{port}"
        deadline = time.time() + 60
        while True:
            try:
                urllib.request.urlopen(self.url + "/-/ready", timeout=5)
                return
            except OSError:
                if self.process.poll() is not None or time.time() > deadline:
                    sys.exit("Prometheus does not start: " + open(folder + "/prometheus.log").read()[-1500:])
                time.sleep(0.1)

    def get(self, path, **arguments):
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(arguments)}", timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            sys.exit(f"{arguments}: {error.read().decode()}")

    def values(self, query):
        """Whether it gives any number that is one."""
        for word, span in RANGES.items():
            query = query.replace(word, span)
        query = query.replace("$namespace", ".*").replace("$partner", ".*")
        return [one["value"][1] for one in self.get("query", query=query)["result"] if one["value"][1] != "NaN"]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def load(programs, server, folder, files, part):
    """A part of every partner's reports, a look-up, a list twice."""
    for file in files:
        lines = file.read_text().splitlines(keepends=True)
        slice_of = pathlib.Path(folder, f"{file.stem}.{part}")
        slice_of.write_text("".join(lines[part::PARTS]))
        services.run(f"{programs}/ringfence", "ingest", "--server", server.reports, "--partner", file.stem, "--no-state", "--rejects",
                     f"{folder}/rejects", slice_of)
    services.run(f"{programs}/ringfence", "lookup", "--server", server.lookups, "(212) 555-0142", "--region", "US")
    url = f"http://{server.lists}/v1/indicators.jsonl"
    with urllib.request.urlopen(url, timeout=30) as answer:
        tag = answer.headers["ETag"]
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers={"If-None-Match": tag}), timeout=30)
    except urllib.error.HTTPError as error:
        assert error.code == 304, error


def panels():
    for file in sorted((OPS / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{file.stem}: {panel['title']}", NEEDS.get(panel.get("description"), ""), target["expr"]


def check_queries(prometheus, kafka, again):
    """Asks until all give something; `again` makes more of what is counted."""
    wanted = [(title, query) for title, needs, query in panels() if needs == "" or (needs == "kafka" and kafka)]
    deadline = time.time() + WAIT_SECONDS
    left = wanted
    while left and time.time() < deadline:
        left = [(title, query) for title, query in left if not prometheus.values(query)]
        if left:
            again()
            time.sleep(1)
    services.expect(not left, "empty: " + "\n  ".join(f"{title}: {query}" for title, query in left))
    for _, _, query in panels():
        prometheus.values(query)  # an error is one even where it may be empty
    return len(wanted)


def check_rules(prometheus):
    """None errs; nothing pages about a system that is well."""
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    bad = [f"{rule['name']}: {rule['lastError']}" for rule in rules if rule["health"] != "ok"]
    services.expect(not bad, "rules that err: " + "\n".join(bad))
    firing = [rule["name"] for rule in rules if rule.get("state") == "firing"]
    services.expect(not firing, f"a healthy system alarms: {firing}")
    return len(rules)


def alarms(prometheus):
    """Alerts that fire, or will if it goes on."""
    return {alert["labels"]["alertname"] for alert in prometheus.get("alerts")["alerts"]}


def check_broken(prometheus, server):
    """A process is killed: rules and queries stand it, and say so; it comes back, and nothing is left of it."""
    before = alarms(prometheus)
    server.break_it()
    await_that(lambda: server.alarms <= alarms(prometheus), f"{server.alarms} are about to alarm")
    for _, _, query in panels():
        prometheus.values(query)
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    services.expect(all(rule["health"] == "ok" for rule in rules), "a rule errs while a process is away")
    server.mend()
    await_that(lambda: not server.alarms & alarms(prometheus) - before, f"{server.alarms} alarm no more")


def await_that(done, what):
    deadline = time.time() + 2 * WAIT_SECONDS
    while not done():
        services.expect(time.time() < deadline, f"not within {2 * WAIT_SECONDS} s: {what}")
        time.sleep(0.5)


def check_exposed(scraped):
    declared = metrics.declared()
    seen = set()
    for address in scraped:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
            exposed = metrics.exposed(answer.read().decode())
        for name, (kind, labels) in exposed.items():
            services.expect(name in declared, f"{name} is exposed and not declared")
            services.expect(kind == declared[name][0], f"{name} is a {kind}, and declared as {declared[name][0]}")
            wrong = [sorted(one) for one in labels if one != frozenset(declared[name][1])]
            services.expect(not wrong, f"{name} has the labels {wrong}, declared are {declared[name][1]}")
            if labels:
                seen.add(name)
    return len(seen), len(declared)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--reports", type=int, default=2000)
    parser.add_argument("--kafka", action="store_true")
    options = parser.parse_args()
    found = subprocess.run([str(OPS / "tools"), "prometheus"], capture_output=True, text=True)
    if found.returncode != 0:
        print("SKIPPED: no Prometheus can be had: " + found.stderr)
        sys.exit(77)
    programs = str(pathlib.Path(options.programs).resolve())
    folder = tempfile.mkdtemp(prefix="ringfence-dashboards-")
    services.run(f"{programs}/ringfence", "sample", "--reports", options.reports, "--seed", 5, "--out", folder + "/sample")
    files = services.partner_files(folder + "/sample")
    server = (Processes if options.kafka else AllInOne)(programs, folder)
    prometheus = Prometheus(found.stdout.strip(), folder, server.scraped)
    subscriber = subprocess.Popen([f"{programs}/ringfence", "subscribe", "--server", server.lookups, "--min-action", "monitor"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        # A counter that begins above 0 grew unseen: two scrapes before what is to be seen.
        parts = itertools.count()
        load(programs, server, folder, files, next(parts))
        time.sleep(2.5)
        load(programs, server, folder, files, next(parts))
        queries = check_queries(prometheus, options.kafka, lambda: load(programs, server, folder, files, next(parts) % PARTS))
        rules = check_rules(prometheus)
        check_broken(prometheus, server)
        queries = check_queries(prometheus, options.kafka, lambda: load(programs, server, folder, files, next(parts) % PARTS))
        exposed, declared = check_exposed(server.scraped)
    finally:
        subscriber.terminate()
        subscriber.wait(30)
        prometheus.stop()
        server.stop()
    print(f"{queries} queries and {rules} rules: none empty, none errs; {exposed} of {declared} metrics seen, all as declared")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
