/** A sub-net's actor: one for each sub-net in the log of a net, as long as that net's definition holds it. */
import { setup } from "xstate";

export interface SubnetInput {
  /** `<sub>`, `<sub>--<inner>`. */
  path: string;
  title: string;
  /** Links give it an instance for each of their firings. */
  each: boolean;
}

export const subnetMachine = setup({
  types: { context: {} as SubnetInput, input: {} as SubnetInput },
}).createMachine({
  id: "subnet",
  context: ({ input }) => input,
  initial: "owning",
  states: { owning: {} },
});
