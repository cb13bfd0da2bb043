import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/**
 * What is wrong by the form that was most likely meant. Of a value that may have several forms zod says only that none fits;
 * the problems of the one with the fewest are named. Any other issue stays as it is.
 */
export function closestIssues(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const [likeliest = []] = issue.errors.toSorted((a, b) => a.length - b.length);
  if (likeliest.length === 0) return [issue];
  return likeliest.flatMap(closestIssues).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}
