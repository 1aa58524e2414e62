/** Trees over labels, written as answers: what a leaf gives may be a constant or an answer of any other learner. */
import type { Answer } from "../net/rule/answer.ts";
import { evidenced } from "./evidence.ts";
import { type Candidate, constantly, labelsOf, type Task, writtenIn } from "./task.ts";
import { growTree, type TreeNode } from "./tree.ts";

/** More different answers than this are not decided by a tree. */
const MOST_CLASSES = 40;

export function learnTree(task: Task): Candidate[] {
  const { labels, values, counts } = labelsOf(writtenIn(task));
  // Answers that came once or twice share a class of their own, whose leaves are left to the model.
  const usual = counts.filter((count) => count >= 3).length;
  if (usual < 2 || usual > MOST_CLASSES) return [];
  const narrowed = Int32Array.from(labels, (label) => Math.min(label, usual));
  const tree = growTree(task.columns, narrowed, usual + 1);
  if (tree.leaf) return [];
  const gives = values.slice(0, usual).map(constantly);
  return [{ learner: "decision tree", answer: evidenced(answerOf(tree, gives), task) }];
}

/** A label without an answer is declined. */
export function answerOf(node: TreeNode, gives: readonly Answer[]): Answer {
  if (node.leaf) {
    if (node.label === null) return { kind: "decline", reason: node.reason };
    return gives[node.label] ?? { kind: "decline", reason: `of ${node.seen} like it, most were answered in ways that have no rule` };
  }
  const yes = answerOf(node.left, gives);
  const right = answerOf(node.right, gives);
  const between: Answer = { kind: "decline", reason: "between two numbers that were seen" };
  const no: Answer = node.no === null ? right : { kind: "split", if: node.no, yes: right, no: between };
  return { kind: "split", if: node.yes, yes, no };
}
