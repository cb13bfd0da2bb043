/** Ports of printRole, printRoleBinding and their kin, pkg/printers/internalversion of Kubernetes. */
import type { LabObject } from "../../objects.ts";
import { child, children, text } from "../json.ts";
import { ageColumn, column, nameColumn, wide } from "./column.ts";
import type { Column } from "./column.ts";

export const roleColumns: Column[] = [
  nameColumn,
  column("Created At", (role) => role.metadata.creationTimestamp, "date"),
];

const subjectsOf = (kind: string) => (binding: LabObject) =>
  children(binding, "subjects")
    .filter((subject) => text(subject, "kind") === kind)
    .map((subject) => [text(subject, "namespace"), text(subject, "name")].filter((part) => part !== "").join("/"))
    .join(", ");

export const bindingColumns: Column[] = [
  nameColumn,
  column("Role", (binding) => `${text(child(binding, "roleRef"), "kind")}/${text(child(binding, "roleRef"), "name")}`),
  ageColumn,
  wide("Users", subjectsOf("User")),
  wide("Groups", subjectsOf("Group")),
  wide("ServiceAccounts", subjectsOf("ServiceAccount")),
];

export const accountColumns: Column[] = [
  nameColumn,
  column("Secrets", (account) => children(account, "secrets").length, "integer"),
  ageColumn,
];
