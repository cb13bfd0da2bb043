import { expect, it } from "vitest";
import { secretUses } from "../../src/targets/look.ts";

it("a Secret's key is looked at once, also where one of its uses knows how it comes to be there", () => {
  const place = { secret: "orders-redis", key: "password" };
  const uses = secretUses({
    access: { redis: { password: { ...place, ifMissing: "Its chart makes it." } }, sentinel: { password: place } },
  });
  expect(uses).toEqual([{ ...place, ifMissing: "Its chart makes it.", uses: ["redis password", "sentinel password"] }]);
});
