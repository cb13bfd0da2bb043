/** The training module's manifests, as it names them; it shows them without their indentation, which is put back here. */
export const manifests: Readonly<Record<string, string>> = {
  "patroni-failover-test.yaml": `
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata:
  name: patroni-primary-kill
  namespace: database
spec:
  action: pod-kill
  mode: one
  selector:
    namespaces:
      - database
    labelSelectors:
      app: postgresql
      role: master          # Target the current primary
  gracePeriod: 0            # Immediate kill
  duration: "120s"
`,
  "redis-sentinel-failover.yaml": `
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata:
  name: redis-primary-kill
  namespace: cache
spec:
  action: pod-kill
  mode: one
  selector:
    namespaces:
      - cache
    labelSelectors:
      app: redis
      role: master
  gracePeriod: 0
  duration: "60s"
`,
  "split-brain-simulation.yaml": `
# Partition the primary from Sentinel, but keep it reachable by clients
apiVersion: chaos-mesh.org/v1alpha1
kind: NetworkChaos
metadata:
  name: redis-network-partition
  namespace: cache
spec:
  action: partition
  mode: one
  selector:
    namespaces:
      - cache
    labelSelectors:
      app: redis
      role: master
  direction: both
  target:
    selector:
      namespaces:
        - cache
      labelSelectors:
        app: redis-sentinel
    mode: all
  duration: "120s"
`,
  "quorum-loss-test.yaml": `
# Kill 2 of 3 etcd members to lose quorum
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata:
  name: etcd-quorum-loss
  namespace: etcd
spec:
  action: pod-kill
  mode: fixed
  value: "2"               # Kill 2 pods
  selector:
    namespaces:
      - etcd
    labelSelectors:
      app: etcd
  gracePeriod: 0
  duration: "60s"
`,
};
