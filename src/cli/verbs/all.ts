/**
 * Where the verbs are, by their first word, in the order of `petrel --help`. A command reads the files of its own word alone: to read those of
 * all, with the rooms behind them, takes longer than most commands do.
 */
import type { Verb } from "../verb.ts";

type Load = () => Promise<readonly Verb[]>;

const LOADERS: Readonly<Record<string, Load>> = {
  up: async () => [(await import("./up.ts")).upVerb],
  demo: async () => [(await import("./demo.ts")).demoVerb],
  run: async () => [(await import("./run.ts")).runVerb],
  init: async () => [(await import("./scaffold.ts")).initVerb],
  put: async () => [(await import("./put.ts")).putVerb],
  watch: async () => [(await import("./watch.ts")).watchVerb],
  places: async () => [(await import("./places.ts")).placesVerb],
  tokens: async () => [(await import("./tokens.ts")).tokensVerb],
  query: async () => [(await import("./query.ts")).queryVerb],
  events: async () => [(await import("./events.ts")).eventsVerb],
  replay: async () => [(await import("./replay.ts")).replayVerb],
  verify: async () => [(await import("./verify.ts")).verifyVerb],
  fork: async () => [(await import("./fork.ts")).forkVerb],
  gc: async () => [(await import("./gc.ts")).gcVerb],
  trace: async () => [(await import("./trace.ts")).traceVerb],
  artifact: async () => [(await import("./artifact.ts")).artifactGetVerb],
  report: async () => [(await import("./report.ts")).reportVerb],
  whatif: async () => [(await import("./whatif.ts")).whatifVerb],
  why: async () => [(await import("./why.ts")).whyVerb],
  costs: async () => [(await import("./costs.ts")).costsVerb],
  top: async () => [(await import("./top.ts")).topVerb],
  crystallize: async () => {
    const { crystallizeVerb } = await import("./crystallize.ts");
    const { crystallizeShowVerb } = await import("./crystallize-show.ts");
    const { crystallizeShadowVerb, crystallizePromoteVerb, crystallizeUndoVerb, crystallizeStatusVerb } = await import(
      "./crystallize-settle.ts"
    );
    return [
      crystallizeVerb,
      crystallizeShowVerb,
      crystallizeShadowVerb,
      crystallizePromoteVerb,
      crystallizeUndoVerb,
      crystallizeStatusVerb,
    ];
  },
  actors: async () => [(await import("./actors.ts")).actorsVerb],
  gate: async () => {
    const { gateLsVerb, gateApproveVerb, gateRejectVerb } = await import("./gate.ts");
    return [gateLsVerb, gateApproveVerb, gateRejectVerb];
  },
  token: async () => {
    const { tokenMoveVerb, tokenCloseVerb } = await import("./token.ts");
    return [tokenMoveVerb, tokenCloseVerb];
  },
  retry: async () => [(await import("./retry.ts")).retryVerb],
  takeover: async () => [(await import("./takeover.ts")).takeoverVerb],
  handback: async () => [(await import("./takeover.ts")).handbackVerb],
  net: async () => {
    const { netImportVerb, netLsVerb, netCheckVerb, netApplyVerb, netDiffVerb, netPullVerb, netRelinkVerb } = await import("./net.ts");
    const { netHistoryVerb, netRollbackVerb } = await import("./net-history.ts");
    const { netNewVerb } = await import("./scaffold.ts");
    return [
      netImportVerb,
      netLsVerb,
      netCheckVerb,
      netApplyVerb,
      netDiffVerb,
      netPullVerb,
      netHistoryVerb,
      netRollbackVerb,
      netRelinkVerb,
      netNewVerb,
    ];
  },
  persona: async () => {
    const { personaLsVerb, personaApplyVerb } = await import("./persona.ts");
    const { personaCheckVerb } = await import("./persona-check.ts");
    const { personaPreviewVerb } = await import("./persona-preview.ts");
    const { personaSpawnVerb, personaRetireVerb } = await import("./persona-instances.ts");
    const { personaNewVerb } = await import("./scaffold.ts");
    const { personaExplainVerb, personaMatrixVerb } = await import("./persona-rights.ts");
    return [
      personaLsVerb,
      personaApplyVerb,
      personaCheckVerb,
      personaPreviewVerb,
      personaSpawnVerb,
      personaRetireVerb,
      personaNewVerb,
      personaExplainVerb,
      personaMatrixVerb,
    ];
  },
  tools: async () => {
    const { toolsLsVerb, toolsDocsVerb } = await import("./tools.ts");
    return [toolsLsVerb, toolsDocsVerb];
  },
  mcp: async () => [(await import("./mcp.ts")).mcpVerb],
  propose: async () => {
    const { proposeVerb, proposeLsVerb, proposeShowVerb, proposeApproveVerb, proposeRejectVerb } = await import("./propose.ts");
    return [proposeVerb, proposeLsVerb, proposeShowVerb, proposeApproveVerb, proposeRejectVerb];
  },
  secret: async () => {
    const { secretSetVerb, secretLsVerb, secretRmVerb } = await import("./secret.ts");
    return [secretSetVerb, secretLsVerb, secretRmVerb];
  },
  pause: async () => [(await import("./control.ts")).pauseVerb],
  resume: async () => [(await import("./control.ts")).resumeVerb],
  kill: async () => [(await import("./control.ts")).killVerb],
  doctor: async () => [(await import("./doctor.ts")).doctorVerb],
  drill: async () => [(await import("./drill.ts")).drillVerb],
  "nats-context": async () => [(await import("./nats-context.ts")).natsContextVerb],
  schemas: async () => [(await import("./schemas.ts")).schemasVerb],
  executor: async () => {
    const { executorStartVerb } = await import("./executor.ts");
    const { executorEnrollVerb, executorRevokeVerb } = await import("./executor-enroll.ts");
    const { executorLsVerb } = await import("./executor-ls.ts");
    return [executorStartVerb, executorEnrollVerb, executorRevokeVerb, executorLsVerb];
  },
  hands: async () => {
    const { handsLsVerb, handsShowVerb } = await import("./hands.ts");
    return [handsLsVerb, handsShowVerb];
  },
  master: async () => [(await import("./master.ts")).masterVerb],
  learn: async () => [(await import("./learn.ts")).learnVerb],
  gateway: async () => [(await import("./gateway.ts")).gatewayVerb],
  share: async () => [(await import("./share.ts")).shareVerb],
  auth: async () => {
    const { authAddVerb, authLsVerb, authRotateVerb, authRemoveVerb, authLogVerb, authRotateKeyVerb } = await import("./auth.ts");
    return [authAddVerb, authLsVerb, authRotateVerb, authRemoveVerb, authLogVerb, authRotateKeyVerb];
  },
};

/** The verbs that begin with a word; all where none does, or no word is given: their help and their names are asked for then. */
export async function verbsOf(word?: string): Promise<readonly Verb[]> {
  const load = word !== undefined && Object.hasOwn(LOADERS, word) ? LOADERS[word] : undefined;
  if (load) return load();
  return (await Promise.all(Object.values(LOADERS).map((each) => each()))).flat();
}
