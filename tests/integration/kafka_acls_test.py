#!/usr/bin/env python3
"""Partners on a real broker with TLS, SCRAM, mTLS and ACLs: each may write its own reports and read its own rejects, and
nothing else.

    kafka_acls_test.py KAFKA_PARTNER RINGFENCE DEV_KAFKA DIR
"""
import pathlib
import subprocess
import sys

PARTNER, RINGFENCE, DEV_KAFKA, FOLDER = sys.argv[1:5]
TLS = pathlib.Path(FOLDER) / "tls"
REFUSED = "TOPIC_AUTHORIZATION_FAILED"
# Who may nothing at all is refused as a producer too, and hears of either first.
REFUSED_ALL = (REFUSED, "CLUSTER_AUTHORIZATION_FAILED")


def run(*command, expect=(0,)):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
    if done.returncode not in expect:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r}, not {expected!r}")


def expect_any(actual, expected, what):
    if actual not in expected:
        sys.exit(f"{what}: {actual!r}, none of {expected!r}")


def scram(user):
    return ["scram", user, TLS / f"{user}.password"]


def mtls(user):
    return ["mtls", TLS / f"{user}.pem", TLS / f"{user}.key"]


def main():
    run(DEV_KAFKA, "start", "--fresh", "--secure", "--dir", FOLDER, "--port", "0")
    with open(f"{FOLDER}/bootstrap") as file:
        by_password = file.read().strip()
    with open(f"{FOLDER}/bootstrap.mtls") as file:
        by_certificate = file.read().strip()
    ca = TLS / "ca.pem"
    plan = ["--replication", "1", "--min-insync", "1", "--partitions", "2", "--partner", "a", "--partner", "b", "--acls"]
    admin = ["--brokers", by_password, "--security", "sasl_ssl", "--ca-file", ca, "--sasl-mechanism", "SCRAM-SHA-512",
             "--sasl-user", "admin", "--sasl-password-file", TLS / "admin.password"]

    def attempt(who, what, topic):
        brokers = by_password if who[0] == "scram" else by_certificate
        return run(PARTNER, brokers, ca, *who, what, topic).strip()

    # Before there are ACLs nobody may anything.
    made = run(RINGFENCE, "topics", "create", *admin, *plan[:-1])
    expect(made.count("made "), 9, "topics that were made")
    expect_any(attempt(scram("a"), "write", "reports.a"), REFUSED_ALL, "a writes before it may")
    expect(run(RINGFENCE, "topics", "check", *admin, *plan, expect=(1,)).count("missing "), 10, "ACLs that are missing")
    expect(run(RINGFENCE, "topics", "create", *admin, *plan).count("made "), 10, "ACLs that were made")
    expect(run(RINGFENCE, "topics", "create", *admin, *plan).count("made "), 0, "ACLs that were made again")
    expect(run(RINGFENCE, "topics", "check", *admin, *plan).count("fits "), 19, "all that fits")

    # Something to be read: a super user may write anywhere.
    for topic in ("rejects.a", "rejects.b"):
        expect(attempt(scram("admin"), "write", topic), "ok", f"admin writes {topic}")

    allowed = {("a", "write", "reports.a"), ("a", "describe", "reports.a"), ("a", "read", "rejects.a"), ("a", "describe", "rejects.a"),
               ("b", "write", "reports.b"), ("b", "describe", "reports.b"), ("b", "read", "rejects.b"), ("b", "describe", "rejects.b")}
    topics = ("reports.a", "rejects.a", "reports.b", "rejects.b", "dedupe", "indicators")
    names = [name for name in run(RINGFENCE, "topics", "check", *admin, *plan).split() if name.endswith(topics[4:])]
    for user in ("a", "b"):
        for topic in (*topics[:4], *names):
            for what in ("write", "read", "describe"):
                expect(attempt(scram(user), what, topic), "ok" if (user, what, topic) in allowed else REFUSED, f"{user} {what} {topic}")

    # With certificates a partner is its distinguished name, which nobody has allowed anything yet.
    expect_any(attempt(mtls("a"), "write", "reports.a"), REFUSED_ALL, "a by certificate, before it may")
    by_name = ["--principal", "a=User:CN=a", "--principal", "b=User:CN=b"]
    certificate = ["--brokers", by_certificate, "--security", "ssl", "--ca-file", ca, "--cert-file", TLS / "admin.pem",
                   "--key-file", TLS / "admin.key"]
    expect(run(RINGFENCE, "topics", "create", *certificate, *plan, *by_name).count("made "), 10, "ACLs by certificate")
    expect(attempt(mtls("a"), "write", "reports.a"), "ok", "a by certificate")
    expect(attempt(mtls("a"), "read", "rejects.a"), "ok", "a by certificate")
    expect(attempt(mtls("a"), "read", "reports.a"), REFUSED, "a by certificate")
    expect(attempt(mtls("a"), "read", "rejects.b"), REFUSED, "a by certificate")

    # Wrong use, and who is not who he says.
    run(RINGFENCE, "topics", "create", *admin, *plan, "--principal", "c=User:x", expect=(2,))
    wrong = [*admin[:-1], TLS / "a.password"]
    run(RINGFENCE, "topics", "check", *wrong, *plan, expect=(3,))
    print("each partner may write its reports and read its rejects, and nothing else")


if __name__ == "__main__":
    try:
        main()
    finally:
        subprocess.run([DEV_KAFKA, "stop", "--dir", FOLDER, "--remove"], capture_output=True)
