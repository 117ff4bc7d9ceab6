{{- define "ringfence.name" -}}
{{- if contains "ringfence" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-ringfence" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "ringfence.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* (list . SERVICE): what selects its pods. */}}
{{- define "ringfence.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: ringfence
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "ringfence.labels" -}}
{{- $root := index . 0 -}}
{{ include "ringfence.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{/* Numbers come as floats, and large ones would be written as 1e+08: makes them whole again, in place. */}}
{{- define "ringfence.whole" -}}
{{- $map := . -}}
{{- range $key, $value := $map -}}
{{- if kindIs "map" $value }}{{ include "ringfence.whole" $value }}{{ else if kindIs "float64" $value }}{{ $_ := set $map $key (int64 $value) }}{{ end -}}
{{- end -}}
{{- end }}

{{/* The configuration file: what stands in the values, and what follows from the chart. */}}
{{- define "ringfence.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $kafka := $config.log.kafka -}}
{{- if not $kafka.servers }}{{ fail "config.log.kafka.servers: where the brokers are has to be said" }}{{ end -}}
{{- if not .Values.secrets.keys }}{{ fail "secrets.keys: an existing secret with victim-tokens.key, naming.key and cursors.key has to be named" }}{{ end -}}
{{- if and .Values.secrets.kafkaFiles (not .Values.secrets.kafka) }}{{ fail "secrets.kafka: names the secret that secrets.kafkaFiles are in" }}{{ end -}}
{{- range $service := list "dedupe" "cluster" -}}
{{- if gt (int (index $.Values $service "replicas")) (int $config.partitions) }}{{ fail (printf "%s.replicas: more than config.partitions (%v): the rest would idle" $service $config.partitions) }}{{ end -}}
{{- end -}}
{{- $rocks := get $config "rocks" | default dict -}}
{{- $others := max 1 (sub (int .Values.cluster.replicas) 1) | int -}}
{{- $owned := div (add (int $config.partitions) (sub $others 1)) $others | int -}}
{{- $wanted := add (div (add (int64 (get $rocks "cache_bytes" | default 100663296)) (int64 (get $rocks "memtable_bytes" | default 134217728))) 1048576) 200 (mul 152 $owned) -}}
{{- $limit := get (get (get .Values.cluster "resources") "limits" | default dict) "memory" | default "" | toString -}}
{{- if regexMatch "^[0-9]+[MG]i$" $limit -}}
{{- $mib := mul (int64 (regexFind "^[0-9]+" $limit)) (ternary 1024 1 (hasSuffix "Gi" $limit)) -}}
{{- if lt (int64 $mib) (int64 $wanted) }}{{ fail (printf "cluster.resources.limits.memory: %s, and a pod of cluster wants %dMi when one pod is lost and it owns %d partitions (ops/operating.md, Size)" $limit $wanted $owned) }}{{ end -}}
{{- end -}}
{{- $stop := int (get (get $config "process" | default dict) "stop_within_seconds" | default 25) -}}
{{- if le (int .Values.terminationGracePeriodSeconds) $stop }}{{ fail (printf "terminationGracePeriodSeconds: must be above config.process.stop_within_seconds (%d), or pods are killed while they flush" $stop) }}{{ end -}}
{{- $files := dict "ca.pem" "ca_file" "client.pem" "certificate_file" "client.key" "key_file" "client.key.password" "key_password_file" "password" "sasl_password_file" -}}
{{- range .Values.secrets.kafkaFiles }}{{ $_ := set $kafka (get $files .) (printf "/etc/ringfence/kafka/%s" .) }}{{ end -}}
{{- $_ := set $kafka "retention_days" .Values.topics.retentionDays -}}
{{- $_ := set $kafka "report_retention_days" .Values.topics.reportRetentionDays -}}
{{- $_ := set $config "keys" (dict "victim_tokens_file" "/etc/ringfence/keys/victim-tokens.key" "naming_file" "/etc/ringfence/keys/naming.key" "cursors_file" "/etc/ringfence/keys/cursors.key") -}}
{{- if .Values.snapshots.existingClaim }}{{ $_ := set (get $config "snapshots") "folder" "/var/lib/ringfence-snapshots" }}{{ end -}}
{{- $http := dict "address" "0.0.0.0:7780" -}}
{{- $grpc := dict "address" "0.0.0.0:7733" -}}
{{- $access := .Values.secrets.access -}}
{{- if not $access }}{{ fail "secrets.access: an existing secret with server.pem (certificate and key), ca.pem and identities.yaml has to be named" }}{{ end -}}
{{- $files := dict "certificate_file" "/etc/ringfence/access/server.pem" "ca_file" "/etc/ringfence/access/ca.pem" "identities_file" "/etc/ringfence/access/identities.yaml" -}}
{{- if .Values.secrets.tokens }}{{ $_ := set $files "tokens_file" "/etc/ringfence/access/tokens.yaml" }}{{ end -}}
{{- $_ := set $config "access" $files -}}
{{- $_ := set $config "intake" (merge (dict "http" $http) $config.intake) -}}
{{- range $service := list "dedupe" "cluster" }}{{ $_ := set $config $service (dict "http" $http "state_folder" "/var/lib/ringfence") }}{{ end -}}
{{- $publish := dict "http" $http "grpc" $grpc "state_folder" "/var/lib/ringfence" -}}
{{- if .Values.policy }}{{ $_ := set $publish "policy_file" "/etc/ringfence/config/policy.yaml" }}{{ end -}}
{{- if .Values.organisations }}{{ $_ := set $publish "organisations_file" "/etc/ringfence/config/organisations.yaml" }}{{ end -}}
{{- if .Values.audit.existingClaim }}{{ $_ := set $publish "audit_file" "/var/lib/ringfence-audit/audit.log" }}{{ end -}}
{{- $_ := set $config "publish" $publish -}}
{{- $_ := set $config "gateway" (merge (dict "http" $http "grpc" $grpc) $config.gateway (dict "report_partitions" .Values.topics.reportPartitions)) -}}
{{- include "ringfence.whole" $config -}}
{{- toYaml $config }}
{{- end }}

{{/* What operators say of evidence: files that publish alone reads. */}}
{{- define "ringfence.rules" -}}
{{- with .Values.policy }}
policy.yaml: |
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.organisations }}
organisations.yaml: |
  {{- toYaml (dict "organisations" .) | nindent 2 }}
{{- end }}
{{- end }}

{{- define "ringfence.podSecurity" -}}
runAsNonRoot: true
runAsUser: 64733
runAsGroup: 64733
fsGroup: 64733
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "ringfence.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* (list . SERVICE): the pod. */}}
{{- define "ringfence.pod" -}}
{{- $root := index . 0 -}}{{- $service := index . 1 -}}{{- $values := index $root.Values $service -}}
{{- $tokens := concat (list "victim-tokens.key") $root.Values.secrets.furtherTokenKeys -}}
{{- $keys := get (dict "intake" $tokens "gateway" $tokens "publish" (list "naming.key" "cursors.key")) $service -}}
{{- $stage := has $service (list "dedupe" "cluster") -}}
metadata:
  labels:
    {{- include "ringfence.labels" . | nindent 4 }}
    {{- with $root.Values.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    checksum/config: {{ include "ringfence.config" $root | sha256sum }}
    {{- if eq $service "publish" }}
    checksum/rules: {{ include "ringfence.rules" $root | sha256sum }}
    {{- end }}
    {{- with $root.Values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  automountServiceAccountToken: false
  serviceAccountName: {{ include "ringfence.name" $root }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
  securityContext: {{- include "ringfence.podSecurity" $root | nindent 4 }}
  {{- with $root.Values.image.pullSecrets }}
  imagePullSecrets: {{- range . }}
    - name: {{ . }}{{ end }}
  {{- end }}
  {{- with $root.Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "ringfence.selector" . | nindent 10 }}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "ringfence.selector" . | nindent 10 }}
  containers:
    - name: {{ $service }}
      image: {{ include "ringfence.image" $root | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command: [ringfence-{{ $service }}, --config, /etc/ringfence/config/ringfence.yaml]
      env:
        # Its name in Kafka's groups: a pod that comes back under its name finds its partitions.
        - name: RINGFENCE_KAFKA_INSTANCE_ID
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
      ports:
        - {name: http, containerPort: 7780}
        {{- if has $service (list "gateway" "publish") }}
        - {name: grpc, containerPort: 7733}
        {{- end }}
      # Live answers while the log is waited for and while state is restored: neither is healed by a restart.
      startupProbe:
        httpGet: {path: /healthz/live, port: http, scheme: HTTPS}
        periodSeconds: 2
        failureThreshold: 60
      readinessProbe:
        httpGet: {path: /healthz/ready, port: http, scheme: HTTPS}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      livenessProbe:
        httpGet: {path: /healthz/live, port: http, scheme: HTTPS}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      securityContext: {{- include "ringfence.containerSecurity" $root | nindent 8 }}
      resources: {{- toYaml $values.resources | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/ringfence/config, readOnly: true}
        - {name: access, mountPath: /etc/ringfence/access, readOnly: true}
        {{- if $keys }}
        - {name: keys, mountPath: /etc/ringfence/keys, readOnly: true}
        {{- end }}
        {{- if $root.Values.secrets.kafka }}
        - {name: kafka, mountPath: /etc/ringfence/kafka, readOnly: true}
        {{- end }}
        {{- if or $stage (eq $service "publish") }}
        - {name: state, mountPath: /var/lib/ringfence}
        {{- end }}
        {{- if and $stage $root.Values.snapshots.existingClaim }}
        - {name: snapshots, mountPath: /var/lib/ringfence-snapshots}
        {{- end }}
        {{- if and (eq $service "publish") $root.Values.audit.existingClaim }}
        - {name: audit, mountPath: /var/lib/ringfence-audit, subPathExpr: $(RINGFENCE_KAFKA_INSTANCE_ID)}
        {{- end }}
  volumes:
    - name: config
      configMap: {name: {{ include "ringfence.name" $root }}}
    # Read again when they change; no pod has to be restarted.
    - name: access
      secret:
        secretName: {{ $root.Values.secrets.access }}
        defaultMode: 0440
        items:
          - {key: server.pem, path: server.pem}
          - {key: ca.pem, path: ca.pem}
          - {key: identities.yaml, path: identities.yaml}
          {{- if $root.Values.secrets.tokens }}
          - {key: tokens.yaml, path: tokens.yaml}
          {{- end }}
    {{- if $keys }}
    - name: keys
      secret:
        secretName: {{ $root.Values.secrets.keys }}
        defaultMode: 0440
        items: {{- range $keys }}
          - {key: {{ . }}, path: {{ . }}}{{ end }}
    {{- end }}
    {{- if $root.Values.secrets.kafka }}
    - name: kafka
      secret:
        secretName: {{ $root.Values.secrets.kafka }}
        defaultMode: 0440
        items: {{- range $root.Values.secrets.kafkaFiles }}
          - {key: {{ . }}, path: {{ . }}}{{ end }}
    {{- end }}
    {{- if eq $service "publish" }}
    - name: state
      emptyDir: {sizeLimit: {{ $values.cacheSize }}}
    {{- end }}
    {{- if and $stage $root.Values.snapshots.existingClaim }}
    - name: snapshots
      persistentVolumeClaim: {claimName: {{ $root.Values.snapshots.existingClaim }}}
    {{- end }}
    {{- if and (eq $service "publish") $root.Values.audit.existingClaim }}
    - name: audit
      persistentVolumeClaim: {claimName: {{ $root.Values.audit.existingClaim }}}
    {{- end }}
{{- end }}
