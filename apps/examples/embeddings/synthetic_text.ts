/** Descriptions of scenes generated from a few patterns: the text used without a file. */
import { Generator } from "@heddle/tensor";
import { GROUPS } from "./word_groups.ts";

/** Names of groups are placeholders for one of their words. */
const PATTERNS = [
  "a people in a colours clothes is moves near the waters",
  "a people in a clothes and a colours clothes smiles",
  "the people is moves in the rooms",
  "a people wearing a clothes sits in the rooms",
  "numbers musicians play the instruments and the instruments on a stage",
  "a people plays the instruments for numbers friends",
  "an orchestra with numbers instruments players",
  "the people learns the instruments at school",
  "a colours animals sleeps under a tree",
  "the animals eats grass in the field",
  "numbers farmers feed the animals and the animals",
  "a animals and a animals are moves through the field",
  "the people drives a colours vehicles along the road",
  "numbers people wait for the vehicles at the station",
  "a colours vehicles is parked by the road",
  "the vehicles stops and numbers passengers get out",
  "a people eats food with food in the rooms",
  "the cook cuts the food for the food",
  "fresh food and hot food for lunch",
  "numbers teams play sports in the stadium",
  "the people watches a sports game on television",
  "a sports player in a colours clothes hits the ball",
  "the coach of the sports team shouts",
  "a people is moves by the waters in summer",
  "numbers fishermen stand at the waters",
  "the water of the waters is cold and colours",
  "a small vehicles on the waters",
  "the people cleans the rooms and closes the door",
  "a table in the rooms is colours",
  "numbers people are moves and moves to music",
];

/** Generates sentences. */
export function drawText(count: number, seed: number): string[][] {
  const generator = new Generator(seed);
  const one = <T>(list: readonly T[]): T => list[Math.floor(generator.uniforms(1)[0]! * list.length)]!;
  return Array.from({ length: count }, () => {
    return one(PATTERNS).split(" ").map((word) => word in GROUPS ? one(GROUPS[word]!) : word);
  });
}
