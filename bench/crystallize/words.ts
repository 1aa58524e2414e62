/** Words that the generators make texts of. */
export const FIRST = "Ada Grace Alan Edsger Barbara Donald Frances Ken Margaret Niklaus Radia Tony Sophie Leslie Adele John".split(" ");
export const LAST =
  "Lovelace Hopper Turing Dijkstra Liskov Knuth Allen Thompson Hamilton Wirth Perlman Hoare Wilson Lamport Goldberg Backus".split(" ");
export const FILLER = (
  "hello team please could you look at this when there is time we have been waiting since monday and our manager asked again today " +
  "thanks for your quick help the last time it took a while so i thought i would write early it happens on the laptop and on the " +
  "phone as well nothing changed on our side kind regards"
).split(" ");
export const COUNTRIES = ["DE", "FR", "ES", "IT", "PL", "NL", "US", "CA", "BR", "JP", "IN", "AU"];
export const MONTHS = "January February March April May June July August September October November December".split(" ");
