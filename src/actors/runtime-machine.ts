/** The root of the tree: it spawns one actor for each net that this master serves. */
import { enqueueActions, setup } from "xstate";
import { netMachine } from "./net-machine.ts";

export type RuntimeEvent = { type: "net.serve"; net: string } | { type: "runtime.stop" };

export const runtimeMachine = setup({
  types: { context: {} as { nets: string[] }, events: {} as RuntimeEvent },
  actors: { net: netMachine },
}).createMachine({
  id: "runtime",
  context: { nets: [] },
  initial: "serving",
  states: {
    serving: {
      on: {
        "net.serve": {
          actions: enqueueActions(({ context, event, enqueue }) => {
            if (context.nets.includes(event.net)) return;
            enqueue.spawnChild("net", { id: event.net, systemId: event.net, input: { net: event.net } });
            enqueue.assign({ nets: [...context.nets, event.net] });
          }),
        },
        "runtime.stop": { target: "stopping" },
      },
    },
    stopping: {
      entry: enqueueActions(({ context, enqueue }) => {
        for (const net of context.nets) enqueue.sendTo(net, { type: "net.stop" });
      }),
    },
  },
});
