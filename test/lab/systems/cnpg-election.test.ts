import { describe, expect, it } from "vitest";
import { mostAdvanced, type InstanceState } from "../../../src/lab/systems/cnpg-election.ts";

const replica = (name: string, receivedBytes: number, replayedBytes: number, receiving = false): InstanceState => ({
  name,
  answer: { primary: false, receivedBytes, replayedBytes, receiving, replicas: 0 },
});

describe("who the stand-in of CloudNativePG's operator promotes", () => {
  it("is the replica that received most, then replayed most, then the first by name", () => {
    expect(mostAdvanced([replica("orders-1", 5, 5), replica("orders-2", 6, 1)], "orders-0")).toBe("orders-2");
    expect(mostAdvanced([replica("orders-1", 5, 4), replica("orders-2", 5, 5)], "orders-0")).toBe("orders-2");
    expect(mostAdvanced([replica("orders-2", 5, 5), replica("orders-1", 5, 5)], "orders-0")).toBe("orders-1");
  });
  it("is nobody while one still receives from the old primary, nor the old primary, nor one that is silent", () => {
    expect(mostAdvanced([replica("orders-1", 5, 5), replica("orders-2", 6, 6, true)], "orders-0")).toBeNull();
    expect(mostAdvanced([replica("orders-0", 9, 9), replica("orders-1", 5, 5)], "orders-0")).toBe("orders-1");
    expect(mostAdvanced([{ name: "orders-1", answer: null }], "orders-0")).toBeNull();
  });
});
