{{- define "aftershock.name" -}}
{{- if contains "aftershock" .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-aftershock" .Release.Name | trunc 50 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "aftershock.labels" -}}
app.kubernetes.io/name: aftershock
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- /* dict "root" $ "role" "bot" */ -}}
{{- define "aftershock.selector" -}}
app.kubernetes.io/name: aftershock
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "aftershock.image" -}}
{{- if .Values.image.digest -}}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end -}}

{{- /* The configuration file: the two lists from which the rights are made are written into it, too. */ -}}
{{- define "aftershock.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if not (or (get $config "policies") (get (get $config "approvals" | default dict) "approvers")) -}}
{{- fail "Say who may approve: --set 'config.approvals.approvers={U0123ABCD}', or config.policies" -}}
{{- end -}}
{{- if get $config "policies" -}}{{- $_ := unset $config "approvals" -}}{{- end -}}
{{- $cluster := get $config.clusters $config.defaultCluster -}}
{{- if and .Values.targetNamespaces (kindIs "map" $cluster) -}}
{{- $_ := set $cluster "namespaces" .Values.targetNamespaces -}}
{{- end -}}
{{- if .Values.experiments.enabled -}}
{{- $_ := set $config "experiments" (dict "enabled" .Values.experiments.enabled) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "aftershock.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "aftershock.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- /* The rules of an account. dict "root" $ "account" "bot" "where" (list "targets"); of Secrets "where" (list "secrets") "namespace" "database" */ -}}
{{- define "aftershock.rules" -}}
{{- $root := .root -}}
{{- $enabled := $root.Values.experiments.enabled -}}
{{- $account := .account -}}
{{- $where := .where -}}
{{- $namespace := .namespace | default "" -}}
{{- $rights := $root.Values.rbac.rights | default (get ($root.Files.Get "files/rights.yaml" | fromYaml) "rights") -}}
{{- range concat $rights $root.Values.rbac.secrets $root.Values.rbac.locks -}}
{{- if and (eq .account $account) (has .where $where) (eq (.namespace | default "") $namespace) -}}
{{- $needed := or (empty $enabled) (empty .experiments) -}}
{{- range .experiments -}}{{- if has . $enabled -}}{{- $needed = true -}}{{- end -}}{{- end -}}
{{- if $needed }}
# {{ .why }}
{{ toYaml (list .rule) }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* A role and its binding. dict "root" $ "account" "bot" "kind" "Role" "name" … "namespace" … "rules" … */ -}}
{{- define "aftershock.role" -}}
{{- if trim .rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "aftershock.labels" .root | nindent 4 }}
rules: {{- .rules | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "aftershock.labels" .root | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: {{ .kind }}, name: {{ .name }} }
subjects:
  - kind: ServiceAccount
    name: {{ include "aftershock.name" .root }}-{{ .account }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}
{{- end -}}
