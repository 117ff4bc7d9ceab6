"""What the tests of service processes share: a process with its health, sets and how they are compared."""
import json
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

# What remembers the past: a run that was disturbed may have another one.
PAST = ("indicatorId", "revision", "listedAt", "actionSince", "campaignId")


class Service:
    """One process ringfence-NAME, whose standard error goes to FOLDER/NAME.log."""

    def __init__(self, programs, name, config, folder, environment=None):
        self.program, self.name, self.config = f"{programs}/ringfence-{name}", name, str(config)
        self.log, self.environment = f"{folder}/{name}.log", environment
        self.process = self.http = self.grpc = None

    def start(self, wait_served=30):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([self.program, "--config", self.config], stdout=subprocess.PIPE, stderr=log, text=True,
                                            env=self.environment)
        line = self.process.stdout.readline()
        served = re.search(r"on http://([^,\s]+)(?:, gRPC on (\S+))?", line)
        if not served:
            self.process.wait(wait_served)
            sys.exit(f"ringfence-{self.name} ended with {self.process.returncode}: {self.tail()}")
        self.http, self.grpc = served.group(1), served.group(2)
        return self

    def tail(self):
        return "".join(open(self.log).readlines()[-5:])

    def get(self, path):
        """(status, body)"""
        try:
            with urllib.request.urlopen(f"http://{self.http}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name):
        """Values of all series, by their labels."""
        return {labels: float(value) for labels, value in
                re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", self.get("/metrics")[1], re.M)}

    def wait(self, what, done, seconds=60):
        deadline = time.time() + seconds
        while not done():
            if self.process.poll() is not None:
                sys.exit(f"ringfence-{self.name} ended with {self.process.returncode}: {self.tail()}")
            if time.time() > deadline:
                sys.exit(f"ringfence-{self.name}: {what} did not come within {seconds} s\n"
                         f"ready: {self.get('/healthz/ready')}\n{self.tail()}")
            time.sleep(0.1)

    def wait_ready(self, seconds=60):
        self.wait("ready", lambda: self.get("/healthz/ready")[0] == 200, seconds)
        return self

    def applied(self):
        return sum(self.metric("ringfence_stage_records_total").values()) + sum(self.metric("ringfence_reports_total").values())

    def wait_caught_up(self, seconds=60, lag=5):
        """Ticks come all the time: a few records behind is caught up."""
        self.wait_ready(seconds)
        quiet = {"since": time.time(), "messages": -1.0}

        def done():
            lags = self.metric("ringfence_stage_lag_records")
            behind = not lags or max(lags.values()) > lag
            messages = sum(v for k, v in self.metric("ringfence_stage_messages_total").items()) + self.applied()
            # A handful of ticks, and nothing else, for a while.
            if behind or messages > quiet["messages"] + 20:
                quiet.update(since=time.time(), messages=messages)
            return time.time() - quiet["since"] > 1.2
        self.wait("rest", done, seconds)
        return self

    def stop(self, seconds=30):
        self.process.terminate()
        status = self.process.wait(seconds)
        if status != 0:
            sys.exit(f"ringfence-{self.name} ended with {status} after SIGTERM: {self.tail()}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def run(*command, expect=0):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != expect:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}, not {expect}\n{done.stdout}{done.stderr}")
    return done.stdout if expect == 0 else done.stdout + done.stderr


def without_past(indicator):
    return {name: value for name, value in indicator.items() if name not in PAST}


def key(indicator):
    return indicator["type"], indicator["value"]


def comparable(indicator):
    """As text, of which a process can hold some hundred thousand."""
    return json.dumps(without_past(indicator), sort_keys=True)


def replayed_set(program, sample, out, naming_key):
    """Indicators, comparable, by key."""
    run(program, "replay", sample, "--out", out, "--naming-key", naming_key)
    with open(f"{out}/indicators.jsonl") as lines:
        return {key(indicator): comparable(indicator) for indicator in map(json.loads, lines)}


def published_set(program, address):
    """Indicators, comparable, by key."""
    held = {}
    for line in run(program, "subscribe", "--server", address, "--min-action", "monitor", "--json", "--once").splitlines():
        event = json.loads(line)
        if "upsert" in event:
            held[key(event["upsert"])] = comparable(event["upsert"])
    return held


def differences(expected, actual):
    keys = sorted(k for k in expected.keys() | actual.keys() if expected.get(k) != actual.get(k))
    return [f"{k}: {expected.get(k)}\n    not {actual.get(k)}" for k in keys]


def expect_equal(expected, actual, what):
    bad = differences(expected, actual)
    if not expected or bad:
        sys.exit(f"{what}: {len(expected)} expected, {len(actual)} there, {len(bad)} differ\n" + "\n".join(bad[:5]))


def expect(condition, what):
    if not condition:
        sys.exit(what)


def make_keys(folder):
    """Three keys as a deployment has them."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    (folder / "victim-tokens.key").write_text("id: k1\nsecret: " + "0123456789abcdef" * 4 + "\n")
    (folder / "naming.key").write_bytes(bytes(range(16)))
    (folder / "cursors.key").write_bytes(bytes(range(32)))
    return folder


def keys_section(folder):
    return (f"keys:\n  victim_tokens_file: {folder}/victim-tokens.key\n  naming_file: {folder}/naming.key\n"
            f"  cursors_file: {folder}/cursors.key\naccess:\n  plaintext_on_loopback: true\n")


def partner_files(sample):
    return sorted(p for p in pathlib.Path(sample).glob("*.jsonl") if p.stem != "truth")
