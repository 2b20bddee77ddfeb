/**
 * An endless small play generated from a grammar, so that the example runs without data. The probabilities of all
 * choices are known, and so is the lowest loss that any model can reach.
 */
import type { Generator } from "@heddle/tensor";

const PEOPLE = ["miller", "weaver", "baker", "ferryman", "shepherd", "widow"];
const WHENS = ["Last night", "At noon", "In the spring", "Before the storm", "Long ago", "On market day"];
const LOOKS = ["grey", "old", "quiet", "hungry", "tall", "clever", "lame", "proud"];
/** The subject of a line, and its pronoun in the next line. */
const HEROES = [
  ["fox", "She"],
  ["goose", "She"],
  ["mare", "She"],
  ["hare", "He"],
  ["mule", "He"],
  ["rook", "He"],
  ["cart", "It"],
  ["boat", "It"],
] as const;
const DEEDS = ["went", "came down", "turned back", "waited", "stood still", "sang", "slept", "was lost"];
const PLACES = [
  "by the river",
  "under the bridge",
  "behind the mill",
  "in the barley",
  "near the chapel",
  "on the hill",
  "among the reeds",
  "at the crossroads",
];
const SIGHTS = ["the moon", "a lantern", "our king", "the first snow", "a stranger", "two ships", "the fire", "no one"];

/** A piece of the play. */
export interface Play {
  text: string;
  /**
   * The negative logarithm of the text's probability: the loss of a reader who knows the grammar, which no model can
   * beat for long.
   */
  nats: number;
}

/**
 * At least `characters` characters of the play, in whole speeches. The person addressed at the end of a speech speaks
 * next, and nobody addresses themselves: a model has to look back over two lines to predict the speaker.
 */
export function drawPlay(characters: number, generator: Generator): Play {
  const speeches: string[] = [];
  let length = 0, nats = 0;
  const choose = <T>(words: readonly T[]): T => {
    nats += Math.log(words.length);
    return words[Math.floor(generator.uniforms(1)[0]! * words.length)]!;
  };
  let speaker = choose(PEOPLE);
  while (length < characters) {
    const when = choose(WHENS), looks = choose(LOOKS), [hero, pronoun] = choose(HEROES);
    const deed = choose(DEEDS), place = choose(PLACES), sight = choose(SIGHTS);
    const next = choose(PEOPLE.filter((other) => other !== speaker));
    const speech = `${speaker.toUpperCase()}:\n${when} the ${looks} ${hero} ${deed} ${place}.\n` +
      `${pronoun} had seen ${sight}, ${next}.\n\n`;
    speeches.push(speech);
    length += speech.length;
    speaker = next;
  }
  return { text: speeches.join(""), nats };
}
