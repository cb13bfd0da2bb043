import fc from "fast-check";
import { drawsAnew, seed } from "./fuzz.ts";

/**
 * Every property is tried on the same inputs wherever `npm test` runs, so that what fails is what was changed.
 * FUZZ_SEED=random, and more tries by FUZZ_TIMES, draw others.
 */
if (!drawsAnew) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
