import { z } from "zod";

/** Block Kit's limits as schemas (anchors 1.4; docs.slack.dev, Block Kit reference). What is not in them, Slack refuses. */
const id = z.string().min(1).max(255);

const plain = (most: number) =>
  z.strictObject({ type: z.literal("plain_text"), text: z.string().min(1).max(most), emoji: z.boolean().optional() });
const mrkdwn = (most: number) =>
  z.strictObject({
    type: z.literal("mrkdwn"),
    text: z.string().min(1).max(most),
    verbatim: z.boolean().optional(),
  });
const text = (most: number) => z.discriminatedUnion("type", [plain(most), mrkdwn(most)]);

const confirm = z.strictObject({
  title: plain(100),
  text: text(300),
  confirm: plain(30),
  deny: plain(30),
  style: z.enum(["primary", "danger"]).optional(),
});

const option = z.strictObject({
  text: text(75),
  value: z.string().min(1).max(75),
  description: text(75).optional(),
  url: z.url().max(3000).optional(),
});
const optionGroup = z.strictObject({ label: plain(75), options: z.array(option).min(1).max(100) });

interface Choosing {
  options?: ReadonlyArray<z.infer<typeof option>> | undefined;
  option_groups?: ReadonlyArray<z.infer<typeof optionGroup>> | undefined;
  initial_option?: z.infer<typeof option> | undefined;
  initial_options?: ReadonlyArray<z.infer<typeof option>> | undefined;
}

/** What is chosen at first "must exactly match one of the options" (docs.slack.dev, Select menu element). */
function offersInitial({ options, option_groups: groups, ...initial }: Choosing): boolean {
  const offered = [...(options ?? []), ...(groups ?? []).flatMap((group) => group.options)];
  const chosen = [initial.initial_option ?? [], initial.initial_options ?? []].flat();
  return chosen.every((each) => offered.some((other) => JSON.stringify(other) === JSON.stringify(each)));
}
const notOffered = "what is chosen at first is not among the options";

const button = z.strictObject({
  type: z.literal("button"),
  text: plain(75),
  action_id: id.optional(),
  value: z.string().max(2000).optional(),
  url: z.url().max(3000).optional(),
  style: z.enum(["primary", "danger"]).optional(),
  confirm: confirm.optional(),
  accessibility_label: z.string().max(75).optional(),
});

const selectBase = {
  action_id: id.optional(),
  placeholder: plain(150).optional(),
  confirm: confirm.optional(),
  focus_on_load: z.boolean().optional(),
};
const select = z
  .strictObject({
    type: z.enum(["static_select", "multi_static_select"]),
    ...selectBase,
    options: z.array(option).min(1).max(100).optional(),
    option_groups: z.array(optionGroup).min(1).max(100).optional(),
    initial_option: option.optional(),
    initial_options: z.array(option).min(1).max(100).optional(),
    max_selected_items: z.int().min(1).optional(),
  })
  .refine(({ options, option_groups: groups }) => (options === undefined) !== (groups === undefined), {
    message: "a select has options or groups of them",
  })
  .refine(offersInitial, notOffered);
const peopleSelect = z.strictObject({
  type: z.enum(["users_select", "multi_users_select", "conversations_select", "channels_select"]),
  ...selectBase,
  initial_user: z.string().optional(),
  initial_users: z.array(z.string()).optional(),
  initial_conversation: z.string().optional(),
  initial_channel: z.string().optional(),
  default_to_current_conversation: z.boolean().optional(),
  // docs.slack.dev, Conversation filter object.
  filter: z
    .strictObject({
      include: z
        .array(z.enum(["im", "mpim", "private", "public"]))
        .min(1)
        .optional(),
      exclude_external_shared_channels: z.boolean().optional(),
      exclude_bot_users: z.boolean().optional(),
    })
    .optional(),
  max_selected_items: z.int().min(1).optional(),
});
const overflow = z.strictObject({
  type: z.literal("overflow"),
  action_id: id.optional(),
  options: z.array(option).min(1).max(5),
  confirm: confirm.optional(),
});
const choices = z
  .strictObject({
    type: z.enum(["checkboxes", "radio_buttons"]),
    action_id: id.optional(),
    options: z.array(option).min(1).max(10),
    initial_option: option.optional(),
    initial_options: z.array(option).min(1).max(10).optional(),
    confirm: confirm.optional(),
    focus_on_load: z.boolean().optional(),
  })
  .refine(offersInitial, notOffered);
const picker = z.strictObject({
  type: z.enum(["datepicker", "timepicker", "datetimepicker"]),
  ...selectBase,
  initial_date: z.string().optional(),
  initial_time: z.string().optional(),
  initial_date_time: z.int().optional(),
  timezone: z.string().optional(),
});
const inputs = z.strictObject({
  type: z.enum(["plain_text_input", "number_input", "email_text_input", "url_text_input"]),
  action_id: id.optional(),
  placeholder: plain(150).optional(),
  initial_value: z.string().max(3000).optional(),
  multiline: z.boolean().optional(),
  min_length: z.int().min(0).max(3000).optional(),
  max_length: z.int().min(1).max(3000).optional(),
  is_decimal_allowed: z.boolean().optional(),
  min_value: z.string().optional(),
  max_value: z.string().optional(),
  dispatch_action_config: z.unknown().optional(),
  focus_on_load: z.boolean().optional(),
});
const imageElement = z.strictObject({
  type: z.literal("image"),
  image_url: z.url().max(3000).optional(),
  slack_file: z.strictObject({ id: z.string().optional(), url: z.string().optional() }).optional(),
  alt_text: z.string().min(1).max(2000),
});

const clickable = z.discriminatedUnion("type", [button, select, peopleSelect, overflow, choices, picker]);
const enterable = z.discriminatedUnion("type", [select, peopleSelect, choices, picker, inputs]);

const blockId = { block_id: id.optional() };

/** One block. Newer kinds (rich_text, table, plan …) are only known by name here. */
export const blockSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("header"), ...blockId, text: plain(150), level: z.int().optional() }),
  z.strictObject({ type: z.literal("divider"), ...blockId }),
  z
    .strictObject({
      type: z.literal("section"),
      ...blockId,
      text: text(3000).optional(),
      fields: z.array(text(2000)).min(1).max(10).optional(),
      accessory: z.union([clickable, imageElement]).optional(),
      expand: z.boolean().optional(),
    })
    .refine((block) => block.text !== undefined || block.fields !== undefined, "a section needs text or fields"),
  z.strictObject({
    type: z.literal("context"),
    ...blockId,
    elements: z
      .array(z.discriminatedUnion("type", [plain(3000), mrkdwn(3000), imageElement]))
      .min(1)
      .max(10),
  }),
  z
    .strictObject({ type: z.literal("actions"), ...blockId, elements: z.array(clickable).min(1).max(25) })
    .refine(({ elements }) => {
      const ids = elements.flatMap((element) => element.action_id ?? []);
      return new Set(ids).size === ids.length;
    }, "an action_id is there twice in the block"),
  z.strictObject({
    type: z.literal("input"),
    ...blockId,
    label: plain(2000),
    element: enterable,
    hint: plain(2000).optional(),
    optional: z.boolean().optional(),
    dispatch_action: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal("image"),
    ...blockId,
    image_url: z.url().max(3000).optional(),
    slack_file: z.strictObject({ id: z.string().optional(), url: z.string().optional() }).optional(),
    alt_text: z.string().min(1).max(2000),
    title: plain(2000).optional(),
  }),
  z.strictObject({ type: z.literal("markdown"), ...blockId, text: z.string().min(1).max(12_000) }),
  z.looseObject({ type: z.literal("rich_text"), ...blockId }),
  z.looseObject({ type: z.literal("table"), ...blockId }),
]);

const viewParts = {
  blocks: z.array(blockSchema).min(1).max(100),
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
};

export const modalSchema = z
  .strictObject({
    type: z.literal("modal"),
    title: plain(24),
    submit: plain(24).optional(),
    close: plain(24).optional(),
    clear_on_close: z.boolean().optional(),
    notify_on_close: z.boolean().optional(),
    submit_disabled: z.boolean().optional(),
    ...viewParts,
  })
  .refine(
    (view) => view.submit !== undefined || view.blocks.every(({ type }) => type !== "input"),
    "a modal with inputs needs submit",
  );

export const homeSchema = z.strictObject({ type: z.literal("home"), ...viewParts });
