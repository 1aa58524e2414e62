/** Strongly connected components of a directed graph (Tarjan), without recursion: graphs have millions of nodes. */

export interface Components {
  /** The component of each node. */
  of: Int32Array;
  count: number;
  /** Whether an edge leaves the component. */
  leaves: Uint8Array;
}

export type EachTarget = (node: number, call: (target: number) => void) => void;

export function components(nodes: number, eachTarget: EachTarget): Components {
  const targets = (node: number): number[] => {
    const found: number[] = [];
    eachTarget(node, (target) => found.push(target));
    return found;
  };
  const of = new Int32Array(nodes).fill(-1);
  const index = new Int32Array(nodes).fill(-1);
  const low = new Int32Array(nodes);
  const stack: number[] = [];
  let next = 0;
  let count = 0;
  const close = (node: number) => {
    for (let member = -1; member !== node; ) {
      member = stack.pop() as number;
      of[member] = count;
    }
    count += 1;
  };
  for (let root = 0; root < nodes; root += 1) {
    if (index[root] !== -1) continue;
    const calls: { node: number; targets: number[]; at: number }[] = [];
    const open = (node: number) => {
      index[node] = low[node] = next;
      next += 1;
      stack.push(node);
      calls.push({ node, targets: targets(node), at: 0 });
    };
    open(root);
    while (calls.length > 0) {
      const call = calls[calls.length - 1] as (typeof calls)[number];
      const target = call.targets[call.at];
      if (target === undefined) {
        calls.pop();
        const parent = calls[calls.length - 1];
        if (parent) low[parent.node] = Math.min(low[parent.node] as number, low[call.node] as number);
        if (low[call.node] === index[call.node]) close(call.node);
        continue;
      }
      call.at += 1;
      if (index[target] === -1) open(target);
      else if (of[target] === -1) low[call.node] = Math.min(low[call.node] as number, index[target] as number);
    }
  }
  const leaves = new Uint8Array(count);
  for (let node = 0; node < nodes; node += 1) {
    eachTarget(node, (target) => {
      if (of[target] !== of[node]) leaves[of[node] as number] = 1;
    });
  }
  return { of, count, leaves };
}
