import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";

export interface Access {
  url: string;
  /** PEM. */
  ca: string;
  token: string;
}

/** A kubeconfig with the one context `lab`. */
export function renderKubeconfig({ url, ca, token }: Access): string {
  const name = "lab";
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: "default" } }],
    "current-context": name,
  });
}

/** Writes it readable by its owner only, whole or not at all, and returns its path. */
export async function writeKubeconfig(directory: string, content: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "kubeconfig");
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, content, { mode: 0o600 });
  // The mode above counts only for a new file.
  await chmod(draft, 0o600);
  await rename(draft, path);
  return path;
}
