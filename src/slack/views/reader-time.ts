/** A moment in each reader's own zone, by Slack (docs.slack.dev, Date formatting); UTC where it cannot be shown so. */
export function readerTime(iso: string): string {
  const seconds = Math.floor(Date.parse(iso) / 1000);
  return `<!date^${seconds}^{date_short_pretty} at {time}|${iso.slice(0, 16).replace("T", " ")} UTC>`;
}
