// A container's health check without shell or curl: exit 0 while the process answers on health.port.
//   node deploy/health-check.mjs [PORT]
const port = process.argv[2] ?? "8080";
const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2500) }).catch(() => null);
process.exit(answer?.ok === true ? 0 : 1);
