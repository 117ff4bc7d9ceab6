#!/usr/bin/env python3
"""Checks the sources against the rules that no compiler knows: who may include whom, what pure code
must not touch, and what the text itself must keep to.

    tests/arch/rules.py [ROOT]

Prints one line per breach, `file:line: rule: what is wrong`. Exit status 1 if there is any.
"""

import os
import re
import sys
from typing import Callable, Iterator, NamedTuple

FOLDERS = ("proto", "pipelines", "services", "tests", "helm", "ops", ".ci")
CPP = (".cc", ".h")
TEXT = CPP + (".proto", ".py", ".txt", ".cmake", ".md", ".yaml", ".sh", ".json", "")
LINES_MAX = 500
COLUMNS_MAX = 100

# proto <- pipelines <- services <- tests: each may include those before it, and itself.
LAYERS = ("proto", "pipelines", "services", "tests")
# Every service may include it.
SHARED_SERVICE = "runtime"
# All of them in one process: may include every service.
ALL_IN_ONE = "ringfence"

# (header, where headers may show it, where sources may use it)
THIRD_PARTY = (
    ("rdkafka", ("services/runtime/kafka/",), ("services/runtime/kafka/",)),
    ("rocksdb/", ("services/runtime/rocks/",), ("services/runtime/rocks/",)),
    ("prometheus/", (), ("services/runtime/",)),
    ("yaml-cpp/", (), ("services/runtime/config/",)),
    ("httplib.h", (), ("services/runtime/http/",)),
)

# What lets code in pipelines/ reach the world, and what its tests may use all the same: files of vectors.
IMPURE_HEADER = re.compile(
    r"<(thread|mutex|shared_mutex|condition_variable|future|semaphore|barrier|latch|stop_token"
    r"|ctime|csignal|unistd\.h|fcntl\.h|time\.h|poll\.h|signal\.h|netdb\.h|pthread\.h"
    r"|(sys|netinet|arpa|net)/.*)>"
    r"|[<\"](grpc(pp)?/.*|absl/(synchronization/|time/clock|random/).*|.*\.grpc\.pb\.h)[>\"]"
)
FILE_HEADER = re.compile(r"<(fstream|filesystem|iostream|cstdio|stdio\.h)>")
CLOCK_OR_CHANCE = re.compile(
    r"\b(system_clock|steady_clock|high_resolution_clock|gettimeofday|clock_gettime|random_device)\b"
    r"|\babsl::Now\b|\bstd::time\(|\b(std::)?rand\(\)|\bgetenv\("
)

WORDS_LEFT = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
VAGUE_NAME = re.compile(r"\b(?:class|struct|enum class)\s+(\w*(?:Manager|Helper|Util|Utils))\b")
VAGUE_FILE = re.compile(r"(^|_)(manager|helpers?|utils?|misc|common)(_test)?\.(cc|h)$")
MISSING_IN_GXX12 = re.compile(r"<(format|expected|print|generator)>|\bstd::(format|expected|print)\b")
THROW = re.compile(r"\bthrow\b")
MACHINE_PATH = re.compile(r"/(work|home|root)/\w")
RAW_STRING = re.compile(r'\bR"([^(\s]*)\(')
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"][^>"]+[>"])')


class Source(NamedTuple):
    path: str  # from the root, with '/'
    lines: list[str]

    @property
    def layer(self) -> str:
        return self.path.split("/")[0]

    @property
    def is_test(self) -> bool:
        stem = os.path.splitext(os.path.basename(self.path))[0]
        return self.layer == "tests" or stem.endswith(("_test", "_testing", "_bench"))

    def includes(self) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(self.lines, 1):
            if match := INCLUDE.match(line):
                yield number, match.group(1)

    def code(self) -> Iterator[tuple[int, str]]:
        """Lines without comments behind `//` and without what stands in string literals."""
        raw_end = None
        for number, line in enumerate(self.lines, 1):
            if raw_end is not None:
                if raw_end not in line:
                    continue
                line = '"' + line.split(raw_end, 1)[1]
                raw_end = None
            if match := RAW_STRING.search(line):
                raw_end = ")" + match.group(1) + '"'
                if raw_end in line[match.end():]:
                    raw_end = None
                else:
                    line = line[: match.start()]
            yield number, re.sub(r'"(\\.|[^"\\])*"', '""', line).split("//")[0]


class Breach(NamedTuple):
    path: str
    line: int
    rule: str
    what: str


Found = Iterator[tuple[int, str]]  # line, what is wrong


def project_path(include: str) -> str:
    """Of an include in quotes: the path from the root; generated code counts as proto's."""
    path = include[1:-1]
    return "proto/" + path if re.match(r"ringfence/.*\.pb\.h$", path) else path


def layers(source: Source) -> Found:
    if source.layer not in LAYERS:
        return
    for number, include in source.includes():
        other = project_path(include).split("/")[0]
        if other in LAYERS and LAYERS.index(other) > LAYERS.index(source.layer):
            yield number, f"{source.layer}/ must not include {other}/: {' <- '.join(LAYERS)}"


def services_apart(source: Source) -> Found:
    if source.layer != "services":
        return
    own = source.path.split("/")[1]
    for number, include in source.includes():
        parts = project_path(include).split("/")
        if parts[0] != "services" or own == ALL_IN_ONE or parts[1] in (own, SHARED_SERVICE):
            continue
        yield number, f"services/{own} must not include services/{parts[1]}"


def third_party(source: Source) -> Found:
    for number, include in source.includes():
        for header, in_headers, in_sources in THIRD_PARTY:
            if not include[1:].startswith(header):
                continue
            allowed = in_headers if source.path.endswith(".h") else in_sources
            if not source.path.startswith(allowed or ("-",)):
                yield number, f"{include} does not belong here: only in {', '.join(allowed) or 'no header'}"


def pure(source: Source) -> Found:
    if source.layer != "pipelines":
        return
    for number, include in source.includes():
        if IMPURE_HEADER.search(include) or (FILE_HEADER.search(include) and not source.is_test):
            yield number, f"{include} in pipelines/: no sockets, threads, files or clock there"
    for number, line in source.code():
        if match := CLOCK_OR_CHANCE.search(line):
            yield number, f"{match.group(0)} in pipelines/: time and chance come in messages"


def full_paths(source: Source) -> Found:
    for number, include in source.includes():
        if include[0] == '"' and "/" not in include:
            yield number, f"{include} is not by its full path from the root"
        elif "/../" in include or include[1] == ".":
            yield number, f"{include} is relative"


def pragma_once(source: Source) -> Found:
    if source.path.endswith(".h") and "#pragma once" not in source.lines:
        yield 1, "a header without #pragma once"


def in_namespace(source: Source) -> Found:
    if not source.path.endswith(".h") or source.layer not in ("pipelines", "services"):
        return
    if not any(re.match(r"namespace ringfence\b", line) for line in source.lines):
        yield 1, "a header outside namespace ringfence"


def file_length(source: Source) -> Found:
    if len(source.lines) > LINES_MAX:
        yield LINES_MAX + 1, f"{len(source.lines)} lines, at most {LINES_MAX}: more than one subject?"


def line_length(source: Source) -> Found:
    outside_raw_strings = {number for number, _ in source.code()}
    for number, line in enumerate(source.lines, 1):
        if number not in outside_raw_strings:
            continue
        # A long literal (a test vector) cannot be broken.
        if len(line) > COLUMNS_MAX and not re.search(r'"[^"]{60,}"|#include', line):
            yield number, f"{len(line)} columns, at most {COLUMNS_MAX}"


def words_left(source: Source) -> Found:
    for number, line in enumerate(source.lines, 1):
        if match := WORDS_LEFT.search(line):
            yield number, f"{match.group(0)}: finish it or leave it out"


def names(source: Source) -> Found:
    if VAGUE_FILE.search(os.path.basename(source.path)):
        yield 1, "a file name that does not say what is in it"
    for number, line in source.code():
        if match := VAGUE_NAME.search(line):
            yield number, f"{match.group(1)} does not say what it is"


def old_compiler(source: Source) -> Found:
    for number, line in source.code():
        if match := MISSING_IN_GXX12.search(line):
            yield number, f"{match.group(0)} is missing from g++ 12"


def no_throw(source: Source) -> Found:
    for number, line in source.code():
        if THROW.search(line):
            yield number, "throw: failures are absl::Status here"


def machine_paths(source: Source) -> Found:
    for number, line in enumerate(source.lines, 1):
        if match := MACHINE_PATH.search(line):
            yield number, f"{match.group(0)}...: a path of somebody's machine"


def no_glob(source: Source) -> Found:
    for number, line in enumerate(source.lines, 1):
        if re.search(r"\bfile\s*\(\s*GLOB", line):
            yield number, "sources are listed, not found"


class Rule(NamedTuple):
    name: str
    check: Callable[[Source], Found]
    endings: tuple[str, ...]


RULES = (
    Rule("layers", layers, CPP),
    Rule("services-apart", services_apart, CPP),
    Rule("third-party", third_party, CPP),
    Rule("pure", pure, CPP),
    Rule("full-paths", full_paths, CPP),
    Rule("pragma-once", pragma_once, CPP),
    Rule("namespace", in_namespace, CPP),
    Rule("file-length", file_length, CPP + (".py", ".proto")),
    Rule("line-length", line_length, CPP),
    Rule("words-left", words_left, CPP + (".proto", ".py", ".txt", ".cmake", ".sh", "")),
    Rule("names", names, CPP),
    Rule("old-compiler", old_compiler, CPP),
    Rule("no-throw", no_throw, CPP),
    Rule("machine-paths", machine_paths, TEXT),
    Rule("no-glob", no_glob, (".txt", ".cmake")),
)
# They hold the words that they look for.
OWN_FILES = ("tests/arch/rules.py", "tests/arch/rules_test.py")


def sources(root: str) -> Iterator[Source]:
    endings = {ending for rule in RULES for ending in rule.endings}
    for top in FOLDERS:
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = sorted(f for f in folders if f not in ("corpus", "__pycache__", "node_modules"))
            for name in sorted(files):
                path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
                if path in OWN_FILES or os.path.splitext(name)[1] not in endings:
                    continue
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    yield Source(path, file.read().splitlines())


def breaches(root: str) -> Iterator[Breach]:
    for source in sources(root):
        ending = os.path.splitext(source.path)[1]
        for rule in RULES:
            if ending in rule.endings:
                for line, what in rule.check(source):
                    yield Breach(source.path, line, rule.name, what)


def main() -> int:
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    read = sum(1 for _ in sources(root))
    if read == 0:
        print(f"no sources below {root}", file=sys.stderr)
        return 2
    found = list(breaches(root))
    for breach in found:
        print(f"{breach.path}:{breach.line}: {breach.rule}: {breach.what}")
    print(f"{read} files, {len(RULES)} rules, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
