#!/usr/bin/env python3
"""The policy, quotas and echoes through a real server: a change of the file takes effect at the next start and is foreseen by
`policy diff`; wrong settings are named; what is beyond a quota waits until it is released; who takes the set confirms nothing of it
without a victim of its own; and `ringfence explain` says why.

    policy_test.py --programs build/release/bin
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
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
    said = offline(program, "serve", "--data", data, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--policy", str(wrong), expect=3)
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
    server.stop()
    print("an echo confirms nothing")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    program = str(pathlib.Path(parser.parse_args().programs) / "ringfence")
    for check in (check_policy, check_quotas, check_echoes):
        folder = tempfile.mkdtemp(prefix="ringfence-policy-")
        check(program, folder)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
