#!/usr/bin/env python3
"""Writes helm/ringfence/values.schema.json: the parts below `config` and `policy` out of the settings in config.proto and policy.proto, the
rest out of this text.

    helm/schema.py           writes it
    helm/schema.py --check   says whether the one that is there is of this text; exit status 1 where not
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROTOS = [ROOT / f"proto/ringfence/internal/v1/{name}.proto" for name in ("config", "policy")]
SCHEMA = ROOT / "helm/ringfence/values.schema.json"

# What follows from the chart itself, by message and field, and is therefore not to be given.
OWN = {
    "Config": {"keys", "dedupe", "cluster", "publish", "access"},
    "LogConfig": {"embedded"},
    "KafkaConfig": {"instance_id", "ca_file", "certificate_file", "key_file", "key_password_file", "sasl_password_file",
                    "retention_days", "report_retention_days"},
    "SnapshotsConfig": {"folder"},
    "IntakeConfig": {"http"},
    "GatewayConfig": {"http", "grpc"},
}
KINDS = {
    "KIND_NAME": {"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"},
    "KIND_ADDRESS": {"pattern": "^[^:]+:[0-9]+$"},
    "KIND_SERVERS": {"pattern": "^([^:,]+:[1-9][0-9]*(,[^:,]+:[1-9][0-9]*)*)?$"},
    "KIND_PATH": {"minLength": 1, "maxLength": 4000},
    "KIND_TEXT": {"minLength": 1, "maxLength": 255},
}


def messages():
    """{message: [(type, field, its setting as text)]}"""
    text = re.sub(r"//[^\n]*", "", "".join(proto.read_text() for proto in PROTOS))
    return {name: re.findall(r"(?:repeated )?([\w.]+)\s+(\w+)\s*=\s*\d+\s*(?:\[\(setting\)\s*=\s*\{(.*?)\}\s*\])?;", body, re.S)
            for name, body in re.findall(r"^message (\w+) \{(.*?)^\}", text, re.S | re.M)}


def setting(kind, text):
    if kind == "bool":
        return {"type": "boolean"}
    if kind.startswith("uint"):
        bounds = {word: int(re.search(rf"\b{word}:\s*(\d+)", text).group(1)) for word in ("min", "max")}
        return {"type": "integer", "minimum": bounds["min"], "maximum": bounds["max"]}
    words = re.search(r"words:\s*\[(.*?)\]", text, re.S)
    if words:
        return {"type": "string", "enum": re.findall(r'"([^"]+)"', words.group(1))}
    return {"type": "string", **KINDS[re.search(r"kind:\s*(\w+)", text).group(1)]}


def section(all_messages, name):
    properties = {}
    for kind, field, text in all_messages[name]:
        if field not in OWN.get(name, ()):
            properties[field] = section(all_messages, kind) if kind in all_messages else setting(kind, text)
    return obj(properties)


def obj(properties, required=()):
    made = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**made, "required": list(required)} if required else made


PARTNER = {"type": "string", "pattern": "^[a-z0-9-]{1,40}$"}
BOOL = {"type": "boolean"}
FREE = {"type": "object"}
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
PEERS = {"type": "array", "items": obj({"podSelector": FREE, "namespaceSelector": FREE, "ipBlock": FREE})}
NAME = {"type": "string", "pattern": "^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$"}
TOKEN_KEY = {"type": "string", "pattern": "^victim-tokens-[A-Za-z0-9._-]{1,100}\\.key$"}
QUANTITY = {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti)$"}
RESOURCES = obj({"requests": FREE, "limits": FREE, "claims": {"type": "array"}})


def whole(minimum, maximum):
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def several(item):
    return {"type": "array", "items": item, "uniqueItems": True}


def workload(**more):
    return obj({"replicas": whole(1, 1024), "resources": RESOURCES, **more})


def schema():
    storage = obj({"size": QUANTITY, "className": NAME})
    return {"$schema": "http://json-schema.org/draft-07/schema#", **obj({
        "global": FREE,
        "image": obj({"repository": {"type": "string", "minLength": 1}, "tag": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{0,128}$"},
                      "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
                      "pullPolicy": {"type": "string", "enum": ["Always", "IfNotPresent", "Never"]}, "pullSecrets": several(NAME)}),
        "config": section(messages(), "Config"),
        "policy": section(messages(), "Policy"),
        "organisations": {"type": "array", "items": obj(
            {"name": {"type": "string", "minLength": 1, "maxLength": 100}, "weight": {"type": "number", "minimum": 0, "maximum": 0.5},
             "partners": several(PARTNER)}, required=["name", "partners"])},
        "secrets": obj({"keys": NAME, "furtherTokenKeys": {**several(TOKEN_KEY), "maxItems": 3}, "access": NAME, "tokens": BOOL, "kafka": NAME,
                        "kafkaFiles": several({"enum": ["ca.pem", "client.pem", "client.key", "client.key.password", "password"]})}),
        "topics": obj({"enabled": BOOL, "partners": several(PARTNER),
                       "reportPartitions": whole(1, 1024), "retentionDays": whole(1, 3650),
                       "reportRetentionDays": whole(1, 3650)}),
        "dedupe": workload(storage=storage), "cluster": workload(storage=storage), "intake": workload(), "gateway": workload(),
        "publish": workload(cacheSize=QUANTITY),
        "snapshots": obj({"existingClaim": NAME}), "audit": obj({"existingClaim": NAME}),
        "terminationGracePeriodSeconds": whole(1, 3600),
        "nodeSelector": LABELS, "tolerations": {"type": "array", "items": FREE}, "priorityClassName": NAME,
        "podAnnotations": LABELS, "podLabels": LABELS,
        "networkPolicy": obj({"enabled": BOOL, "kafka": PEERS, "kafkaPorts": {**several(whole(1, 65535)), "minItems": 1}, "callers": PEERS,
                              "metrics": PEERS}),
        "monitoring": obj({"serviceMonitor": obj({"enabled": BOOL, "interval": {"type": "string", "pattern": "^[0-9]+(ms|s|m)$"},
                                                  "labels": LABELS, "tlsConfig": FREE}),
                           "prometheusRule": obj({"enabled": BOOL, "labels": LABELS}), "dashboards": obj({"enabled": BOOL, "labels": LABELS})}),
        "keda": obj({"enabled": BOOL, "maxReplicas": whole(1, 1024), "lagThreshold": whole(1, 10**9), "authentication": NAME}),
    }, required=["image", "config", "secrets"])}


def main():
    text = json.dumps(schema(), indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        if not SCHEMA.exists() or SCHEMA.read_text() != text:
            sys.exit("helm/ringfence/values.schema.json is not of helm/schema.py, config.proto and policy.proto: run helm/schema.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        SCHEMA.write_text(text)


if __name__ == "__main__":
    main()
