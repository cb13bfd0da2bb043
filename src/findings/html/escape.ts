const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** What C0 and C1 controls, line ends apart, and marks that turn the direction of text round are shown as. */
const unseen = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/gu;

/** Text of others, fit for an element's content and for an attribute in double quotes. */
export function escapeHtml(text: string): string {
  return text.replace(unseen, "\u{fffd}").replace(/[&<>"']/g, (sign) => entities[sign] ?? "");
}
