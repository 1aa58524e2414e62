/** The command line beside a master in memory, whose persona says who takes a ticket. */
import type { CrystalPolicy } from "../../src/contract/crystal-policy.ts";
import { type MasterKit, masterKit } from "../support/master-kit.ts";
import { triageBy, triagePersona } from "../support/ticket-rule.ts";
import { Stage } from "./stage.ts";

export interface TriageStage {
  kit: MasterKit;
  stage: Stage;
  end(): Promise<void>;
}

/** `ownerOf`: what stands for the persona's model. */
export async function triageStage(ownerOf: (area: string) => string, crystallize?: CrystalPolicy): Promise<TriageStage> {
  const kit = await masterKit({ work: triageBy(ownerOf), ...(crystallize ? { crystallize } : {}) });
  const stage: Stage = Object.assign(new Stage(), { hub: kit.hub });
  stage.running();
  await kit.ask(null, "apply-persona", { persona: triagePersona });
  const end = async () => {
    stage.remove();
    await kit.stop();
  };
  return { kit, stage, end };
}
