#!/usr/bin/env python3
"""Proves every rule of rules.py on a tree of files made for it: what it must find, and what it must let pass."""

import os
import tempfile
import unittest

import rules

HEADER = "#pragma once\nnamespace ringfence::x {\n}\n"


def header(line: str) -> str:
    return f"#pragma once\n{line}\nnamespace ringfence::x {{}}\n"


# rule -> (path, text, line of the breach)
BREAKS = {
    "layers": [
        ("pipelines/core/a.cc", '#include "services/runtime/log/log.h"\n', 1),
        ("pipelines/core/a_test.cc", '\n#include "tests/sim/world.h"\n', 2),
        ("services/runtime/a.h", header('#include "tests/sim/world.h"'), 2),
    ],
    "services-apart": [
        ("services/gateway/a.cc", '#include "services/publish/publish.h"\n', 1),
        ("services/runtime/a.cc", '#include "services/gateway/gateway.h"\n', 1),
        ("services/intake/a.cc", '#include "services/ringfence/client.h"\n', 1),
    ],
    "third-party": [
        ("services/publish/a.h", header("#include <rocksdb/db.h>"), 2),
        ("services/publish/a.cc", "#include <rocksdb/db.h>\n", 1),
        ("services/runtime/metrics.h", header("#include <prometheus/counter.h>"), 2),
        ("services/gateway/a.cc", "#include <prometheus/counter.h>\n", 1),
        ("services/runtime/log/log.h", header("#include <rdkafka.h>"), 2),
        ("services/intake/a.cc", "#include <rdkafka.h>\n", 1),
    ],
    "pure": [
        ("pipelines/core/a.cc", "#include <thread>\n", 1),
        ("pipelines/core/a.h", header("#include <mutex>"), 2),
        ("pipelines/core/a.cc", "#include <fstream>\n", 1),
        ("pipelines/core/a.cc", "#include <sys/socket.h>\n", 1),
        ("pipelines/core/a.cc", "#include <grpcpp/grpcpp.h>\n", 1),
        ("pipelines/core/a.cc", '#include "ringfence/v1/report_service.grpc.pb.h"\n', 1),
        ("pipelines/core/a.cc", '#include "absl/synchronization/mutex.h"\n', 1),
        ("pipelines/core/a.cc", "\nauto t = std::chrono::steady_clock::now();\n", 2),
        ("pipelines/core/a_test.cc", "auto t = absl::Now();\n", 1),
        ("pipelines/core/a_test.cc", "std::mt19937 random(std::random_device{}());\n", 1),
    ],
    "full-paths": [
        ("pipelines/core/a.cc", '#include "place.h"\n', 1),
        ("pipelines/core/a.cc", '#include "../core/place.h"\n', 1),
    ],
    "pragma-once": [("pipelines/core/a.h", "namespace ringfence::core {}\n", 1)],
    "namespace": [("pipelines/core/a.h", "#pragma once\nint x();\n", 1)],
    "file-length": [
        ("pipelines/core/a.cc", "\n" * 501, 501),
        ("tests/sim/a.py", "\n" * 501, 501),
    ],
    "line-length": [
        ("pipelines/core/a.cc", "// " + "x y " * 30 + "\n", 1),
        ("pipelines/core/a.cc", 'auto a = R"(x\n)";\n// ' + "x y " * 30 + "\n", 3),
    ],
    "words-left": [
        ("pipelines/core/a.cc", "\n// TODO: later\n", 2),
        ("ops/check", "#!/bin/bash\n# FIXME\n", 2),
        ("proto/ringfence/v1/a.proto", "// XXX\n", 1),
    ],
    "names": [
        ("pipelines/core/a.cc", "class StateManager {};\n", 1),
        ("pipelines/core/a.cc", "struct IdHelper;\n", 1),
        ("pipelines/core/id_utils.h", HEADER, 1),
    ],
    "old-compiler": [
        ("pipelines/core/a.cc", "#include <format>\n", 1),
        ("services/runtime/a.cc", "std::expected<int, int> x;\n", 1),
    ],
    "no-throw": [
        ("services/runtime/a.cc", 'if (bad) throw std::runtime_error("x");\n', 1),
        ("services/runtime/a.cc", 'auto a = R"-(x)-"; throw a;\n', 1),
        ("services/runtime/a.cc", 'auto a = R"(x\n)"; throw a;\n', 2),
    ],
    "machine-paths": [
        ("ops/demo", "#!/bin/bash\ncd /work/main\n", 2),
        ("tests/e2e/CMakeLists.txt", "set(x /home/someone)\n", 1),
        ("ops/adr/2025-01-01-a.md", "see /root/notes\n", 1),
    ],
    "no-glob": [("pipelines/core/CMakeLists.txt", "file(GLOB sources *.cc)\n", 1)],
}

# Nothing of this is a breach.
PASSES = [
    ("proto/ringfence/v1/a.proto", "message A {}\n"),
    ("pipelines/core/a.h", HEADER),
    ("pipelines/core/a.cc", '#include "pipelines/core/a.h"\n#include "ringfence/v1/report.pb.h"\n#include <chrono>\n'
                            '// no steady_clock here\nconstexpr char kText[] = "throw std::format";\n'),
    ("pipelines/core/a_test.cc", "#include <fstream>\n#include <random>\nstd::mt19937 random(7);\n"),
    ("services/runtime/rocks/a.h", header("#include <rocksdb/db.h>")),
    ("services/runtime/kafka/a.cc", "#include <rdkafka.h>\n"),
    ("services/runtime/metrics.cc", "#include <prometheus/counter.h>\n#include <thread>\n"),
    ("services/gateway/a.cc", '#include "services/runtime/log/log.h"\n#include "services/gateway/a.h"\n'),
    ("services/ringfence/a.cc", '#include "services/gateway/a.h"\n#include "services/publish/a.h"\n'),
    ("tests/sim/a.cc", '#include "services/publish/a.h"\n#include "pipelines/core/a.h"\n' + "\n" * 497),
    ("services/ringfence/help.cc", 'constexpr char kHelp[] = R"(what we throw\n' + "x y " * 30 + '\n)";\nint x;\n'),
    ("tests/fuzz/corpus/a.cc", "TODO throw\n"),
    ("pipelines/core/vectors_test.cc", '    {"' + "x" * 120 + '", 1},\n'),
]


def found_in(files: list[tuple[str, str]]) -> list[tuple[str, int, str]]:
    with tempfile.TemporaryDirectory() as root:
        for path, text in files:
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        return [(breach.path, breach.line, breach.rule) for breach in rules.breaches(root)]


class RulesTest(unittest.TestCase):
    def test_every_rule_has_a_proof(self):
        self.assertEqual({rule.name for rule in rules.RULES}, set(BREAKS))

    def test_each_breach_is_found_where_it_is(self):
        for rule, cases in BREAKS.items():
            for path, text, line in cases:
                with self.subTest(rule=rule, path=path, text=text[:60]):
                    self.assertEqual(found_in([(path, text)]), [(path, line, rule)])

    def test_nothing_else_is_found(self):
        self.assertEqual(found_in(PASSES), [])

    def test_breaches_add_up_over_files(self):
        broken = [(path, text) for path, text, _ in BREAKS["layers"]]
        self.assertEqual(len(found_in(PASSES[:1] + broken)), 3)


if __name__ == "__main__":
    unittest.main()
