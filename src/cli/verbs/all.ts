/** The verbs that talk to a running system or write files, in the order of `petrel --help`. */
import type { Verb } from "../verb.ts";
import { actorsVerb } from "./actors.ts";
import { artifactGetVerb } from "./artifact.ts";
import { authAddVerb, authLogVerb, authLsVerb, authRemoveVerb, authRotateKeyVerb, authRotateVerb } from "./auth.ts";
import { killVerb, pauseVerb, resumeVerb } from "./control.ts";
import { costsVerb } from "./costs.ts";
import { crystallizeVerb } from "./crystallize.ts";
import { crystallizePromoteVerb, crystallizeShadowVerb, crystallizeStatusVerb, crystallizeUndoVerb } from "./crystallize-settle.ts";
import { crystallizeShowVerb } from "./crystallize-show.ts";
import { demoVerb } from "./demo.ts";
import { doctorVerb } from "./doctor.ts";
import { drillVerb } from "./drill.ts";
import { eventsVerb } from "./events.ts";
import { executorStartVerb } from "./executor.ts";
import { executorEnrollVerb, executorRevokeVerb } from "./executor-enroll.ts";
import { executorLsVerb } from "./executor-ls.ts";
import { forkVerb } from "./fork.ts";
import { gateApproveVerb, gateLsVerb, gateRejectVerb } from "./gate.ts";
import { gatewayVerb } from "./gateway.ts";
import { gcVerb } from "./gc.ts";
import { handsLsVerb, handsShowVerb } from "./hands.ts";
import { learnVerb } from "./learn.ts";
import { masterVerb } from "./master.ts";
import { mcpVerb } from "./mcp.ts";
import { natsContextVerb } from "./nats-context.ts";
import { netApplyVerb, netCheckVerb, netDiffVerb, netImportVerb, netLsVerb, netPullVerb, netRelinkVerb } from "./net.ts";
import { netHistoryVerb, netRollbackVerb } from "./net-history.ts";
import { personaApplyVerb, personaLsVerb } from "./persona.ts";
import { personaCheckVerb } from "./persona-check.ts";
import { personaRetireVerb, personaSpawnVerb } from "./persona-instances.ts";
import { personaPreviewVerb } from "./persona-preview.ts";
import { personaExplainVerb, personaMatrixVerb } from "./persona-rights.ts";
import { placesVerb } from "./places.ts";
import { proposeApproveVerb, proposeLsVerb, proposeRejectVerb, proposeShowVerb, proposeVerb } from "./propose.ts";
import { putVerb } from "./put.ts";
import { queryVerb } from "./query.ts";
import { replayVerb } from "./replay.ts";
import { reportVerb } from "./report.ts";
import { retryVerb } from "./retry.ts";
import { runVerb } from "./run.ts";
import { initVerb, netNewVerb, personaNewVerb } from "./scaffold.ts";
import { schemasVerb } from "./schemas.ts";
import { secretLsVerb, secretRmVerb, secretSetVerb } from "./secret.ts";
import { shareVerb } from "./share.ts";
import { handbackVerb, takeoverVerb } from "./takeover.ts";
import { tokenCloseVerb, tokenMoveVerb } from "./token.ts";
import { tokensVerb } from "./tokens.ts";
import { toolsDocsVerb, toolsLsVerb } from "./tools.ts";
import { topVerb } from "./top.ts";
import { traceVerb } from "./trace.ts";
import { upVerb } from "./up.ts";
import { verifyVerb } from "./verify.ts";
import { watchVerb } from "./watch.ts";
import { whatifVerb } from "./whatif.ts";
import { whyVerb } from "./why.ts";

export const verbs: readonly Verb[] = [
  upVerb,
  demoVerb,
  runVerb,
  initVerb,
  putVerb,
  watchVerb,
  placesVerb,
  tokensVerb,
  queryVerb,
  eventsVerb,
  replayVerb,
  verifyVerb,
  forkVerb,
  gcVerb,
  traceVerb,
  artifactGetVerb,
  reportVerb,
  whatifVerb,
  whyVerb,
  costsVerb,
  topVerb,
  crystallizeVerb,
  crystallizeShowVerb,
  crystallizeShadowVerb,
  crystallizePromoteVerb,
  crystallizeUndoVerb,
  crystallizeStatusVerb,
  actorsVerb,
  gateLsVerb,
  gateApproveVerb,
  gateRejectVerb,
  tokenMoveVerb,
  tokenCloseVerb,
  retryVerb,
  takeoverVerb,
  handbackVerb,
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
  personaLsVerb,
  personaApplyVerb,
  personaCheckVerb,
  personaPreviewVerb,
  personaSpawnVerb,
  personaRetireVerb,
  personaNewVerb,
  personaExplainVerb,
  personaMatrixVerb,
  toolsLsVerb,
  toolsDocsVerb,
  mcpVerb,
  proposeVerb,
  proposeLsVerb,
  proposeShowVerb,
  proposeApproveVerb,
  proposeRejectVerb,
  secretSetVerb,
  secretLsVerb,
  secretRmVerb,
  pauseVerb,
  resumeVerb,
  killVerb,
  doctorVerb,
  drillVerb,
  natsContextVerb,
  schemasVerb,
  executorStartVerb,
  executorEnrollVerb,
  executorRevokeVerb,
  executorLsVerb,
  handsLsVerb,
  handsShowVerb,
  masterVerb,
  learnVerb,
  gatewayVerb,
  shareVerb,
  authAddVerb,
  authLsVerb,
  authRotateVerb,
  authRemoveVerb,
  authLogVerb,
  authRotateKeyVerb,
];
