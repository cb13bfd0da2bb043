import type { App, ViewOutput } from "@slack/bolt";
import type { ModalView as SlackModal } from "@slack/types";
import { actionPrefix } from "../action-prefix.ts";
import { isAftershockError } from "../../errors.ts";
import type { Actor } from "../../run/service.ts";
import { errorMessage } from "../errors.ts";
import { note, section } from "../limits.ts";
import { flattenValues, readMetadata, slackModal, withProblem, type ModalAnswer, type ModalOrigin } from "../modal.ts";
import { submissionPayload } from "../payload.ts";
import { withEntries } from "../form-entries.ts";
import { firstDelivery } from "../store/deliveries.ts";
import { forOwnPeople, read, type Hearing } from "./hearing.ts";
import { surfacesOf } from "./surfaces-of.ts";

/** Slack wants an answer within 3 s (docs.slack.dev, Modals); what takes longer is answered "Working…" and drawn later. */
const answerWithinMs = 2000;

/** What is done with the form, in Slack's words (docs.slack.dev, view_submission responses). */
type Response =
  | { response_action: "update"; view: SlackModal }
  | { response_action: "errors"; errors: Record<string, string> }
  | undefined;

/** Submitted forms: each once, answered in time, and never closed over a problem. */
export function hearForms(app: App, hearing: Hearing): void {
  app.view({ type: "view_submission", callback_id: new RegExp(`^${actionPrefix}`) }, async ({ body, view, ack }) => {
    const submission = read(submissionPayload, body, hearing);
    if (submission === null) return ack();
    const { user } = submission;
    const carried = readMetadata(submission.view.private_metadata);
    const origin: ModalOrigin = { channelId: carried?.channelId ?? "" };
    const actor: Actor = { userId: user.id, teamId: user.team_id ?? "", channelId: origin.channelId };
    const shown = withEntries(asView(view), submission.view.state?.values ?? {});
    if (!(await firstDelivery(hearing.database, `form:${submission.trigger_id}`))) return ack();
    const work = answerOf(hearing, actor, shown, () =>
      hearing.dispatcher.submit(
        submission.view.callback_id.slice(actionPrefix.length),
        { values: flattenValues(submission.view.state?.values ?? {}), state: carried?.state ?? "" },
        actor,
        surfacesOf(hearing, { triggerId: submission.trigger_id, ...origin }),
      ),
    );
    const early = await Promise.race([work, after(answerWithinMs)]);
    if (early !== "late") {
      const response = responseOf(early, origin);
      await (response === undefined ? ack() : ack(response));
      return sayReply(hearing, actor, early);
    }
    await ack({ response_action: "update", view: working(shown) });
    const late = await work;
    await drawLate(hearing, submission.view.id, late, shown, origin);
    return sayReply(hearing, actor, late);
  });
}

type Answer = ModalAnswer | { kind: "problem"; view: SlackModal };

/** What the verb says; a problem is shown in the form. Never rejects. */
async function answerOf(
  hearing: Hearing,
  actor: Actor,
  shown: SlackModal,
  submit: () => Promise<ModalAnswer>,
): Promise<Answer> {
  try {
    return await forOwnPeople(hearing, actor, submit);
  } catch (error) {
    if (isAftershockError(error)) return { kind: "problem", view: withProblem(shown, error.message, error.hint) };
    const { text } = errorMessage(error, (reference, cause) =>
      hearing.log.error({ err: cause, reference }, "unforeseen error"),
    );
    return { kind: "problem", view: withProblem(shown, text, "Close the form and try again.") };
  }
}

function responseOf(answer: Answer, origin: ModalOrigin): Response {
  switch (answer.kind) {
    case "close":
      return undefined;
    case "errors":
      return { response_action: "errors", errors: { ...answer.errors } };
    case "update":
      return { response_action: "update", view: slackModal(answer.view, origin) };
    case "problem":
      return { response_action: "update", view: answer.view };
  }
}

/** After "Working…" the form can only be drawn anew; one that is done says so. */
async function drawLate(
  { views, log }: Hearing,
  viewId: string,
  answer: Answer,
  shown: SlackModal,
  origin: ModalOrigin,
): Promise<void> {
  const view =
    answer.kind === "update"
      ? slackModal(answer.view, origin)
      : answer.kind === "problem"
        ? answer.view
        : answer.kind === "errors"
          ? withProblem(shown, Object.values(answer.errors).join(" "), "Mend it and submit again.")
          : done(shown);
  const drawn = await views.update(viewId, null, view);
  if (!drawn.ok) log.warn({ error: drawn.error }, "a form was not drawn after its submission");
}

async function sayReply({ views, log }: Hearing, actor: Actor, answer: Answer): Promise<void> {
  if (answer.kind !== "close" || answer.reply === undefined || actor.channelId === "") return;
  const said = await views.whisper(actor.channelId, actor.userId, answer.reply);
  if (!said.ok) log.warn({ error: said.error }, "the answer to a form was not shown");
}

const working = (view: SlackModal): SlackModal => bare(view, [section("Working…")]);
const done = (view: SlackModal): SlackModal => bare(view, [section("Done."), note("You can close this form.")]);

function bare({ title, callback_id: callbackId }: SlackModal, blocks: SlackModal["blocks"]): SlackModal {
  return {
    type: "modal",
    title,
    ...(callbackId === undefined ? {} : { callback_id: callbackId }),
    close: { type: "plain_text", text: "Close" },
    blocks,
  };
}

/** Of a view that Slack sent, what it takes back (docs.slack.dev, views.update: the other fields are refused). */
function asView({
  title,
  submit,
  close,
  callback_id: callbackId,
  private_metadata: metadata,
  blocks,
}: ViewOutput): SlackModal {
  return {
    type: "modal",
    title,
    blocks,
    ...(submit ? { submit } : {}),
    ...(close ? { close } : {}),
    callback_id: callbackId,
    private_metadata: metadata,
  };
}

function after(ms: number): Promise<"late"> {
  return new Promise((resolve) => setTimeout(resolve, ms, "late").unref());
}
