/** So many times more than in `npm test` is tried. */
export const times = Number(process.env["FUZZ_TIMES"] ?? 1);
const wanted = process.env["FUZZ_SEED"] ?? (times === 1 ? "2026" : "random");

/** Whether inputs are drawn that no run has seen before; else the same ones every time. */
export const drawsAnew = wanted === "random";
/** FUZZ_SEED=N repeats what a failure named. */
export const seed = Number(wanted);
