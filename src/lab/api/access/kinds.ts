/** The kinds of access control, as rows of the resource table. */
import { bindingAdmission, roleAdmission } from "../admission/access.ts";
import { accountColumns, bindingColumns, roleColumns } from "../columns/access.ts";
import type { Row } from "../resources.ts";

const rbac = { group: "rbac.authorization.k8s.io", names: "path" } as const;

export const accessKinds: readonly Row[] = [
  {
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    shortNames: ["sa"],
    subresources: ["token"],
    schema: { model: "V1ServiceAccount" },
    columns: accountColumns,
  },
  {
    ...rbac,
    kind: "Role",
    plural: "roles",
    schema: { model: "V1Role" },
    columns: roleColumns,
    admission: roleAdmission,
  },
  {
    ...rbac,
    kind: "ClusterRole",
    plural: "clusterroles",
    scope: "Cluster",
    schema: { model: "V1ClusterRole" },
    columns: roleColumns,
    admission: roleAdmission,
  },
  {
    ...rbac,
    kind: "RoleBinding",
    plural: "rolebindings",
    schema: { model: "V1RoleBinding" },
    columns: bindingColumns,
    admission: bindingAdmission,
  },
  {
    ...rbac,
    kind: "ClusterRoleBinding",
    plural: "clusterrolebindings",
    scope: "Cluster",
    schema: { model: "V1ClusterRoleBinding" },
    columns: bindingColumns,
    admission: bindingAdmission,
  },
];
