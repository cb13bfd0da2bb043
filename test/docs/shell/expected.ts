/** What lines of the pages do beyond ending with 0, and which lines no test machine can run. */

/** What a line must print. */
export const answers: ReadonlyArray<readonly [line: RegExp, answer: RegExp]> = [
  [/^kubectl get pods -n cache\b.*-L role/, /redis-0 +1\/1 +Running .* (?:master|replica)\b/],
  [
    /^kubectl get pods -n cache -L app$/,
    /redis-0 +1\/1 +Running .* redis\b[\s\S]*redis-sentinel-0 .* redis-sentinel\b/,
  ],
  [
    /^kubectl get pods -n chaos-mesh$/,
    /chaos-controller-manager-\S+ +1\/1 +Running[\s\S]*chaos-daemon-\S+ +1\/1 +Running/,
  ],
  [/^kubectl get pods -n aftershock$/, /aftershock-bot-\S+ +1\/1 +Running/],
  [/^kubectl exec .* SET test-key/, /^OK/],
  [/^kubectl exec .* GET test-key/, /^hello/],
  [/^psql .*create role /, /^CREATE ROLE/],
  [/^node --version/, /^v\d\d/],
  [/^helm version /, /^v[34]/],
  [/^kubectl exec redis-sentinel-0 .* SENTINEL masters/, /^name\nmymaster\n/],
  [/^kubectl create namespace /, /^namespace\/\S+ created/],
  [/^kubectl create secret /, /^secret\/\S+ created|kind: Secret/],
  [/^kubectl rollout status /, /successfully rolled out/],
  [/^kubectl auth can-i /, /^yes/],
  [/ \| kubectl apply -f -/, /clusterrole|role\S* (?:created|configured|unchanged)/],
  [/^kubectl apply -f deploy\/kubernetes\.yaml/, /deployment\.apps\/aftershock-worker (?:created|configured)/],
  [/^jq -s /, /^1$/m],
];

/** Lines that need what no test machine has, and what that is. */
export const needsMore: ReadonlyArray<readonly [line: RegExp, why: string]> = [
  [/\bnpx tsx bench\//, "minutes: it is a benchmark"],
  [/^kubectl exec .*deployment\/aftershock-/, "the image; test/lab/lab-doctor-cluster.test.ts runs the same command"],
  [/^docker run .*aftershock-lab/, "a container engine"],
  [/^docker build /, "a container engine; test/deploy/container.test.ts reads the same file"],
  [/^docker push /, "a container engine, and a registry of the reader's own"],
  [/^helm repo add /, "somebody else's charts, from the network"],
  [/^helm install chaos-mesh /, "somebody else's charts, from the network, and a cluster that runs images"],
  [/^helm uninstall /, "a release; the lab gets what the chart renders without one"],
  [/^docker compose up/, "a container engine; test/deploy/compose.test.ts reads the same file"],
];
