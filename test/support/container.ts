import { execFileSync } from "node:child_process";
import { cpSync, lstatSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../..", import.meta.url));

/** The user of deploy/Containerfile. */
export const containerUser = 10_001;

export interface ContainerRoot {
  /**
   * The command that runs Node with `args` inside, as a container of ours would: its own root file system, which is
   * read-only and has no shell, as an ordinary user without capabilities who can gain none.
   */
  node(...args: string[]): string[];
}

/**
 * What deploy/Containerfile puts together, from this tree, in a mount namespace instead of a container: there may be no
 * container engine. Not the same in: the base image's files, seccomp, process and network namespaces.
 */
export function makeContainerRoot(
  directory: string,
  files: { config: string; secrets: Readonly<Record<string, string>> },
): ContainerRoot {
  const image = join(directory, "image");
  const app = join(image, "app");
  mkdirSync(join(app, "deploy"), { recursive: true });
  execFileSync(process.execPath, [
    join(project, "node_modules/typescript/bin/tsc"),
    "-p",
    join(project, "tsconfig.build.json"),
    "--outDir",
    join(app, "dist"),
  ]);
  execFileSync(process.execPath, ["deploy/copy-assets.mjs", join(app, "dist")], { cwd: project });
  cpSync(join(project, "package.json"), join(app, "package.json"));
  cpSync(join(project, "deploy/health-check.mjs"), join(app, "deploy/health-check.mjs"));
  mkdirSync(join(app, "node_modules"));
  for (const place of ["config", "secrets"]) mkdirSync(join(directory, place), { mode: 0o755 });
  writeFileSync(join(directory, "config/aftershock.yaml"), files.config);
  for (const [name, text] of Object.entries(files.secrets))
    writeFileSync(join(directory, "secrets", name), `${text}\n`);
  const root = join(directory, "root");
  mkdirSync(root);
  const script = mountScript({ root, app, directory });
  return {
    node: (...args) => ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", ...args],
  };
}

function mountScript({ root, app, directory }: { root: string; app: string; directory: string }): string {
  const libraries = ["/lib", "/lib64"].map((path) =>
    lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
      ? `ln -s "usr${path}" "${root}${path}"`
      : `[ ! -d ${path} ] || bind ${path} "${root}${path}"`,
  );
  return `set -eu
bind() { mkdir -p "$2"; mount --bind "$1" "$2"; mount -o remount,bind,ro,nosuid "$2"; }
mount -t tmpfs -o mode=755,size=1m none "${root}"
${libraries.join("\n")}
for lib in /usr/lib /usr/lib64; do [ ! -d $lib ] || bind $lib "${root}$lib"; done
bind "${app}" "${root}/app"
mount --bind "${realpathSync(join(project, "node_modules"))}" "${root}/app/node_modules"
mount -o remount,bind,ro,nosuid "${root}/app/node_modules"
bind "${directory}/config" "${root}/etc/aftershock"
bind "${directory}/secrets" "${root}/run/secrets/aftershock"
mkdir -p "${root}/usr/local/bin" "${root}/proc" "${root}/dev" "${root}/tmp"
for file in dev/null dev/urandom usr/local/bin/node; do : > "${root}/$file"; done
mount --bind /dev/null "${root}/dev/null"
mount --bind /dev/urandom "${root}/dev/urandom"
mount --bind "${realpathSync(process.execPath)}" "${root}/usr/local/bin/node"
mount -o remount,bind,ro,nosuid "${root}/usr/local/bin/node"
mount -t proc proc "${root}/proc"
mount -o remount,ro "${root}"
exec env -i PATH=/usr/local/bin HOME=/ NODE_ENV=production \\
  SLACK_BOT_TOKEN_FILE=/run/secrets/aftershock/slack-bot-token \\
  SLACK_APP_TOKEN_FILE=/run/secrets/aftershock/slack-app-token \\
  DATABASE_URL_FILE=/run/secrets/aftershock/database-url \\
  REDIS_URL_FILE=/run/secrets/aftershock/redis-url \\
  MIGRATION_DATABASE_URL_FILE=/run/secrets/aftershock/migration-database-url \\
  /usr/bin/setpriv --no-new-privs --inh-caps=-all -- \\
  /usr/bin/unshare --root="${root}" --wd=/app --setgid=${containerUser} --setuid=${containerUser} \\
  /usr/local/bin/node "$@"`;
}
