import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBackupRig, type BackupRig } from "../support/backup-rig.ts";
import { kubectl } from "../support/kubectl.ts";

/**
 * The training module's backup-verification-cronjob.yaml. Steps 1 to 6 of its section on backups run verbatim in
 * lab-module-commands.test.ts, also step 4, which restores over the primary with --clean: the module's own list of
 * mistakes names that, and the experiment backup-restore refuses it.
 */
const script = `set -euo pipefail
echo "=== Backup Verification Started ==="
echo "Time: $(date -u)"
# Fetch latest backup from S3
aws s3 cp s3://backups/postgresql/latest.dump /tmp/restore.dump
# Create a temporary database for verification
PGPASSWORD=$POSTGRES_PASSWORD psql -h postgresql.database.svc \\
-U postgres -c "CREATE DATABASE backup_verify_$(date +%Y%m%d);"
# Restore into the temporary database
PGPASSWORD=$POSTGRES_PASSWORD pg_restore -h postgresql.database.svc \\
-U postgres -d "backup_verify_$(date +%Y%m%d)" /tmp/restore.dump
# Run verification queries
PGPASSWORD=$POSTGRES_PASSWORD psql -h postgresql.database.svc \\
-U postgres -d "backup_verify_$(date +%Y%m%d)" -c "
SELECT 'users' as table_name, count(*) as row_count FROM users
UNION ALL
SELECT 'orders', count(*) FROM orders
UNION ALL
SELECT 'products', count(*) FROM products;"
# Clean up temporary database
PGPASSWORD=$POSTGRES_PASSWORD psql -h postgresql.database.svc \\
-U postgres -c "DROP DATABASE backup_verify_$(date +%Y%m%d);"
echo "=== Backup Verification Complete ==="
`;
const indented = script.replaceAll(/^(?=.)/gm, " ".repeat(16));
const cronJob = `apiVersion: batch/v1
kind: CronJob
metadata:
  name: backup-verification
  namespace: database
spec:
  schedule: "0 6 * * 0" # Every Sunday at 6 AM
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - name: verify-backup
            image: postgres:16
            command:
            - /bin/bash
            - -c
            - |
${indented}
            envFrom:
            - secretRef:
                name: postgresql-credentials
          restartPolicy: OnFailure
`;

describe.skipIf(process.getuid?.() !== 0)("the module's weekly verification of backups", () => {
  let rig: BackupRig;
  beforeAll(async () => {
    rig = await startBackupRig();
  });
  afterAll(() => rig?.stop());

  /**
   * The script letter for letter, in a pod that has PostgreSQL's programs. `aws` is a stand-in that copies a file of the
   * pod: the machine has no S3, and the module's image, postgres:16, has no aws either, so there the job would end here.
   */
  const run = (dump: string) =>
    kubectl(
      rig.lab.kubeconfigPath,
      ["exec", "-i", "backup-0", "-n", "backup", "--", "env", "POSTGRES_PASSWORD=x", "bash"],
      `aws() { cp ${dump} "$4"; }\n${script}`,
    );
  const leftOnPrimary = async (): Promise<string> =>
    (
      await rig.exec(
        "postgresql-0",
        "database",
        `psql -U postgres -XAtc "select datname from pg_database where datname like 'backup_verify%'"`,
      )
    ).trim();

  it("cannot be applied here: the lab runs no CronJobs, and does not pretend to", async () => {
    const applied = await kubectl(rig.lab.kubeconfigPath, ["apply", "-f", "-"], cronJob);
    expect(applied.exitCode).not.toBe(0);
    expect(applied.stderr).toMatch(/no matches for kind "CronJob"|could not find the requested resource/);
  });

  it("its script verifies a good backup, by restoring it on the primary's own instance", async () => {
    const ran = await run('"$(ls -t /backups/*.dump | head -n 1)"');
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/users +\| +2000[\s\S]*orders +\| +10000[\s\S]*products +\| +200/);
    expect(await leftOnPrimary()).toBe("");
  });

  it("its script leaves half a database on the primary when the backup is bad, as backup-verification does not", async () => {
    await rig.exec("backup-0", "backup", 'head -c 30000 "$(ls -t /backups/*.dump | head -n 1)" > /tmp/cut.dump');
    const ran = await run("/tmp/cut.dump");
    expect(ran.exitCode).not.toBe(0);
    const left = await leftOnPrimary();
    expect(left).toMatch(/^backup_verify_\d{8}$/);
    await rig.exec("postgresql-0", "database", `dropdb -U postgres ${left}`);
  });
});
