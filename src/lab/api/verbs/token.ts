import type { ApiContext, Reply, ResourceRequest } from "../context.ts";
import { timestamp } from "../../store/metadata.ts";
import { invalidValue } from "../field-errors.ts";
import { child } from "../json.ts";
import { invalid } from "../status.ts";
import { existing } from "./read.ts";

/** Kubernetes' default, and the shortest life that it grants (pkg/apis/authentication/validation). */
const defaultSeconds = 3600;
const shortestSeconds = 600;

/** POST serviceaccounts/x/token. Throws ApiError 404 or 422. */
export async function createToken(context: ApiContext, request: ResourceRequest, name: string): Promise<Reply> {
  const { uid, namespace = "" } = existing(context, request, name).metadata;
  const asked = child(await request.body(), "spec")["expirationSeconds"];
  const lifeSeconds = typeof asked === "number" ? asked : defaultSeconds;
  const type = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" };
  if (lifeSeconds < shortestSeconds) {
    const problem = "may not specify a duration less than 10 minutes";
    const cause = invalidValue("spec.expirationSeconds", lifeSeconds, problem);
    throw invalid({ group: "authentication.k8s.io", kind: type.kind }, "", [cause]);
  }
  const expirationTimestamp = timestamp(context.now() + lifeSeconds * 1000);
  const token = context.access.tokens.issue({ namespace, name, uid }, lifeSeconds);
  const spec = { audiences: ["https://kubernetes.default.svc.cluster.local"], expirationSeconds: lifeSeconds };
  const metadata = { name, namespace, creationTimestamp: timestamp(context.now()) };
  return { code: 201, body: { ...type, metadata, spec, status: { token, expirationTimestamp } } };
}
