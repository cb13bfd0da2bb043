import { applicationReference } from "./application/reference.ts";
import { backupReference } from "./backup/reference.ts";
import { cloudnativePgReference } from "./cloudnative-pg/reference.ts";
import { commonReference } from "./common-reference.ts";
import { etcdReference } from "./etcd/reference.ts";
import type { FindingReference } from "./finding-reference.ts";
import { kafkaReference } from "./kafka/reference.ts";
import { patroniReference } from "./patroni/reference.ts";
import { postgresIoReference } from "./postgres-io/reference.ts";
import { rabbitmqReference } from "./rabbitmq/reference.ts";
import { redisReference } from "./redis-sentinel/reference.ts";
import { rescheduleReference } from "./reschedule/reference.ts";

/** Every finding there is, by chapter; docs/findings.md is written from it (`npm run findings`). */
export const findingChapters: ReadonlyArray<{ title: string; entries: Readonly<Record<string, FindingReference>> }> = [
  { title: "Redis with Sentinel", entries: redisReference },
  { title: "PostgreSQL with Patroni", entries: patroniReference },
  { title: "PostgreSQL with CloudNativePG", entries: cloudnativePgReference },
  { title: "PostgreSQL on a faulty volume", entries: postgresIoReference },
  { title: "A member moved to another node", entries: rescheduleReference },
  { title: "Backup and restore", entries: backupReference },
  { title: "The application in front", entries: applicationReference },
  { title: "etcd", entries: etcdReference },
  { title: "RabbitMQ", entries: rabbitmqReference },
  { title: "Kafka", entries: kafkaReference },
  { title: "Any system", entries: commonReference },
];
