/** A story in a few words: its state, its steps and rounds, how long it took, what it cost. */
import type { Story } from "../stories.ts";
import { ageOf, money, plural } from "../words.ts";

export function StoryFacts({ story }: { story: Story }) {
  return (
    <>
      <span className={`pill ${story.state.replace(" ", "-")}`}>{story.state}</span>
      <span className="quiet">
        {" "}
        {plural(story.steps, "step")}
        {story.rounds > 1 ? `, ${story.rounds} rounds` : ""}, {ageOf(Date.parse(story.to) - Date.parse(story.from))}
        {story.costUsd > 0 ? `, ${money(story.costUsd)}` : ""}
      </span>
    </>
  );
}
