"""All metrics of Ringfence, as the sources declare them and as ops/metrics.md lists them."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = ROOT / "ops/metrics.md"
HEAD = """\
# Metrics

Each process serves what it counts on `/metrics`, in Prometheus' text format; a series is there once something was counted in it. This
list is made of `services/runtime/metrics.h` and `metrics.cc` by `tests/ops/metrics_test.py --write`, and a test holds it to them.

| name | type | labels | what |
| --- | --- | --- | --- |
"""
SUFFIXES = ("_bucket", "_sum", "_count")


def declared():
    """{name: (type, labels, help)} of the table in metrics.cc, with the labels that metrics.h says."""
    header = (ROOT / "services/runtime/metrics.h").read_text()
    labels = {name: tuple(word for word in re.split(r",\s*", said.strip()) if word)
              for name, said in re.findall(r"^  (k\w+),\s*//(.*)$", header, re.M)}
    source = (ROOT / "services/runtime/metrics.cc").read_text()
    rows = re.findall(r'\{Metric::(k\w+), Kind::k(\w+),\s*"(\w+)",\s*((?:"[^"]*"\s*)+)\}', source)
    assert {row[0] for row in rows} == labels.keys(), {row[0] for row in rows} ^ labels.keys()
    return {name: (kind.lower(), labels[member], "".join(re.findall(r'"([^"]*)"', text))) for member, kind, name, text in rows}


def listed_text(metrics):
    return HEAD + "".join(f"| `{name}` | {kind} | {', '.join(labels)} | {text} |\n" for name, (kind, labels, text) in sorted(metrics.items()))


def exposed(text):
    """{name: (type, set of label sets)} of what /metrics gives; `le` is no label of its own."""
    found = {name: (kind, set()) for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M)}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.M):
        name = name if name in found else re.sub("(_bucket|_sum|_count)$", "", name)
        found[name][1].add(frozenset(re.findall(r'(\w+)="', labels)) - {"le"})
    return found


def named_in(query):
    """Ringfence's own metrics and recorded series in a query."""
    names = re.findall(r"\b(ringfence[_:][\w:]*)", query)
    return {re.sub("(_bucket|_sum|_count)$", "", name) if ":" not in name else name for name in names}
