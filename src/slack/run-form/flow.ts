import { AftershockError, isAftershockError } from "../../errors.ts";
import type { Actor, RunRow } from "../../run/service.ts";
import type { ModalAnswer, ModalView, OpenModal } from "../modal.ts";
import type { OpenForm } from "../surfaces.ts";
import type { VerbContext } from "../verb.ts";
import { renderRunForm } from "../views/run-form/form.ts";
import { readSeen } from "./form-state.ts";
import { names } from "./names.ts";
import { resolveOutcome, unforeseen, type Outcome } from "./outcome.ts";
import { fingerprint, firstPick, readPicked, requestOf, valueProblems, type Catalogue, type Picked } from "./picked.ts";

type Context = Pick<VerbContext, "service" | "actor" | "surfaces" | "command">;

/**
 * Opens the form for a run, with an experiment picked or none: at once, since Slack permits it for 3 s only. The plan is
 * drawn in when the targets are resolved. Throws AftershockError where no form can be opened, with what to type instead.
 */
export async function openRunForm(experiment: string | null, context: Context): Promise<void> {
  const { service, surfaces, command } = context;
  const catalogue = catalogueOf(context);
  if (experiment !== null) service.experiment(experiment);
  const picked = firstPick(catalogue, experiment);
  const form = await surfaces.openModal(view(context, picked, begun(picked))).catch((error: unknown) => {
    throw typedInstead(error, experiment, command);
  });
  await drawPlan(form, picked, context);
}

/** Something was changed in the form: it is drawn anew with what that changes, and with the plan once there is one. */
export async function redrawRunForm(modal: OpenModal, context: Context): Promise<void> {
  const picked = readPicked(modal, catalogueOf(context));
  // A plan that was drawn in just now must not make this change look as if it had not been.
  const form = await context.surfaces.updateModal(view(context, picked, begun(picked)), "anything");
  if (form !== null) await drawPlan(form, picked, context);
}

/**
 * Asks for the run that was submitted, if what is submitted is what the form showed the plan of; else the plan is shown,
 * and nothing is asked for. Throws AftershockError for what a person could mend, as the typed command does.
 */
export async function submitRunForm(
  submitted: OpenModal,
  context: Context,
  answer: (run: RunRow) => ModalAnswer,
): Promise<ModalAnswer> {
  const { service } = context;
  const picked = readPicked(submitted, catalogueOf(context));
  const { experiment: name } = picked;
  if (name === null)
    throw new AftershockError("bad_command", "No experiment is picked.", "Pick one, and submit again.");
  const wrong = valueProblems(service.experiment(name), picked.parameters);
  if (wrong.length > 0) {
    return {
      kind: "errors",
      errors: Object.fromEntries(
        wrong.map(({ parameter, text }) => [names.parameter(name, parameter), text.slice(0, 500)]),
      ),
    };
  }
  const seen = readSeen(submitted.state);
  const request = requestOf(picked);
  if (seen === null) return shown(context, picked, firstLook);
  if (seen.request !== fingerprint(request)) return shown(context, picked, valuesChanged);
  try {
    return answer(await service.request(placed(context.actor, picked), request, seen.digest));
  } catch (error) {
    if (!isAftershockError(error) || error.code !== "plan_changed") throw error;
    return shown(context, picked, systemChanged);
  }
}

const firstLook =
  "*This is what would be done.* Nothing was asked for yet: if it is what you mean, press *Ask for it*.";
const valuesChanged =
  "*You changed something, so this is another plan than you saw.* Nothing was asked for yet: if it is what you mean, press *Ask for it*.";
const systemChanged =
  "*The system has changed since you looked, so this is another plan than you saw.* Nothing was asked for yet: if it is what you mean, press *Ask for it*.";

async function shown(context: Context, picked: Picked, notice: string): Promise<ModalAnswer> {
  const outcome = await resolveOutcome(picked, context);
  return { kind: "update", view: view(context, picked, outcome, outcome.kind === "planned" ? notice : null) };
}

async function drawPlan(form: OpenForm, picked: Picked, context: Context): Promise<void> {
  if (picked.experiment === null) return;
  try {
    await form.redraw(view(context, picked, await resolveOutcome(picked, context)));
  } catch (error) {
    // Else the form would say for ever that it is being resolved.
    await form.redraw(view(context, picked, unforeseen));
    throw error;
  }
}

function view(context: Context, picked: Picked, outcome: Outcome, notice: string | null = null): ModalView {
  const place = context.actor.channelId === "" ? "in no channel" : "in a channel";
  return renderRunForm({ catalogue: catalogueOf(context), picked, outcome, notice, place });
}

const begun = ({ experiment }: Picked): Outcome => ({
  kind: experiment === null ? "nothing picked" : "resolving",
});

function catalogueOf({ service }: Context): Catalogue {
  return { ...service.choices(), experiments: service.experiments() };
}

/** Who asks, and where: from the Home tab in the channel that was picked. */
function placed(actor: Actor, { channelId }: Picked): Actor {
  if (actor.channelId !== "") return actor;
  if (channelId !== null && /^[CG][A-Z0-9]{2,}$/.test(channelId)) return { ...actor, channelId };
  throw new AftershockError("bad_command", "No channel is picked.", "Pick the one in which the run shall be shown.");
}

function typedInstead(error: unknown, experiment: string | null, command: string): unknown {
  if (!isAftershockError(error)) return error;
  const typed = `${command} run ${experiment ?? "NAME"}`;
  const hint = `Type it: ${typed}${experiment === null ? `. The names: ${command} list` : ""}`;
  if (error.code !== "not_supported_here") return new AftershockError(error.code, error.message, `Try again. ${hint}`);
  return new AftershockError("bad_command", "run needs the name of an experiment here: no form can be opened.", hint);
}
