/** What docs/findings.md says of one finding. It stands beside the rule that makes it, by the finding's id. */
export interface FindingReference {
  /** One, or those that it can have and when. */
  severity: string;
  means: string;
  cause: string;
  /** What in the run shows it. */
  evidence: string;
  mend: string;
  /** Where the claim or the recommendation comes from; absent where it is the run's own figures alone. */
  source?: string;
}
