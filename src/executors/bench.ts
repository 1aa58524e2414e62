/** The workbench of an executor: what all its attempts share. */
import type { ExecutorLine } from "../contract/broker.ts";
import type { Logger } from "../contract/logger.ts";
import type { ControlGroups } from "./control-groups.ts";
import type { DiskRoom } from "./disk-room.ts";
import type { Workshop } from "./hand.ts";
import type { HandTable } from "./hand-table.ts";
import type { MachinePolicy } from "./machine-policy.ts";
import type { OutlivingWatch } from "./outliving-watch.ts";
import type { Courier } from "./result-courier.ts";
import type { Shelves } from "./result-shelf.ts";
import type { Sandbox } from "./sandbox.ts";
import type { SandboxProxy } from "./sandbox-proxy.ts";
import type { ToolDesk } from "./tool-desk.ts";
import type { TreeWatch } from "./tree-limits.ts";

export interface Bench {
  line: ExecutorLine;
  name: string;
  /** With it PETREL_RUN begins in the environment of each command of this process of the executor. */
  mark: string;
  workshop: Workshop;
  shelves: Shelves;
  courier: Courier;
  desk: ToolDesk;
  hands: HandTable;
  policy: MachinePolicy;
  sandbox: Sandbox;
  /** What no command in a sandbox sees, wherever it lies. */
  hidden: string[];
  /** What no hand reads for an order. */
  unread: string[];
  /** Where the policy lists the hosts that commands in a sandbox may reach. */
  proxy: SandboxProxy | null;
  births: OutlivingWatch;
  watch: TreeWatch;
  /** Null where this machine lets it make none. */
  groups: ControlGroups | null;
  disk: DiskRoom;
  logger: Logger;
  /** Called when the owner says that this executor is stopped: it leaves offers to others for a while. */
  rest(): void;
}
