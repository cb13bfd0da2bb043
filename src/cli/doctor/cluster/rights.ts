import { defaultChaosMeshNamespace } from "../../../cluster/chaos-mesh.ts";
import type { Survey } from "../../../cluster/survey.ts";
import { messageOf } from "../../../errors.ts";
import { questionsOf, type AskedRight, type Question } from "../../../rbac/questions.ts";
import { accounts, type Account } from "../../../rbac/right.ts";
import { latchNamespace } from "../../../run/halt/latch.ts";
import { rightsOfCluster } from "../../cluster-rights.ts";
import type { ClusterCheck } from "../asked.ts";
import { asAccountOf } from "./other-account.ts";
import { unknown, well, wrong, type Line } from "../line.ts";
import { eachLimited } from "../once.ts";

/** What the API server said; a text: why it did not. */
export type Answer = boolean | string;

const mostAtOnce = 8;

/** Every right that `aftershock rbac` prints, asked verb by verb with SelfSubjectAccessReview. */
export const rights: ClusterCheck = async (asked, { name, settings }, survey) => {
  const needed = questionsOf(rightsOfCluster(asked.experiments, settings), {
    targets: settings.namespaces ?? null,
    latch: latchNamespace,
    injector: settings.chaosMesh?.namespace ?? defaultChaosMeshNamespace,
  }).filter(({ right }) => asked.role === null || right.account === asked.role);
  const answers = await askAll(needed, survey);
  const account = await survey.whoAmI().catch(() => null);
  return judgeRights(needed, answers, {
    account,
    role: asked.role,
    configFile: asked.configFile,
    grant: `npx aftershock rbac --config ${asked.configFile} --cluster ${name} | kubectl apply -f -`,
  });
};

const keyOf = (question: Question): string => Object.values(question).join("\n");

/** Each question once, however many rights need it. */
async function askAll(needed: readonly AskedRight[], survey: Survey): Promise<Map<string, Answer>> {
  const unlike = new Map(needed.flatMap(({ questions }) => questions.map((one) => [keyOf(one), one] as const)));
  const answers = await eachLimited([...unlike], mostAtOnce, async ([key, question]) => {
    const answer: Answer = await survey.mayI(question).catch(messageOf);
    return [key, answer] as const;
  });
  return new Map(answers);
}

export interface RightsContext {
  account: string | null;
  /** Whose rights these must be; null: nobody said. */
  role: Account | null;
  /** The command that grants them. */
  grant: string;
  configFile: string;
}

/**
 * One line for a role that has everything, one for each right that lacks something. Bot and worker have accounts of their own,
 * and only one of them is asked here. Where nobody said which, an account that has all of one role's rights, and nothing of what
 * only the other needs, is taken for the former's: what the other lacks is not known from here. Pure.
 */
export function judgeRights(
  needed: readonly AskedRight[],
  answers: ReadonlyMap<string, Answer>,
  { account, role, grant, configFile }: RightsContext,
): Line[] {
  const who = account ?? "This account";
  const roles = accounts.flatMap((each) => {
    const own = needed.filter(({ right }) => right.account === each);
    if (own.length === 0) return [];
    const others = new Set(keysOf(needed.filter(({ right }) => right.account !== each)));
    const keys = keysOf(own);
    return [
      {
        role: each,
        count: keys.length,
        lines: own.flatMap((one) => lackOf(one, answers, { who, account, grant })),
        hasOfItsOwn: keys.some((key) => !others.has(key) && answers.get(key) === true),
      },
    ];
  });
  const isWhole = ({ lines }: { lines: readonly Line[] }): boolean => lines.length === 0;
  return roles.flatMap((each) => {
    if (isWhole(each)) return [well(`${who} has the ${each.role}'s rights: ${each.count} asked, verb by verb`)];
    if (role !== null || each.hasOfItsOwn || !roles.some(isWhole)) return each.lines;
    return [
      unknown(
        `${who} has none of the rights that only the ${each.role} needs, as it should be if it is not the ${each.role}'s account.`,
        asAccountOf(each.role, { configFile }),
      ),
    ];
  });
}

const keysOf = (needed: readonly AskedRight[]): string[] => [
  ...new Set(needed.flatMap(({ questions }) => questions.map(keyOf))),
];

function lackOf(
  { right, questions }: AskedRight,
  answers: ReadonlyMap<string, Answer>,
  { who, account, grant }: { who: string; account: string | null; grant: string },
): Line[] {
  const of = (wanted: (answer: Answer | undefined) => boolean): Question[] =>
    questions.filter((question) => wanted(answers.get(keyOf(question))));
  const refused = of((answer) => answer === false);
  const lost = of((answer) => typeof answer !== "boolean");
  const [first] = refused;
  return [
    ...(first === undefined
      ? []
      : [
          wrong(
            `${who} lacks a right of the ${right.account}: ${whatOf(refused)}. ${right.why}`,
            `${grant}\nThen look: ${lookAt(first, account)}`,
          ),
        ]),
    ...(lost[0] === undefined
      ? []
      : [
          unknown(
            `Whether ${who} may ${whatOf(lost)} could not be asked: ${String(answers.get(keyOf(lost[0])) ?? "no answer")}`,
          ),
        ]),
  ];
}

const resourceOf = ({ apiGroup, resource, subresource }: Question): string =>
  `${resource}${apiGroup === "" ? "" : `.${apiGroup}`}${subresource === "" ? "" : `/${subresource}`}`;

/** `create, delete networkchaos.chaos-mesh.org in cache, database` */
function whatOf(questions: readonly Question[]): string {
  const unlike = (values: readonly string[]): string => [...new Set(values)].join(", ");
  const namespaces = unlike(questions.map(({ namespace }) => namespace).filter((namespace) => namespace !== ""));
  return [
    unlike(questions.map(({ verb }) => verb)),
    unlike(questions.map(resourceOf)),
    namespaces === "" ? "in the whole cluster" : `in ${namespaces}`,
  ].join(" ");
}

function lookAt(question: Question, account: string | null): string {
  const { verb, namespace, name, resource, apiGroup, subresource } = question;
  return [
    `kubectl auth can-i ${verb} ${resource}${apiGroup === "" ? "" : `.${apiGroup}`}${name === "" ? "" : `/${name}`}`,
    ...(subresource === "" ? [] : [`--subresource=${subresource}`]),
    ...(namespace === "" ? ["-A"] : [`-n ${namespace}`]),
    ...(account?.startsWith("system:serviceaccount:") === true ? [`--as ${account}`] : []),
  ].join(" ");
}
