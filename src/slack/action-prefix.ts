/** Prefix of all our action and callback ids. */
export const actionPrefix = "aftershock:";
