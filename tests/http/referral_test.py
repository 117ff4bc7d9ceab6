#!/usr/bin/env python3
"""Referral packs as an operator and a court meet them, from a real server on a made-up world: made twice with the same bytes, also after a
restart, a crash and more reports; hashes by sha256sum; nothing of victims'; totals as published; STIX by its validator; holds.

    referral_test.py --program build/release/bin/ringfence [--reports 3000] [--seed 1]
"""
import argparse
import csv
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import zipfile

from stix2validator import ValidationOptions, validate_string
from world import World

ASKED = ["--addressee", "Central Bureau of Investigation, India", "--reference", "2026/117", "--legal-basis", "=BNSS section 94"]


def with_consent(files):
    """Of a half of the reports each may be listed; the others say nothing. Ids of those that may."""
    allowed = set()
    for file in files:
        lines = []
        for line in file.read_text().splitlines():
            try:
                report = json.loads(line)
                if int(hashlib.sha256(report["reportId"].encode()).hexdigest(), 16) % 2:
                    report["referral"] = "REFERRAL_ALLOWED"
                    allowed.add((file.stem, report["reportId"]))
                line = json.dumps(report)
            except (ValueError, KeyError, AttributeError, TypeError):
                pass        # samples hold what is no report, too
            lines.append(line)
        file.write_text("\n".join(lines) + "\n")
    return allowed


def run(world, *command, expect=0):
    done = subprocess.run([world.program, *command, "--server", world.grpc], capture_output=True, text=True, timeout=120)
    assert done.returncode == expect, (command, done.returncode, done.stdout, done.stderr)
    return done


def make(world, name, *options):
    """Its position and bytes."""
    path = world.folder / name
    said = run(world, "referral", "--out", str(path), *options).stdout
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() in said, said
    return re.search(r"position (\S+)", said)[1], data


def files_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rows(files, name):
    return list(csv.DictReader(io.StringIO(files[name].decode(), newline="")))


def same_bytes(world, campaign):
    position, data = make(world, "first.zip", campaign, *ASKED)
    assert make(world, "again.zip", "--position", position)[1] == data
    other, changed = make(world, "other.zip", campaign, *ASKED)
    assert other != position and changed != data, "another position is another pack"
    run(world, "hold", "lift", other, "--reason", "made by mistake")
    world.stop()
    world.start()
    assert make(world, "restarted.zip", "--position", position)[1] == data
    world.server.send_signal(signal.SIGKILL)
    world.server.wait(60)
    world.start()
    assert make(world, "crashed.zip", "--position", position)[1] == data
    return position, data


def hashes(world, position):
    """As a folder, checked by the tool that everybody has."""
    folder = world.folder / "unpacked"
    run(world, "referral", "--position", position, "--out", str(folder))
    for manifest in ("MANIFEST.sha256", "PACK.sha256", "certificate-india/hash-report.sha256"):
        done = subprocess.run(["sha256sum", "--strict", "-c", manifest], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    listed = {line[66:] for line in (folder / "MANIFEST.sha256").read_text().splitlines()}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there - listed == {"MANIFEST.sha256", "PACK.sha256"} and listed <= there
    report_hash = hashlib.sha256((folder / "certificate-india/hash-report.sha256").read_bytes()).hexdigest()
    assert report_hash in (folder / "certificate-india/certificate.html").read_text()
    (folder / "losses.csv").write_text("currency,amount,incidents\r\n")
    done = subprocess.run(["sha256sum", "-c", "MANIFEST.sha256"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1, "a changed file is found"


def secrets(world, reports):
    """All that could tell who a victim is: handles as sent and as digits, their tokens, narratives, and partners' own report ids."""
    found = set()
    by_kind = {}
    for report in reports:
        found.add(report.get("reportId", ""))
        found.add(report.get("narrative", ""))
        victim = report.get("victim") or {}
        for handle in victim.get("handles") or []:
            found.update((handle.get("value", ""), handle.get("token", "")))
            digits = re.sub(r"\D", "", handle.get("value", ""))
            if len(digits) >= 8:
                found.add(digits)
            if handle.get("kind") == "KIND_EMAIL" and "value" in handle:
                by_kind.setdefault("email", set()).add(handle["value"])
    key = world.folder / "data" / "keys" / "victim-tokens.key"
    for kind, values in by_kind.items():
        done = subprocess.run([world.program, "token", "--key", str(key), "--kind", kind], input="\n".join(sorted(values)) + "\n",
                              capture_output=True, text=True)
        tokens = [line.split(":")[-1] for line in done.stdout.split()]
        assert tokens, done.stderr
        found.update(tokens)
    return {secret for secret in found if isinstance(secret, str) and len(secret) >= 6}


def nothing_of_victims(world, files, reports):
    looked_for = secrets(world, reports)
    assert len(looked_for) > 1000
    text = b"\n".join(files.values()).decode("utf-8", "replace")
    for secret in looked_for:
        assert secret not in text, "something of a victim's is in the pack"
    # The scan sees what is there.
    assert rows(files, "indicators.csv")[0]["indicator_id"] in text
    return len(looked_for)


def totals(world, campaign, files):
    published = json.loads(run(world, "campaigns", campaign, "--json").stdout.splitlines()[0])
    published = published.get("campaign", published)
    overview = json.loads(files["pack.json"])
    for ours, theirs in (("incidents", "incidents"), ("reports", "reports"), ("organisations", "organisations"), ("indicators", "indicators")):
        assert overview[ours] == published[theirs], (ours, overview[ours], published[theirs])
    countries = {c["country"]: c["incidents"] for c in published["victimsByCountry"]}
    assert {k: v for k, v in overview["incidents_by_country"].items() if k != "unknown"} == countries
    assert overview["losses"] == {loss["currency"]: loss["amount"] for loss in published.get("losses", [])}
    assert {row["currency"]: row["amount"] for row in rows(files, "losses.csv")} == overview["losses"]
    assert sum(int(row["incidents"]) for row in rows(files, "incidents-by-month.csv")) == overview["incidents"]
    assert sum(int(row["incidents"]) for row in rows(files, "timeline.csv")) == overview["incidents"]
    assert len(rows(files, "indicators.csv")) == overview["indicators"]
    return overview


def sources(files, overview, allowed):
    listed = rows(files, "source-reports.csv")
    assert len(listed) == sum(s["listed"] for s in overview["sources"].values()) > 0
    assert sum(s["counted"] for s in overview["sources"].values()) > 0
    assert len({row["report_alias"] for row in listed}) == len(listed) <= len(allowed)
    assert all(re.fullmatch("R-[A-Z2-7]{16}", row["report_alias"]) and re.fullmatch("[0-9a-f]{64}", row["content_hmac_sha256"]) for row in listed)


def matched(world, files, reports):
    """Who has the naming key finds the reports that a partner produces; others cannot."""
    listed = rows(files, "source-reports.csv")
    key = world.folder / "data" / "keys" / "naming.key"
    found = {}
    for file in world.files:
        sent = world.folder / "produced.jsonl"
        sent.write_text("".join(json.dumps(report) + "\n" for report in reports[file.stem]))
        done = subprocess.run([world.program, "hold", "match", file.stem, str(sent), "--naming-key", str(key)], capture_output=True, text=True)
        for line in done.stdout.splitlines():
            alias, content, _ = line.split(" ", 2)
            found.setdefault((file.stem, alias), set()).add(content)
    for row in listed:
        assert row["content_hmac_sha256"] in found[row["partner"], row["report_alias"]], row
    missing = subprocess.run([world.program, "hold", "match", "x", "/nowhere", "--naming-key", str(key)], capture_output=True, text=True)
    assert missing.returncode == 3


def documents(files):
    for name, data in files.items():
        if name.endswith(".pdf"):
            assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF"), name
        if name.endswith((".html", ".svg")):
            assert not re.search(rb"<script|(src|href)=", data), name
        if name.endswith(".csv"):
            for row in csv.reader(io.StringIO(data.decode(), newline="")):
                assert not any(cell[:1] in tuple("=+-@\t\r") and cell for cell in row), name
    assert b"Central Bureau of Investigation" in files["summary.html"] and b"=BNSS section 94" in files["summary.html"]
    checked = validate_string(files["indicators.stix.json"].decode(), ValidationOptions(version="2.1"))
    assert checked.is_valid, checked.errors[:3] if hasattr(checked, "errors") else checked
    bundle = json.loads(files["indicators.stix.json"])
    kinds = {o["type"] for o in bundle["objects"]}
    assert {"indicator", "campaign", "identity", "relationship"} <= kinds, kinds


def wrong_use(world, campaign, position):
    out = str(world.folder / "never.zip")
    run(world, "referral", campaign, expect=2)
    run(world, "referral", "--out", out, expect=2)
    run(world, "referral", campaign, "--position", position, "--out", out, expect=2)
    assert "campaign" in run(world, "referral", "a" * 26, "--out", out, expect=3).stderr
    for bad in ("x", "1-2", position[:-1] + "g", position + "0", position.upper()):
        assert "position" in run(world, "referral", "--position", bad, "--out", out, expect=3).stderr
    assert "addressee" in run(world, "referral", "--position", position, "--addressee", "Somebody else", "--out", out, expect=3).stderr
    assert "jurisdiction" in run(world, "referral", campaign, "--jurisdiction", "india", "--out", out, expect=3).stderr
    assert "reference" in run(world, "referral", campaign, "--reference", "a\nb", "--out", out, expect=3).stderr
    assert "already" in run(world, "referral", "--position", position, "--out", str(world.folder / "first.zip"), expect=3).stderr
    run(world, "referral", "--position", position, "--out", "/proc/nowhere/x.zip", expect=3)
    assert not os.path.exists(out)


def holds(world, position, data, reports):
    """What comes later changes nothing, until the hold is lifted."""
    held = [json.loads(line) for line in run(world, "hold", "list", "--json").stdout.splitlines()]
    assert [hold["position"] for hold in held] == [position]
    later = world.folder / "later"
    later.mkdir()
    for file in world.files:
        lines = [json.dumps({"reportId": r["reportId"], "revision": 9, "retracted": True, "retractionReason": "RETRACTION_REASON_ERASURE"})
                 for r in reports[file.stem]]
        (later / file.name).write_text("\n".join(lines) + "\n")
    world.ingest(sorted(later.glob("*.jsonl")))
    assert run(world, "campaigns").stdout.count("\n") <= 1, "all reports are taken back"
    assert make(world, "later.zip", "--position", position)[1] == data
    run(world, "hold", "lift", position, expect=2)
    run(world, "hold", "lift", position[:-1] + ("0" if position[-1] != "0" else "1"), "--reason", "x", expect=3)
    run(world, "hold", "lift", position, "--reason", "case closed")
    assert not run(world, "hold", "list", "--json").stdout
    out = str(world.folder / "never.zip")
    assert "lifted" in run(world, "referral", "--position", position, "--out", out, expect=3).stderr
    run(world, "hold", "lift", position, "--reason", "twice", expect=3)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--reports", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    world = World(options.program, options.reports, options.seed)
    allowed = with_consent(world.files)
    world.ingest(world.files)
    reports = {file.stem: [] for file in world.files}
    for file in world.files:
        for line in file.read_text().splitlines():
            try:
                report = json.loads(line)
                if isinstance(report.get("reportId"), str) and 0 < len(report["reportId"]) <= 128:
                    reports[file.stem].append(report)
            except (ValueError, AttributeError):
                pass
    listed = run(world, "campaigns", "--order", "organisations", "--json").stdout.splitlines()
    campaign = json.loads(listed[0])["campaignId"]
    position, data = same_bytes(world, campaign)
    files = files_of(data)
    print(f"{len(files)} files, {len(data)} bytes, the same after a restart and a crash")
    hashes(world, position)
    looked_for = nothing_of_victims(world, files, [r for of in reports.values() for r in of])
    overview = totals(world, campaign, files)
    sources(files, overview, allowed)
    matched(world, files, reports)
    documents(files)
    wrong_use(world, campaign, position)
    print(f"{overview['incidents']} incidents as published; none of {looked_for} things of victims' is in it")
    holds(world, position, data, reports)
    world.remove()


if __name__ == "__main__":
    main()
