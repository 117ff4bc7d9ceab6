#!/usr/bin/env python3
"""Who owns which partitions, with processes that are members of a group of a real Kafka.

    kafka_membership_test.py KAFKA_MEMBER RINGFENCE BOOTSTRAP_FILE
"""

import os
import signal
import subprocess
import sys
import threading
import time
import unittest

MEMBER, RINGFENCE, BROKERS = "", "", ""
SESSION_MS = 3000
REVOKE_MS = 8000
WAIT_SECONDS = 40
counter = 0


class Member:
    """A process, and what it has said so far."""

    def __init__(self, prefix, instance, flush_ms=0, revoke_ms=REVOKE_MS, topics="dedupe,cluster"):
        self.instance = instance
        self.lines = []  # (when, words)
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [MEMBER, BROKERS, prefix, "owners", ",".join("ringfence." + t for t in topics.split(",")),
             instance, str(SESSION_MS), str(revoke_ms), str(flush_ms)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append((time.monotonic(), line.split()))
                self.changed.notify_all()

    def owned(self):
        """The partitions that it may work on, by what it has said."""
        owned = set()
        for _, words in self.lines:
            if words[0] == "assigned":
                owned |= set(words[1:])
            elif words[0] == "revoked":
                owned -= set(words[1:])
        return owned

    def when(self, word, after=0.0):
        """When it last said so, after a moment."""
        return max((at for at, words in self.lines if words[0] == word and at >= after), default=None)

    def wait(self, condition, what):
        deadline = time.monotonic() + WAIT_SECONDS
        with self.changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{self.instance}: not {what}: {self.lines}")
                self.changed.wait(min(left, 0.1))

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.send(number)
        self.process.wait(timeout=WAIT_SECONDS)
        self.reader.join()
        self.process.stdout.close()


def wait_for(condition, what):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not {what}")
        time.sleep(0.02)


ALL = {f"ringfence.{topic}/{p}" for topic in ("dedupe", "cluster") for p in range(6)}


class MembershipTest(unittest.TestCase):
    def setUp(self):
        global counter
        counter += 1
        self.prefix = f"members-{os.getpid()}-{counter}."
        subprocess.run(
            [RINGFENCE, "topics", "create", "--brokers", BROKERS, "--prefix", self.prefix,
             "--partitions", "6", "--replication", "1", "--min-insync", "1"],
            check=True, stdout=subprocess.DEVNULL)
        self.members = []

    def tearDown(self):
        for member in self.members:
            member.end(signal.SIGKILL)

    def join(self, instance, **options):
        self.members.append(Member(self.prefix, instance, **options))
        return self.members[-1]

    def wait_shared(self, members, counts):
        """Until the members own everything between them, each once, so many each."""
        def shared():
            owned = [member.owned() for member in members]
            return [len(each) for each in owned] == counts and set().union(*owned) == ALL
        wait_for(shared, f"shared {counts}: {[m.lines for m in members]}")

    def test_partitions_are_shared_and_those_of_one_number_go_together(self):
        members = [self.join("a")]
        self.wait_shared(members, [12])
        members.append(self.join("b"))
        self.wait_shared(members, [6, 6])
        members.append(self.join("c"))
        self.wait_shared(members, [4, 4, 4])
        for member in members:
            numbers = [name.split("/")[1] for name in member.owned() if "dedupe" in name]
            self.assertEqual({f"ringfence.{t}/{n}" for t in ("dedupe", "cluster") for n in numbers},
                             member.owned())

    def test_nobody_gets_a_partition_before_its_owner_has_flushed(self):
        first = self.join("a", flush_ms=SESSION_MS + 1000)  # longer than the session: it heartbeats
        self.wait_shared([first], [12])
        second = self.join("b")
        self.wait_shared([first, second], [6, 6])
        self.assertLess(first.when("revoked"), second.when("assigned"))
        self.assertGreater(second.when("assigned") - first.when("revoking"), SESSION_MS / 1000)

    def test_an_owner_that_takes_too_long_is_not_waited_for(self):
        first = self.join("a", flush_ms=6000, revoke_ms=1000)
        self.wait_shared([first], [12])
        second = self.join("b")
        second.wait(lambda: second.owned(), "assigned")
        self.assertGreater(second.when("assigned") - first.when("revoking"), 0.9)
        self.assertIsNone(first.when("revoked"))

    def test_a_killed_members_partitions_go_to_others_after_the_session(self):
        first, second = self.join("a"), self.join("b")
        self.wait_shared([first, second], [6, 6])
        killed = time.monotonic()
        second.end(signal.SIGKILL)
        first.wait(lambda: first.owned() == ALL, "owner of all")
        self.assertGreater(first.when("assigned") - killed, SESSION_MS / 1000 - 1)

    def test_a_member_that_comes_back_in_time_has_its_partitions_and_disturbs_nobody(self):
        first, second = self.join("a"), self.join("b")
        self.wait_shared([first, second], [6, 6])
        had, said = second.owned(), len(first.lines)
        for number in (signal.SIGKILL, signal.SIGTERM):
            second.end(number)
            second = self.join("b")
            second.wait(lambda: second.owned() == had, "owner of the same")  # pylint: disable=W0640
        time.sleep(SESSION_MS / 1000 + 0.5)
        self.assertEqual(said, len(first.lines))
        self.assertEqual(had, second.owned())

    def test_a_paused_member_loses_its_partitions_and_says_so_when_it_wakes(self):
        first, second = self.join("a"), self.join("b")
        self.wait_shared([first, second], [6, 6])
        second.send(signal.SIGSTOP)
        first.wait(lambda: first.owned() == ALL, "owner of all")
        second.send(signal.SIGCONT)
        second.wait(lambda: second.when("losing") is not None, "losing")
        self.wait_shared([first, second], [6, 6])

    def test_the_second_of_one_name_ends_the_first(self):
        first = self.join("a")
        self.wait_shared([first], [12])
        second = self.join("a")
        first.wait(lambda: first.when("failed") is not None, "failed")
        self.assertEqual(set(), first.owned())
        self.assertEqual("losing", [w[0] for _, w in first.lines][1])
        second.wait(lambda: second.owned() == ALL, "owner of all")

    def test_an_orderly_end_revokes_first(self):
        first = self.join("a", flush_ms=500)
        self.wait_shared([first], [12])
        first.end()
        self.assertEqual(["assigned", "revoking", "revoked"], [w[0] for _, w in first.lines])


if __name__ == "__main__":
    MEMBER, RINGFENCE = sys.argv[1:3]
    with open(sys.argv[3], encoding="utf-8") as bootstrap:
        BROKERS = bootstrap.read().strip()
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
