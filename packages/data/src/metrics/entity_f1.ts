import { checkArguments } from "../arguments.ts";

/** Entities that were counted, and how far they agree. */
export interface EntityScore {
  /** The share of predicted entities that are right, from 0 to 1; 0 where none was predicted. */
  readonly precision: number;
  /** The share of the gold entities that were found; 0 where there is none. */
  readonly recall: number;
  /** The harmonic mean of both. */
  readonly f1: number;
  /** Entities predicted. */
  readonly predicted: number;
  /** Entities in the gold standard. */
  readonly gold: number;
  /** Entities in both: of the same type, from the same first to the same last token. */
  readonly correct: number;
}

/** What {@link entityF1} found. */
export interface EntityF1 extends EntityScore {
  /** The share of tokens with the right tag. */
  readonly accuracy: number;
  /** The same for each type, in alphabetical order (types that are whole numbers come first); undefined for a type that does not occur. */
  readonly byType: Readonly<Record<string, EntityScore>>;
}

interface Tally {
  predicted: number;
  gold: number;
  correct: number;
}

/**
 * How well entities were found, as the CoNLL shared tasks count it (`conlleval`): an entity is right when its type and both its ends are.
 * Tags are "O", "B-type" and "I-type". As there, an "I-" that follows no tag of its type begins an entity, so that the IOB1 scheme can be
 * judged too.
 *
 * @param predicted the tags of each sentence
 * @param gold the right ones
 * @throws when numbers of sentences or of tags differ, or a tag is none of these
 *
 * @example
 * ```ts
 * import { entityF1 } from "@heddle/data";
 *
 * const gold = [["B-PER", "I-PER", "O", "B-LOC"]];
 * const { precision, recall, byType } = entityF1([["B-PER", "O", "O", "B-LOC"]], gold);
 * console.log(precision, recall, byType["LOC"]?.f1); // 0.5 0.5 1
 * ```
 */
export function entityF1(
  predicted: readonly (readonly string[])[],
  gold: readonly (readonly string[])[],
): EntityF1 {
  checkArguments("entityF1", arguments, 2, true);
  if (predicted.length !== gold.length) {
    throw new Error(`entityF1: ${predicted.length} predicted sentences, but ${gold.length} in the gold standard.`);
  }
  const tallies = new Map<string, Tally>();
  const tally = (type: string): Tally => {
    if (!tallies.has(type)) tallies.set(type, { predicted: 0, gold: 0, correct: 0 });
    return tallies.get(type)!;
  };
  let tokens = 0;
  let right = 0;
  gold.forEach((tags, i) => {
    const answer = predicted[i]!;
    if (answer.length !== tags.length) {
      throw new Error(
        `entityF1: sentence ${i} has ${answer.length} predicted tags, but ${tags.length} in the gold standard; leave out the ` +
          "padding.",
      );
    }
    tokens += tags.length;
    right += tags.filter((tag, t) => tag === answer[t]).length;
    const wanted = entitiesOf(tags, `gold sentence ${i}`);
    const found = entitiesOf(answer, `predicted sentence ${i}`);
    for (const type of wanted.values()) tally(type).gold++;
    for (const [place, type] of found) {
      tally(type).predicted++;
      if (wanted.get(place) === type) tally(type).correct++;
    }
  });
  const types = [...tallies].sort(([a], [b]) => a < b ? -1 : 1);
  const sum = (part: keyof Tally): number => types.reduce((total, [, each]) => total + each[part], 0);
  return {
    ...scoreOf({ predicted: sum("predicted"), gold: sum("gold"), correct: sum("correct") }),
    accuracy: tokens === 0 ? 0 : right / tokens,
    // Without a prototype, so that a type such as "constructor" that does not occur is undefined.
    byType: Object.assign(
      Object.create(null) as Record<string, EntityScore>,
      Object.fromEntries(types.map(([type, each]) => [type, scoreOf(each)])),
    ),
  };
}

/** The type of each entity of a sentence, by "first:end". */
function entitiesOf(tags: readonly string[], where: string): Map<string, string> {
  const entities = new Map<string, string>();
  let start = 0;
  let open: string | null = null;
  tags.forEach((tag, t) => {
    const [, prefix, type = ""] = /^(?:O|([BI])-(.+))$/s.exec(tag) ?? wrong(tag, `tag ${t} of ${where}`);
    const goes = prefix === "I" && open === type;
    if (goes) return;
    if (open !== null) entities.set(`${start}:${t}`, open);
    start = t;
    open = prefix === undefined ? null : type;
  });
  if (open !== null) entities.set(`${start}:${tags.length}`, open);
  return entities;
}

function wrong(tag: string, where: string): never {
  throw new Error(`entityF1: ${where} is ${JSON.stringify(tag)}; tags are "O", "B-type" and "I-type".`);
}

function scoreOf({ predicted, gold, correct }: Tally): EntityScore {
  const precision = predicted === 0 ? 0 : correct / predicted;
  const recall = gold === 0 ? 0 : correct / gold;
  const f1 = correct === 0 ? 0 : 2 * precision * recall / (precision + recall);
  return { precision, recall, f1, predicted, gold, correct };
}
