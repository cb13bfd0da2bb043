/**
 * Whether a flag of the query is set, by Kubernetes' rule: only its absence, `0` and `false` in any case are no
 * (k8s.io/apimachinery, pkg/runtime/conversion.go, Convert_Slice_string_To_bool). Python's clients write `True`.
 */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}
