/**
 * What is said to the bot in a message: what stands after its first mention. `<@U123>` or `<@U123|name>`
 * (docs.slack.dev, Formatting message text); without the bot's id, after any mention. Pure.
 */
export function wordsOf(text: string, botUserId: string | undefined): string {
  const id = botUserId !== undefined && /^[A-Z0-9]+$/.test(botUserId) ? botUserId : "[A-Z0-9]+";
  const found = new RegExp(`<@${id}(?:\\|[^<>]*)?>`).exec(text);
  return found === null ? "" : text.slice(found.index + found[0].length).replace(/^[\s,:]+/, "");
}
