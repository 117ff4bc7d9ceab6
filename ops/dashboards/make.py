#!/usr/bin/env python3
"""Writes Grafana's dashboards beside this file: what stands below is all that they are made of.

    ops/dashboards/make.py           writes them
    ops/dashboards/make.py --check   says whether those that are there are of this text; exit status 1 where not

In queries $n stands for the matcher of the dashboard's variable `namespace`, which also fits series without that label.
"""
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).parent
N = 'namespace=~"$namespace"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def graph(title, unit, *queries, **more):
    return dict(kind="timeseries", title=title, unit=unit, queries=queries, **more)


def number(title, unit, query, **more):
    return dict(kind="stat", title=title, unit=unit, queries=((query, ""),), **more)


def quantiles(title, metric, by="", labels=""):
    """p50 and p99 of a histogram in seconds."""
    def of(quantile):
        selector = "{" + ", ".join(filter(None, ("$n", labels))) + "}"
        group = ", ".join(filter(None, ("le", by)))
        legend = f"p{quantile * 100:.0f}" + (f" {{{{{by}}}}}" if by else "")
        return f"histogram_quantile({quantile}, sum by ({group}) (rate({metric}_bucket{selector}[$__rate_interval])))", legend
    return graph(title, "s", of(0.5), of(0.99))


KAFKA = "kafka"          # the panel has something only on Kafka
SNAPSHOTS = "snapshots"  # only where snapshots of state are made: in the services
CERTIFICATES = "certificates"  # only where there are any
HELD = "held"            # only once a partner is past its quota

LAG = "sum by (stage) (ringfence_stage_lag_records{$n%s})"


def kafka():
    return [
        graph("Kafka: brokers connected", "short", ("min by (client) (ringfence_kafka_brokers_up{$n})", "{{client}}"), needs=KAFKA),
        dict(quantiles("Kafka: until an append is acknowledged", "ringfence_kafka_append_seconds"), needs=KAFKA),
        graph("Kafka: errors, and requests that failed", "ops",
              ("sum by (client, reaction) (rate(ringfence_kafka_errors_total{$n}[$__rate_interval])) or 0 * max(ringfence_build_info{$n})",
               "{{client}} {{reaction}}"), ("sum by (client) (deriv(ringfence_kafka_failed_requests{$n}[$__rate_interval]))", "{{client}} failed"),
              needs=KAFKA),
        graph("Kafka: records waiting to be sent", "short", ("sum by (client) (ringfence_kafka_queued_records{$n})", "{{client}}"), needs=KAFKA),
        graph("Kafka: waiting to be sent", "bytes", ("sum by (client) (ringfence_kafka_queued_bytes{$n})", "{{client}}"), needs=KAFKA),
        graph("Kafka: p99 of requests, slowest broker", "s", ("max by (client) (ringfence_kafka_request_seconds{$n})", "{{client}}"), needs=KAFKA),
    ]


def stage(name, partitions=True):
    """What all stages have."""
    only = f', stage="{name}"'
    panels = [
        number("Delay", "s", f'max(ringfence:stage_delay_seconds{{$n{only}}})'),
        number("Stopped partitions", "short", f"sum(ringfence_stage_stopped{{$n{only}}})", bad=1),
        graph("Records behind", "short", (f"sum by (partition) (ringfence_stage_lag_records{{$n{only}}})", "{{partition}}")),
        graph("Errors, by what was done about them", "ops",
              (f"sum by (reaction) (rate(ringfence_stage_errors_total{{$n{only}}}[$__rate_interval])) or 0 * max(ringfence_build_info{{$n}})",
               "{{reaction}}")),
    ]
    if name == "intake":
        return panels
    panels += [
        graph("Records applied", "ops", (f"sum(rate(ringfence_stage_records_total{{$n{only}}}[$__rate_interval]))", "records")),
        quantiles("A batch", "ringfence_stage_batch_seconds", labels=f'stage="{name}"'),
        graph("Records in a batch, mean", "short",
              (f"sum(rate(ringfence_stage_batch_records_sum{{$n{only}}}[$__rate_interval])) / "
               f"sum(rate(ringfence_stage_batch_records_count{{$n{only}}}[$__rate_interval]))", "records")),
    ]
    if not partitions:
        return panels
    return panels + [
        number("Partitions without an owner", "short", f'max(ringfence:partitions_unowned{{$n{only}}})', bad=1),
        graph("Messages sent", "ops", (f"sum by (kind) (rate(ringfence_stage_messages_total{{$n{only}}}[$__rate_interval]))", "{{kind}}")),
        graph("Age of the newest snapshot", "s", (f"ringfence:snapshot_age_seconds{{$n{only}}}", "{{partition}}"), needs=SNAPSHOTS),
        graph("Snapshots", "short", (f"sum by (outcome) (increase(ringfence_state_snapshots_total{{$n{only}}}[1h]))", "{{outcome}}"),
              needs=SNAPSHOTS),
    ]


DISKS = [graph("Free on disks", "bytes", ("ringfence_disk_free_bytes{$n}", "{{disk}} {{instance}}")),
         number("Short disks", "short", "sum(ringfence_disk_short{$n})", bad=1)]

CALLS = "sum by (%s) (rate(ringfence_calls_total{$n%s}[$__rate_interval]))"

BOARDS = {
    "overview": ("Ringfence: overview", [
        number("From report to set", "s", "max(ringfence:freshness_seconds{$n})", bad=30),
        number("Reports", "reqps", "sum(rate(ringfence_reports_total{$n}[$__rate_interval]))"),
        number("Indicators", "short", "sum(max by (namespace, type, action) (ringfence_indicators{$n}))"),
        number("Campaigns", "short", "max(ringfence_campaigns{$n})"),
        number("Partitions without an owner", "short", "sum(ringfence:partitions_unowned{$n})", bad=1),
        number("Stopped partitions", "short", "sum(ringfence_stage_stopped{$n})", bad=1),
        graph("Delay by stage", "s", ("max by (stage) (ringfence:stage_delay_seconds{$n})", "{{stage}}")),
        graph("Records behind, by stage", "short", (LAG % "", "{{stage}}")),
        graph("Objectives: share that was not met, over an hour", "percentunit",
              ("ringfence:freshness_bad:ratio_1h{$n}", "freshness"), ("ringfence:lookup_bad:ratio_1h{$n}", "look-ups"),
              ("ringfence:subscription_bad:ratio_1h{$n}", "subscriptions")),
        graph("Reports by outcome", "reqps", ("sum by (outcome) (ringfence:reports:rate_5m{$n})", "{{outcome}}")),
        graph("Indicators by action", "short", ("sum by (action) (max by (namespace, type, action) (ringfence_indicators{$n}))", "{{action}}")),
        graph("Calls by method", "reqps", (CALLS % ("method", ""), "{{method}}")),
        *DISKS,
        graph("Certificates: time left", "s",
              ("min by (certificate) (ringfence_certificate_expiry_time_seconds{$n}) - time()", "{{certificate}}"), needs=CERTIFICATES),
        graph("Files that cannot be used", "short", ("sum by (file) (ringfence_file_refused{$n})", "{{file}}"), needs=CERTIFICATES),
        dict(kind="table", title="What runs", unit="short",
             queries=(("count by (version, rocksdb, rocksdb_assertions) (ringfence_build_info{$n})", ""),)),
    ]),
    "gateway": ("Ringfence: gateway", [
        graph("Calls", "reqps", (CALLS % ("code", ', method="SubmitReports"'), "{{code}}")),
        quantiles("SubmitReports", "ringfence_call_seconds", labels='method="SubmitReports"'),
        graph("Rejected at once", "reqps", ('sum by (partner) (rate(ringfence_reports_total{$n, outcome="rejected"}[$__rate_interval]))',
                                            "{{partner}}")),
        graph("HTTP requests", "reqps", ("sum by (route, status) (rate(ringfence_http_requests_total{$n}[$__rate_interval]))",
                                         "{{route}} {{status}}")),
        *kafka(),
    ]),
    "intake": ("Ringfence: intake", [
        *stage("intake"),
        number("Partners' partitions that cannot be read", "short",
               "sum(ringfence_input_stopped{$n}) or 0 * max(ringfence_build_info{$n})", bad=1),
        graph("Offsets that retention removed unread, an hour", "short",
              ("sum by (partner) (increase(ringfence_lost_offsets_total{$n}[1h])) or 0 * max(ringfence_build_info{$n})", "{{partner}}")),
        graph("Reports by outcome", "reqps", ("sum by (outcome) (rate(ringfence_reports_total{$n}[$__rate_interval]))", "{{outcome}}")),
        graph("Problems, the ten most frequent", "reqps",
              ("topk(10, sum by (code) (rate(ringfence_problems_total{$n}[$__rate_interval])))", "{{code}}")),
        graph("Fields that this release does not know", "reqps",
              ("sum by (partner) (rate(ringfence_unknown_fields_total{$n}[$__rate_interval])) or 0 * max(ringfence_build_info{$n})", "{{partner}}")),
        *kafka(),
    ]),
    "dedupe": ("Ringfence: dedupe", [*stage("dedupe"), *DISKS, *kafka()]),
    "cluster": ("Ringfence: cluster", [
        *stage("cluster"),
        graph("Records of earlier owners that were compared", "ops",
              ("sum(rate(ringfence_indicator_rechecks_total{$n}[$__rate_interval])) or 0 * max(ringfence_build_info{$n})", "records"),
              needs=KAFKA),
        *DISKS, *kafka()]),
    "publish": ("Ringfence: publish", [
        *stage("publish", partitions=False),
        graph("Calls", "reqps", (CALLS % ("method, code", ', method!="SubmitReports"'), "{{method}} {{code}}")),
        quantiles("Calls", "ringfence_call_seconds", by="method", labels='method!="SubmitReports"'),
        number("Subscribers", "short", "sum(ringfence_subscribers{$n})"),
        quantiles("From the log to a subscriber", "ringfence_delivery_seconds"),
        graph("HTTP requests", "reqps", ("sum by (route, status) (rate(ringfence_http_requests_total{$n}[$__rate_interval]))",
                                         "{{route}} {{status}}")),
        graph("Indicators by type", "short", ("sum by (type) (max by (namespace, type, action) (ringfence_indicators{$n}))", "{{type}}")),
        *DISKS, *kafka(),
    ]),
    "partner": ("Ringfence: partner", [
        graph("Reports by outcome", "reqps",
              ('sum by (partner, outcome) (rate(ringfence_reports_total{$n, partner=~"$partner"}[$__rate_interval]))', "{{partner}} {{outcome}}")),
        graph("Rejected, share", "percentunit",
              ('sum by (partner) (rate(ringfence_reports_total{$n, partner=~"$partner", outcome="rejected"}[$__rate_interval])) / '
               'sum by (partner) (rate(ringfence_reports_total{$n, partner=~"$partner"}[$__rate_interval]))', "{{partner}}")),
        graph("New indicators, share of the last hour's", "percentunit",
              ('ringfence:new_indicators:share_1h{$n, partner=~"$partner"}', "{{partner}}")),
        graph("New indicators an hour", "short", ('ringfence:new_indicators:increase_1h{$n, partner=~"$partner"}', "{{partner}}")),
        number("Held past a quota, last hour", "short",
               'sum(increase(ringfence_reports_total{$n, partner=~"$partner", outcome="held"}[1h]))', needs=HELD),
        graph("Problems of all partners, the ten most frequent", "reqps",
              ("topk(10, sum by (code) (rate(ringfence_problems_total{$n}[$__rate_interval])))", "{{code}}")),
    ]),
    "consumer": ("Ringfence: consumer", [
        number("Subscribers", "short", "sum(ringfence_subscribers{$n})"),
        graph("Subscribers by replica", "short", ("ringfence_subscribers{$n}", "{{instance}}")),
        graph("Deltas sent", "ops", ("sum(rate(ringfence_deltas_total{$n}[$__rate_interval]))", "deltas")),
        graph("Snapshots begun, by reason", "ops", ("sum by (reason) (rate(ringfence_snapshots_total{$n}[$__rate_interval]))", "{{reason}}")),
        quantiles("From the log to a subscriber", "ringfence_delivery_seconds"),
        graph("Lists over HTTP", "reqps", ('sum by (route) (rate(ringfence_http_requests_total{$n, route!~"metrics|live|ready|other"}'
                                           "[$__rate_interval]))", "{{route}}")),
        graph("Answers 304: nothing new", "percentunit",
              ('sum(rate(ringfence_http_requests_total{$n, route!~"metrics|live|ready|other", status="304"}[$__rate_interval])) / '
               'sum(rate(ringfence_http_requests_total{$n, route!~"metrics|live|ready|other"}[$__rate_interval]))', "304")),
        graph("Look-ups", "reqps", (CALLS % ("code", ', method="Lookup"'), "{{code}}")),
        quantiles("Look-ups", "ringfence_call_seconds", labels='method="Lookup"'),
    ]),
}


def panel(spec, number_of, x, y):
    made = {"id": number_of, "type": spec["kind"], "title": spec["title"], "datasource": DATASOURCE,
            "gridPos": {"h": 4 if spec["kind"] == "stat" else 8, "w": 4 if spec["kind"] == "stat" else 12, "x": x, "y": y},
            "fieldConfig": {"defaults": {"unit": spec["unit"]}, "overrides": []},
            "targets": [{"refId": chr(ord("A") + i), "expr": query.replace("$n", N), "legendFormat": legend, "datasource": DATASOURCE,
                         **({"instant": True, "format": "table"} if spec["kind"] == "table" else {})}
                        for i, (query, legend) in enumerate(spec["queries"])]}
    if "bad" in spec:
        made["fieldConfig"]["defaults"]["thresholds"] = {"mode": "absolute", "steps": [
            {"color": "green", "value": None}, {"color": "red", "value": spec["bad"]}]}
    if "needs" in spec:
        made["description"] = {KAFKA: "Empty without Kafka.", SNAPSHOTS: "Empty where no snapshots are made.", CERTIFICATES: "Empty without certificates.",
                               HELD: "Empty until a partner is past its quota."}[spec["needs"]]
    return made


def place(specs):
    """Numbers six to a row first, then the others two to a row."""
    ordered = [s for s in specs if s["kind"] == "stat"] + [s for s in specs if s["kind"] != "stat"]
    panels, x, y, height = [], 0, 0, 4
    for i, spec in enumerate(ordered):
        width, wanted = (4, 4) if spec["kind"] == "stat" else (12, 8)
        if x + width > 24 or wanted != height:
            y, x = (y + height if panels else 0), 0
        height = wanted
        panels.append(panel(spec, i + 1, x, y))
        x += width
    return panels


def variable(name, query, label):
    return {"name": name, "label": label, "type": "query", "datasource": DATASOURCE, "query": {"query": query, "refId": name},
            "refresh": 2, "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"}, "sort": 1}


def board(name, title, specs):
    variables = [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"},
                 variable("namespace", "label_values(ringfence_build_info, namespace)", "Deployment")]
    if name == "partner":
        variables.append(variable("partner", f"label_values(ringfence_reports_total{{{N}}}, partner)", "Partner"))
    return {"uid": f"ringfence-{name}", "title": title, "tags": ["ringfence"], "schemaVersion": 38, "version": 1, "editable": True,
            "time": {"from": "now-6h", "to": "now"}, "refresh": "30s", "templating": {"list": variables},
            "links": [{"type": "dashboards", "tags": ["ringfence"], "asDropdown": True, "title": "Ringfence"}],
            "panels": place(specs)}


def text_of(made):
    """One panel a line, so that a change is a line of the difference."""
    panels = ",\n".join("  " + json.dumps(p) for p in made["panels"])
    rest = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in made.items() if k != "panels")
    return "{\n" + rest + ',\n "panels": [\n' + panels + "\n ]\n}\n"


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    old = []
    for name, (title, specs) in BOARDS.items():
        file = FOLDER / f"{name}.json"
        text = text_of(board(name, title, specs))
        if check and (not file.exists() or file.read_text() != text):
            old.append(file.name)
        elif not check:
            file.write_text(text)
    if old:
        sys.exit(f"not of ops/dashboards/make.py's present text: {', '.join(old)}; run it")


if __name__ == "__main__":
    main()
