/** Prefix of all our action and callback ids. */
export const actionPrefix = "aftershock:";

/** Which handler of `Verb.messages` gets a message that somebody points at; for the shortcut, its callback id after our prefix. */
export const noteMessage = "note-message";
