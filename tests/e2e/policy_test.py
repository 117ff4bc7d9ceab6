#!/usr/bin/env python3
"""The policy, quotas and echoes through a real server, and through the five processes: a change of the file takes effect at the next
start, and is what `policy diff` foresaw; wrong settings are named; what is beyond a quota waits until it is released; who takes the set
confirms nothing of it without a victim of its own; and `ringfence explain` says why.

    policy_test.py --programs build/release/bin
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import services  # noqa: E402
from overrides_test import Server, report  # noqa: E402

NUMBER, SITE = "+12125550142", "login.refund-desk.example"


def indicator(server, value):
    return {key[1]: held for key, held in server.set().items()}.get(value)


def offline(program, *command, expect=0):
    done = subprocess.run([program, *command], capture_output=True, text=True)
    assert done.returncode == expect, f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def check_explanations(server):
    answer = json.loads(server.run("explain", "indicator", f"  {NUMBER} ", "--json"))
    assert answer["actionByQuorum"] == answer["action"] == "ACTION_CHALLENGE", answer
    assert {missing["need"] for missing in answer["missing"]} == {"score", "organisations_with_two_incidents"}, answer
    assert [word["incidents"] for word in answer["organisations"]] == [1, 1], answer
    assert "bank" not in json.dumps(answer["organisations"]), "organisations have aliases"
    [tie] = answer["ties"]
    assert tie["joins"] and tie["ends"][0]["value"] == SITE, answer
    text = server.run("explain", "indicator", NUMBER)
    assert "not BLOCK" in text and f"domain {SITE}" in text, text
    campaign = tie["ends"][0]["campaignId"]
    answer = json.loads(server.run("explain", "campaign", campaign, "--json"))
    assert len(answer["joining"]) == 1 and answer["joining"][0]["splitsOff"] == 1, answer
    assert "What joins it" in server.run("explain", "campaign", campaign)
    server.run("explain", "campaign", "none", expect=3)
    server.run("explain", "indicator", "+12125550199", expect=3)
    server.run("explain", expect=2)


def check_policy(program, folder):
    server = Server(program, folder)
    for partner in ("bank", "telco"):
        server.report(partner, report(1, NUMBER, SITE))
    assert server.action(NUMBER) == "ACTION_CHALLENGE"
    check_explanations(server)
    assert "  challenge: 400\n" in server.run("policy", "show")

    policy = pathlib.Path(folder) / "policy.yaml"
    policy.write_text("score:\n  challenge: 500\nspan_days:\n  domain: 10\n")
    data = f"{folder}/data"
    offline(program, "policy", "diff", "--data", data, "--policy", str(policy), expect=3)   # a server runs on it
    server.stop()
    foreseen = offline(program, "policy", "diff", "--data", data, "--policy", str(policy))
    assert f"phone {NUMBER}: CHALLENGE -> MONITOR" in foreseen, foreseen
    assert "vanishes  0" in foreseen, foreseen
    wrong = pathlib.Path(folder) / "wrong.yaml"
    wrong.write_text("score:\n  challange: 500\nquorum:\n  challenge_organisations: 1\n")
    said = offline(program, "policy", "diff", "--data", data, "--policy", str(wrong), expect=2)
    assert "wrong.yaml:2: score.challange:" in said and "wrong.yaml:4: quorum.challenge_organisations:" in said, said
    said = offline(program, "serve", "--data", data, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--policy", str(wrong), expect=2)
    assert "score.challange" in said, said
    offline(program, "policy", "diff", "--data", f"{folder}/none", "--policy", str(policy), expect=3)

    server.options = ("--policy", str(policy))
    server.start()
    server.run("status", "--wait-quiet", "60")
    assert server.action(NUMBER) == "ACTION_MONITOR"
    assert indicator(server, SITE)["action"] == "ACTION_MONITOR"
    assert "  domain: 10\n" in server.run("policy", "show")
    # It outlives a kill, and another start without it is the default again.
    server.process.kill()
    server.process.wait()
    server.options = ()
    server.start()
    server.run("status", "--wait-quiet", "60")
    assert server.action(NUMBER) == "ACTION_CHALLENGE"
    server.stop()
    print("a policy takes effect at the next start, as it was foreseen")


OTHER = """\
score: {challenge: 500}
quorum: {block_incidents_each: 3}
span_days: {domain: 6, phone: 12}
ceilings: {url: challenge}
ties: {established_incidents: 2, many_neighbours: 8, tie_incidents: 3}
"""


def published(server):
    """{(type, value): (action, campaign)}"""
    found = {}
    for line in server.run("subscribe", "--min-action", "monitor", "--json", "--once").splitlines():
        indicator = json.loads(line).get("upsert")
        if indicator:
            found[indicator["type"], indicator["value"]] = (indicator["action"].removeprefix("ACTION_"), indicator.get("campaignId", ""))
    return found


def changes(before, after):
    """As `policy diff` has them: whose action is another, and which campaigns are in several parts."""
    words = {}
    for key in before.keys() | after.keys():
        was, now = (side.get(key, ("not in the set", ""))[0] for side in (before, after))
        if was != now:
            words[key[1]] = f"{was} -> {now}"

    def in_several(of, there):
        parts = {}
        for key, (_, campaign) in of.items():
            if campaign and key in there:
                parts.setdefault(campaign, []).append(there[key][1] or key)
        return {campaign: len(set(others)) for campaign, others in parts.items() if len(set(others)) > 1}
    return words, in_several(before, after), in_several(after, before)


def check_diff(program, folder):
    """What `policy diff` says is what a restart does, in a world of many reports."""
    services.run(program, "sample", "--reports", "500", "--seed", "5", "--out", f"{folder}/sample")
    server = Server(program, folder, "--partitions", "2")
    for file in services.partner_files(f"{folder}/sample"):
        server.run("ingest", "--partner", file.stem, "--rejects", f"{folder}/rejects", str(file))
    server.run("status", "--wait-quiet", "60")
    before = published(server)
    server.stop()
    policy = pathlib.Path(folder) / "policy.yaml"
    policy.write_text(OTHER)
    said = offline(program, "policy", "diff", "--data", f"{folder}/data", "--policy", str(policy), "--limit", "1000000")
    server.options = ("--partitions", "2", "--policy", str(policy))
    server.start()
    server.run("status", "--wait-quiet", "60")
    actions, splits, merges = changes(before, published(server))
    server.stop()
    assert len(actions) > 20 and splits, f"the policy changes too little: {len(actions)}, {splits}, {merges}"
    foreseen, parts, several = {}, {}, None
    for line in said.splitlines()[1:]:
        if not line.startswith(" "):
            several = line.split()[0]
        elif several in ("splits", "merges"):
            parts.setdefault(several, {})[line.split()[0]] = int(line.split()[-1])
        else:
            value, _, change = line.strip().partition(" ")[2].rpartition(": ")
            foreseen[value] = change
    assert foreseen == actions, [(v, foreseen.get(v), actions.get(v)) for v in foreseen.keys() | actions.keys() if foreseen.get(v) != actions.get(v)][:5]
    assert parts.get("splits", {}) == splits and parts.get("merges", {}) == merges, (parts, splits, merges)
    print(f"of {len(before)} indicators {len(actions)} changed, {len(splits)} campaigns split, {len(merges)} merged, as it was foreseen")


def check_quotas(program, folder):
    server = Server(program, folder, "--quota-reports", "2")
    server.report("bank", *(report(i, NUMBER) for i in range(4)))
    assert indicator(server, NUMBER)["explanation"]["incidents"] == 2
    [held] = json.loads(server.run("held", "list", "--json"))["partners"]
    assert held["partner"] == "bank" and held["waiting"] == "2", held
    server.run("held", "drop", "bank", "--from", "2000-01-01T00:00:00Z", "--until", "2000-01-02T00:00:00Z", "--reason", "none")
    assert "2 reports dropped" in server.run("held", "drop", "bank", "--reason", "made up")
    server.run("status", "--wait-quiet", "60")
    [held] = json.loads(server.run("held", "list", "--json"))["partners"]
    assert held["dropped"] == "2" and "waiting" not in held, held
    assert "2 reports released" in server.run("held", "release", "bank", "--reason", "a backlog")
    server.run("status", "--wait-quiet", "60")
    assert "partners" not in json.loads(server.run("held", "list", "--json"))
    assert indicator(server, NUMBER)["explanation"]["incidents"] == 4
    # What has been taken is counted, however far dedupe has come; and what was released can be dropped.
    path = pathlib.Path(folder) / "shop.jsonl"
    path.write_text("".join(json.dumps(report(i, f"+1212555{i:04}")) + "\n" for i in range(1500)))
    server.run("ingest", "--partner", "shop", "--rejects", f"{folder}/shop.rejects", str(path))
    for word, done, count in (("release", "released", "1,498"), ("drop", "dropped", "1,498"), ("drop", "dropped", "0"), ("release", "released", "1,498")):
        said = server.run("held", word, "shop", "--reason", "a backlog")
        assert said == f"{count} reports {done}\n", (word, count, said)
        server.run("status", "--wait-quiet", "60")
    said = server.run("held", "drop", "Bank!", "--reason", "x", expect=3)
    assert "partner:" in said, said
    server.run("held", "release", "bank", expect=2)
    # A restart loses nothing of it.
    server.report("telco", *(report(i, NUMBER) for i in range(3)))
    server.stop()
    server.start()
    [held] = json.loads(server.run("held", "list", "--json"))["partners"]
    assert held["partner"] == "telco" and held["waiting"] == "1", held
    server.stop()
    print("what is beyond a quota waits until it is released")


def check_echoes(program, folder):
    server = Server(program, folder)
    for partner in ("bank", "telco"):
        server.report(partner, report(1, NUMBER))
    assert server.action(NUMBER) == "ACTION_CHALLENGE"
    server.run("subscribe", "--consumer", "shop/edge", "--once")
    time.sleep(2.5)     # until intake knows of it
    server.report("shop", report(1, NUMBER), report(2, NUMBER))
    held = indicator(server, NUMBER)["explanation"]
    assert held["organisations"] == 2 and held["byRole"][0]["organisations"] == 3, held
    # It has a victim of its own; and who does not take the set is believed.
    with_victim = report(3, NUMBER)
    with_victim["victim"] = {"handles": [{"kind": "KIND_PHONE", "value": "+1 212 555 0188"}]}
    server.report("shop", with_victim)
    assert indicator(server, NUMBER)["explanation"]["organisations"] == 3
    server.report("rail", report(1, NUMBER))
    assert indicator(server, NUMBER)["explanation"]["organisations"] == 4
    # Who takes the set is known for good.
    server.process.kill()
    server.process.wait()
    server.start()
    server.report("telco", report(2, SITE))
    server.report("bank", report(2, SITE))
    server.report("shop", report(4, SITE))
    assert indicator(server, SITE)["explanation"]["organisations"] == 2
    server.stop()
    print("an echo confirms nothing")


CONFIG = """\
partitions: 2
log:
  embedded:
    folder: {folder}/log
rocks:
  free_bytes_min: 1000000
intake:
  quota_reports_per_hour: 3
dedupe:
  state_folder: {folder}/dedupe
cluster:
  state_folder: {folder}/cluster
publish:
  state_folder: {folder}/publish
  policy_file: {folder}/policy.yaml
"""


def check_services(program, folder):
    """One process after the other on one log: each hears of it through the log alone."""
    programs = str(pathlib.Path(program).parent)
    config = pathlib.Path(folder) / "ringfence.yaml"
    config.write_text(CONFIG.format(folder=folder) + services.keys_section(services.make_keys(f"{folder}/keys")))
    policy = pathlib.Path(folder) / "policy.yaml"
    policy.write_text("{}")

    def pass_on(*reports_by_partner):
        gateway = services.Service(programs, "gateway", config, folder).start().wait_ready()
        for partner, reports in reports_by_partner:
            path = pathlib.Path(folder) / f"{partner}.jsonl"
            path.write_text("".join(json.dumps(r) + "\n" for r in reports))
            services.run(program, "ingest", "--server", gateway.grpc, "--partner", partner, path)
        gateway.stop()
        stages()

    def stages():
        for name in ("intake", "dedupe", "cluster"):
            service = services.Service(programs, name, config, folder).start().wait_caught_up()
            if name == "intake":
                counted.update(service.metric("ringfence_problems_total"))
            service.stop()

    def in_publish(*commands):
        """Their answers, and the number's indicator."""
        publish = services.Service(programs, "publish", config, folder).start().wait_ready()
        answers = [services.run(program, *command, "--server", publish.grpc, expect=expect) for command, expect in commands]
        held = services.published_set(program, publish.grpc)
        time.sleep(1.5)     # until it is noted who took the set
        publish.stop()
        return answers, next((json.loads(found) for (_, value), found in held.items() if value == NUMBER), None)

    counted = {}
    pass_on(("bank", [report(1, NUMBER)]), ("telco", [report(i, NUMBER) for i in range(5)]))
    answers, found = in_publish((("subscribe", "--consumer", "shop", "--once"), 0), (("held", "list"), 3),
                                (("held", "release", "telco", "--reason", "a backlog"), 0))
    assert found["action"] == "ACTION_CHALLENGE" and found["explanation"]["incidents"] == 4, found
    assert "dedupe" in answers[1], answers
    pass_on(("shop", [report(1, NUMBER)]))
    _, found = in_publish()
    assert found["explanation"]["incidents"] == 6, "released"
    assert found["explanation"]["organisations"] == 2 and found["explanation"]["byRole"][0]["organisations"] == 3, found
    assert counted['code="report.held"'] == 2 and counted['code="identifier.echo"'] == 1, counted
    policy.write_text("ceilings: {phone: monitor}")
    in_publish()
    stages()
    _, found = in_publish()
    assert found["action"] == "ACTION_MONITOR" and "ceiling.policy" in found["explanation"]["rules"], found
    print("five processes hold, release, mark echoes and take a policy through the log")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    program = str(pathlib.Path(parser.parse_args().programs) / "ringfence")
    for check in (check_policy, check_diff, check_quotas, check_echoes, check_services):
        folder = tempfile.mkdtemp(prefix="ringfence-policy-")
        check(program, folder)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
