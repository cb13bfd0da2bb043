import { describe, expect, it } from "vitest";
import { mayAct, mayApprove, mayDeny, mayHalt, mayResume } from "../../src/approvals/policy.ts";

const policy = { required: 1, approvers: ["UBOB", "UALICE"], expiresAfterMs: 1, teamId: "T1" };
const run = { id: "run-1", requestedBy: "UALICE" };
const person = (userId: string, teamId = "T1") => ({ userId, teamId });

describe("who may approve", () => {
  it("an approver who did not ask for the run", () =>
    expect(mayApprove(policy, person("UBOB"), run).allowed).toBe(true));
  it("never the requester, approver or not, and the answer names who can", () =>
    expect(mayApprove(policy, person("UALICE"), run)).toMatchObject({
      allowed: false,
      hint: expect.stringContaining("<@UBOB>"),
    }));
  it("nobody who is not listed", () => expect(mayApprove(policy, person("UEVE"), run).allowed).toBe(false));
  it("nobody of another organisation, listed or not", () =>
    expect(mayApprove(policy, person("UBOB", "T2"), run).allowed).toBe(false));
  it("nobody at all when no approver is configured", () =>
    expect(mayApprove({ ...policy, approvers: [] }, person("UBOB"), run)).toMatchObject({
      allowed: false,
      hint: expect.stringContaining("no approver is configured"),
    }));
});

describe("who may deny and act", () => {
  it("the requester may take the request back", () =>
    expect(mayDeny(policy, person("UALICE"), run).allowed).toBe(true));
  it("a bystander may not deny", () => expect(mayDeny(policy, person("UEVE"), run).allowed).toBe(false));
  it("anybody of the workspace may ask and stop, nobody else", () => {
    expect(mayAct(policy, person("UEVE")).allowed).toBe(true);
    expect(mayAct(policy, person("UEVE", "T2")).allowed).toBe(false);
  });
});

describe("who may halt and resume", () => {
  it("anybody of the workspace may halt, nobody else", () => {
    expect(mayHalt(policy, person("UEVE")).allowed).toBe(true);
    expect(mayHalt(policy, person("UEVE", "T2")).allowed).toBe(false);
  });
  it("an approver of the workspace may resume, nobody else", () => {
    expect(mayResume(policy, person("UBOB")).allowed).toBe(true);
    expect(mayResume(policy, person("UEVE")).allowed).toBe(false);
    expect(mayResume(policy, person("UBOB", "T2")).allowed).toBe(false);
  });
});
