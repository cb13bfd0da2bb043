import fc from "fast-check";
// Not fuzz.ts, whose inputs take most of a second to make: this is done for every file.
import { drawsAnew, seed } from "./fuzz-settings.ts";

/**
 * Every property is tried on the same inputs wherever `npm test` runs, so that what fails is what was changed.
 * FUZZ_SEED=random, and more tries by FUZZ_TIMES, draw others.
 */
if (!drawsAnew) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
