#!/usr/bin/env python3
"""One incident once, as an operator and partners see it: a server, partners that send handles or tokens, `ringfence explain report`,
`ringfence token`, and the change of the key of victims' tokens, step by step as ops/incidents.md has it.

    incidents_test.py --program build/release/bin/ringfence
"""
import argparse
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

WHEN = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - 7200))
# What must never be seen in an answer, a log or a metric.
VICTIM = ["2125550123", "212-555-0123", "(212) 555-0123", "ann@example.org", "2125550188"]


def check(holds, what):
    if not holds:
        sys.exit("FAILED: " + what)


class Deployment:
    def __init__(self, program, folder):
        self.program, self.folder, self.data = program, folder, folder / "data"
        self.process = self.grpc = self.http = None
        self.sent = 0
        self.answers = ""

    def start(self):
        with open(self.folder / "serve.log", "a") as log:
            self.process = subprocess.Popen([self.program, "serve", "--data", str(self.data), "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"],
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        served = re.search(r"gRPC on ([^,\s]+),.*?(127\.0\.0\.1:\d+)", line)
        if served is None:
            self.process.wait(60)
            return self.process.returncode
        self.grpc, self.http = served.group(1), served.group(2)
        return 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(60) == 0, "the server ends well")

    def run(self, *arguments, stdin=None, expect=0):
        done = subprocess.run([self.program, *arguments], input=stdin, capture_output=True, text=True, timeout=120)
        check(done.returncode == expect, f"ringfence {' '.join(arguments)}: exit {done.returncode}, not {expect}: {done.stdout}{done.stderr}")
        self.answers += done.stdout + done.stderr
        return done

    def ingest(self, partner, report_id, handle=None, **fields):
        """Sends one report of a victim, told by a handle or a token, with a number that nobody else names."""
        self.sent += 1
        report = {"reportId": report_id, "occurredAt": WHEN, "victim": {"country": "US", "handles": [handle] if handle else []},
                  "identifiers": [{"type": "IDENTIFIER_TYPE_DOMAIN", "value": f"site{self.sent}.example", "role": "IDENTIFIER_ROLE_WEB_HOST"}]}
        report.update(fields)
        path = self.folder / f"{self.sent}.jsonl"
        path.write_text(json.dumps(report) + "\n")
        self.run("ingest", "--server", self.grpc, "--partner", partner, str(path))
        self.run("status", "--server", self.grpc, "--wait-quiet", "60")

    def explain(self, partner, report_id, expect=0):
        done = self.run("explain", "report", partner, report_id, "--server", self.grpc, "--json", expect=expect)
        return json.loads(done.stdout) if expect == 0 else done.stderr

    def joined(self, partner, report_id):
        """Of how many others it is said that they match."""
        return sum(1 for other in self.explain(partner, report_id).get("others", []) if other.get("matches"))

    def token(self, key, kind, handle, country="US"):
        done = self.run("token", "--key", str(key), "--kind", kind, "--country", country, stdin=handle + "\n")
        return done.stdout.strip()


def phone(number):
    return {"kind": "KIND_PHONE", "value": number}


def phone_token(token):
    return {"kind": "KIND_PHONE", "token": token}


def explains(deployment):
    deployment.ingest("bank", "b1", phone("+1 212 555 0123"))
    deployment.ingest("shop", "s1", phone("(212) 555-0123"))
    # A relative: the same telephone, another address, another day.
    earlier = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - 7200 - 2 * 86400))
    deployment.ingest("telco", "t1", None, occurredAt=earlier, victim={"country": "US", "handles": [
        phone("+12125550123"), {"kind": "KIND_EMAIL", "value": "ann@example.org"}]})
    answer = deployment.explain("bank", "b1")
    matches = [other for other in answer["others"] if other.get("matches")]
    near = [other for other in answer["others"] if not other.get("matches")]
    check(len(matches) == 1 and len(near) == 1, f"one match and one near miss: {answer}")
    fields = {field["field"]: field.get("weight", 0) for field in matches[0]["fields"]}
    check(fields["victim_phone"] > 15 and fields["time"] > 0, f"the fields and what they weigh: {fields}")
    check(abs(sum(fields.values()) - matches[0]["weight"]) < 0.01, "the weights add up")
    check(matches[0]["weight"] >= matches[0]["threshold"] > near[0]["weight"], f"what a match takes: {answer}")
    again = deployment.explain("bank", "b1")
    aliases = {other["report"] for other in answer["others"]} | {answer["incident"]}
    check(not aliases & ({other["report"] for other in again["others"]} | {again["incident"]}), "aliases are made anew for each answer")
    text = deployment.run("explain", "report", "bank", "b1", "--server", deployment.grpc).stdout
    check("victim_phone +" in text and "yes" in text, "the table names the fields: " + text)
    for answered in (json.dumps(answer), text):
        check(not any(word in answered for word in ("shop", "telco", "s1", "t1", "site2")), "no other organisation, report or identifier: " + answered)
    deployment.ingest("shop", "s1", None, revision=1, retracted=True)
    check(deployment.joined("bank", "b1") == 0, "a retraction takes the match away")
    check(deployment.explain("shop", "s1").get("retracted"), "a retracted report is said to be")
    check("no such report" in deployment.explain("bank", "b2", expect=3), "an unknown report")
    deployment.run("explain", "report", "bank", "--server", deployment.grpc, expect=2)
    deployment.run("explain", "report", "bank", "b1", "--server", "127.0.0.1:1", expect=3)


def makes_tokens(deployment):
    key = deployment.data / "keys" / "victim-tokens.key"
    token = deployment.token(key, "phone", "212-555-0188")
    check(token == deployment.token(key, "phone", "+1 (212) 555-0188"), "one number, one token")
    deployment.ingest("bank", "b3", phone("+1 212 555 0188"))
    deployment.ingest("telco", "t3", phone_token(token))
    check(deployment.joined("telco", "t3") == 1, "a token joins with a handle")
    deployment.ingest("shop", "s3", phone_token(token))
    check(deployment.joined("shop", "s3") == 2, "a token joins with tokens")
    bad = deployment.run("token", "--key", str(key), "--kind", "phone", stdin="nonsense\n", expect=3)
    check("line 1" in bad.stderr and "nonsense" not in bad.stderr, "what is no number is said by its line alone")
    deployment.run("token", "--key", str(key) + ".away", "--kind", "phone", stdin="1\n", expect=3)
    return token


def changes_the_key(deployment, old_token):
    keys = deployment.data / "keys"
    key, second = keys / "victim-tokens.key", keys / "victim-tokens-k2.key"
    old = key.read_text()
    old_id = re.search(r"id: (\S+)", old).group(1)
    # Two keys of one id would make tokens that lie: refused, with the files' names and no key.
    second.write_text(old)
    deployment.stop()
    check(deployment.start() != 0, "two keys of one id are refused")
    log = (deployment.folder / "serve.log").read_text()
    check("victim-tokens-" in log and re.search(r"secret: (\S+)", old).group(1) not in log, "the refusal names the files: " + log[-500:])
    # 1. The new key beside the old one: handles have both tokens.
    second.write_text("id: k2\nsecret: " + "0f" * 32 + "\n")
    check(deployment.start() == 0, "the server starts with two keys")
    check(deployment.joined("telco", "t3") == 2, "what was joined stays so")
    new_token = deployment.token(second, "phone", "212-555-0188")
    check(new_token.startswith("k2:") and old_token.startswith(old_id + ":"), "a token says whose key made it")
    deployment.ingest("bank", "b4", phone("+1 212 555 0188"))
    # 2. Partners change one after the other: tokens of both keys join with handles.
    deployment.ingest("club", "c4", phone_token(new_token))
    check(deployment.joined("club", "c4") == 1, "a token of the new key joins with a later handle, not with old tokens")
    check(deployment.joined("bank", "b4") >= 3, "a handle joins with the tokens of both keys")
    # 3. They are swapped.
    deployment.stop()
    (keys / "victim-tokens-k1.key").write_text(old)
    key.write_text(second.read_text())
    second.unlink()
    check(deployment.start() == 0, "the server starts with the keys swapped")
    deployment.ingest("post", "p5", phone("+1 212 555 0188"))
    check(deployment.joined("post", "p5") >= 5, "a handle joins with tokens of both keys still")
    # 4. The old key goes.
    deployment.stop()
    (keys / "victim-tokens-k1.key").unlink()
    check(deployment.start() == 0, "the server starts with the new key alone")
    deployment.ingest("rail", "r6", phone("+1 212 555 0188"))
    deployment.ingest("farm", "f6", phone_token(new_token))
    others = deployment.explain("rail", "r6")["others"]
    check(sum(1 for other in others if other.get("matches")) >= 4, "handles and tokens of the new key join")
    # A key that is missing beside data is not made anew.
    deployment.stop()
    key.rename(keys / "away")
    check(deployment.start() != 0, "a missing key is refused")
    (keys / "away").rename(key)
    check(deployment.start() == 0, "and taken when it is back")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ringfence-incidents-"))
    deployment = Deployment(str(pathlib.Path(options.program).resolve()), folder)
    try:
        check(deployment.start() == 0, "the server starts")
        explains(deployment)
        changes_the_key(deployment, makes_tokens(deployment))
        metrics = urllib.request.urlopen(f"http://{deployment.http}/metrics", timeout=10).read().decode()
        seen = deployment.answers + metrics + (folder / "serve.log").read_text()
        for value in VICTIM:
            check(value not in seen, "a victim's handle in an answer, a log or a metric")
        deployment.stop()
    finally:
        if deployment.process and deployment.process.poll() is None:
            deployment.process.kill()
            deployment.process.wait()
    shutil.rmtree(folder)
    print("incidents are explained, tokens join, and the key was changed")


if __name__ == "__main__":
    main()
