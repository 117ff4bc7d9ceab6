#!/usr/bin/env python3
"""What ops/ says about metrics is true: the list of them, what rules and dashboards name, a page for each alert and a case that fires it.

    tests/ops/metrics_test.py           checks
    tests/ops/metrics_test.py --write   writes ops/metrics.md
"""
import json
import pathlib
import re
import subprocess
import sys

import metrics

ROOT = metrics.ROOT


def rule_files():
    return [ROOT / "ops/alerts/recording.yaml", ROOT / "ops/alerts/alerts.yaml"]


def main():
    declared = metrics.declared()
    wanted = metrics.listed_text(declared)
    if sys.argv[1:] == ["--write"]:
        metrics.LIST.write_text(wanted)
        return 0
    wrong = []
    if metrics.LIST.read_text() != wanted:
        wrong.append("ops/metrics.md is not what the sources declare: run tests/ops/metrics_test.py --write")
    for name, (kind, _, _) in declared.items():
        if (kind == "counter") != name.endswith("_total"):
            wrong.append(f"{name}: counters, and they alone, end in _total")
    rules = "".join(re.sub(r"(?m)^\s*#.*", "", file.read_text()) for file in rule_files())
    recorded = set(re.findall(r"- record: (\S+)", rules))
    known = set(declared) | recorded
    named = {"rules": metrics.named_in(re.sub(r"(name|record|runbook): \S+", "", rules))}
    for file in sorted((ROOT / "ops/dashboards").glob("*.json")):
        board = json.loads(file.read_text())
        queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        named[file.name] = set().union(*map(metrics.named_in, queries))
    for where, names in named.items():
        wrong += [f"{where}: there is no {name}" for name in sorted(names - known)]
    alerts = set(re.findall(r"- alert: (\S+)", rules))
    fired = set(re.findall(r"eval_time: \S+\n\s+alertname: (\w+)\n\s+exp_alerts:\n", (ROOT / "tests/ops/alerts.test.yaml").read_text()))
    wrong += [f"{alert}: no case fires it in tests/ops/alerts.test.yaml" for alert in sorted(alerts - fired)]
    pages = {file.stem for file in (ROOT / "ops/runbooks").glob("*.md")}
    wrong += [f"{alert}: no ops/runbooks/{alert}.md" for alert in sorted(alerts - pages)]
    wrong += [f"ops/runbooks/{page}.md: no such alert" for page in sorted(pages - alerts)]
    wrong += [f"{alert}: its runbook is not its own page" for alert in sorted(alerts) if f"runbook: ops/runbooks/{alert}.md" not in rules]
    for page in pages:
        text = (ROOT / f"ops/runbooks/{page}.md").read_text()
        wrong += [f"ops/runbooks/{page}.md: there is no {name}" for name in sorted(set(re.findall(r"`?(ringfence_\w+)", text)) - known)]
        wrong += [f"ops/runbooks/{page}.md: there is no {name}" for name in sorted(set(re.findall(r"see (Ringfence\w+)", text)) - alerts)]
    check = subprocess.run([sys.executable, str(ROOT / "ops/dashboards/make.py"), "--check"], capture_output=True, text=True)
    if check.returncode != 0:
        wrong.append(check.stderr.strip())
    print("\n".join(wrong) or f"{len(declared)} metrics, {len(recorded)} recorded, {len(alerts)} alerts, {len(named) - 1} dashboards")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
