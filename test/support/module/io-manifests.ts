/** The training module's IOChaos manifests; it shows them without their indentation, which is put back here. */
export const ioManifests: Readonly<Record<string, string>> = {
  "io-delay-experiment.yaml": `
apiVersion: chaos-mesh.org/v1alpha1
kind: IOChaos
metadata:
  name: postgres-io-delay
  namespace: database
spec:
  action: latency
  mode: one
  selector:
    namespaces:
      - database
    labelSelectors:
      app: postgresql
      role: primary
  volumePath: /var/lib/postgresql/data # Target the data volume
  path: "**"                           # All files in the volume
  delay: "100ms"                       # 100ms IO delay
  percent: 100                         # Affect 100% of operations
  containerNames:
    - postgresql
  duration: "180s"
`,
  "io-error-experiment.yaml": `
apiVersion: chaos-mesh.org/v1alpha1
kind: IOChaos
metadata:
  name: postgres-io-errors
  namespace: database
spec:
  action: fault
  mode: one
  selector:
    namespaces:
      - database
    labelSelectors:
      app: postgresql
      role: primary
  volumePath: /var/lib/postgresql/data
  path: "/var/lib/postgresql/data/pg_wal/**" # Target WAL files only
  errno: 5                                   # EIO (Input/Output error)
  percent: 25                                # 25% of WAL operations fail
  methods:
    - write
    - fsync                                  # Target write and fsync only
  containerNames:
    - postgresql
  duration: "60s"
`,
  "pv-unavailable-simulation.yaml": `
apiVersion: chaos-mesh.org/v1alpha1
kind: IOChaos
metadata:
  name: pv-detachment-simulation
  namespace: database
spec:
  action: fault
  mode: one
  selector:
    namespaces:
      - database
    labelSelectors:
      app: postgresql
  volumePath: /var/lib/postgresql/data
  path: "**"
  errno: 5     # EIO - Input/Output error
  percent: 100 # All IO operations fail
  methods:
    - read
    - write
    - open
    - fsync
  containerNames:
    - postgresql
  duration: "60s"
`,
  "postgres-io-delay.yaml": `
# Save as postgres-io-delay.yaml
apiVersion: chaos-mesh.org/v1alpha1
kind: IOChaos
metadata:
  name: postgres-primary-io-delay
  namespace: database
spec:
  action: latency
  mode: one
  selector:
    namespaces:
      - database
    labelSelectors:
      app: postgresql
      role: master
  volumePath: /var/lib/postgresql/data
  path: "**"
  delay: "100ms"
  percent: 100
  containerNames:
    - postgresql
  duration: "300s"
`,
};
