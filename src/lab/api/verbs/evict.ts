import type { ApiContext, Reply, ResourceRequest } from "../context.ts";
import { isJson, text } from "../json.ts";
import { badRequest, success } from "../status.ts";
import { deleteOne, deleteOptions } from "./delete.ts";
import { existing } from "./read.ts";

/** POST pods/x/eviction. The lab knows no disruption budgets, so nothing stands against it. */
export async function evictPod(context: ApiContext, request: ResourceRequest, name: string): Promise<Reply> {
  const sent = await request.body();
  const named = text(isJson(sent) ? sent["metadata"] : undefined, "name");
  if (named !== "" && named !== name) throw badRequest("name in URL does not match name in Eviction object");
  const options = deleteOptions(isJson(sent) ? sent["deleteOptions"] : undefined, request.query);
  deleteOne(context, request, existing(context, request, name), options);
  return { code: 201, body: success(201) };
}
