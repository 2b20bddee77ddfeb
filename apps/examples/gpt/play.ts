/**
 * A small play without end that is drawn from a grammar, so that the example runs with no data. As every choice in it is known, so is
 * the least loss that any model can reach on it.
 */
import type { Generator } from "@heddle/tensor";

const PEOPLE = ["miller", "weaver", "baker", "ferryman", "shepherd", "widow"];
const WHENS = ["Last night", "At noon", "In the spring", "Before the storm", "Long ago", "On market day"];
const LOOKS = ["grey", "old", "quiet", "hungry", "tall", "clever", "lame", "proud"];
/** Whom a line is about, and the word that takes their place in the next one. */
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
  /** Minus the logarithm of the text's probability: what all of it costs a reader who knows the grammar, and no model can beat for long. */
  nats: number;
}

/**
 * At least so many characters of the play, in whole speeches. Who is addressed at the end of a speech says the next one, and nobody
 * addresses himself: a model has to look back over two lines to get it right.
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
