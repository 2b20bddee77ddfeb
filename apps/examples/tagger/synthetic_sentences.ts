/** A small grammar of newspaper English, and sentences generated from it, with tagged entities. */
import { Generator } from "@heddle/tensor";

/** A sentence with a tag per word: "O", or "B-" and "I-" with a type. */
export interface TaggedSentence {
  readonly words: readonly string[];
  readonly tags: readonly string[];
}

/** The types of entities: the words that a symbol of this name generates are an entity. */
const TYPES = ["PER", "LOC", "ORG", "WORK"];

/**
 * The productions of the grammar: symbols are in capitals, other words stand for themselves. All alternatives are
 * equally likely.
 *
 * The grammar is deliberately ambiguous. The same names serve as first names, surnames and places (Jordan, Florence),
 * companies are named after people and teams after towns; titles consist of ordinary words and contain names themselves
 * ("the Garden of Florence"), and their end is not always clear ("in Paris" may belong to them or not). Some sentences
 * reveal the type of a name, others do not.
 */
const RULES: Record<string, readonly string[]> = {
  SENTENCE: [
    "PER VERBED LOC WHEN .",
    "PER , the ROLE of ORG , VERBED LOC .",
    "PER wrote WORK in LOC .",
    "PER wrote WORK WHEN .",
    "WORK by PER was shown in LOC .",
    "WORK was written by PER .",
    "critics praised WORK and WORK .",
    "ORG bought ORG for NUMBER million .",
    "ORG opened an office in LOC WHEN .",
    "shares of ORG fell WHEN .",
    "ORG beat ORG in LOC .",
    "in LOC , PER met PER of ORG .",
    "PER , PER and PER left ORG WHEN .",
    "the mayor of LOC thanked PER for WORK .",
    "ANY and ANY were in the news WHEN .",
    "nobody spoke of ANY .",
    "everyone remembers ANY , ANY and ANY .",
    "ANY ANY WHEN",
    "ANY was ADJECTIVE WHEN .",
    "we heard of ANY from PER .",
    "a NOUN from LOC was ADJECTIVE .",
    "the ADJECTIVE NOUN and the NOUN were lost WHEN .",
    "WHEN the NOUN of the ROLE was found in LOC .",
  ],
  ANY: ["PER", "LOC", "ORG", "WORK"],
  PER: ["FIRST SURNAME", "FIRST SURNAME", "FIRST FIRST SURNAME", "FIRST", "SURNAME", "FIRST of PLACE"],
  LOC: [
    "PLACE",
    "PLACE",
    "New PLACE",
    "PLACE Street",
    "Lake SURNAME",
    "the Republic of PLACE",
    "PLACE and PLACE Islands",
  ],
  ORG: [
    "SURNAME",
    "SURNAME and SURNAME",
    "SURNAME SURNAME",
    "PLACE United",
    "Bank of PLACE",
    "University of PLACE",
    "Ministry of FIELD and FIELD",
    "FIRST SURNAME and Sons",
    "PLACE",
  ],
  WORK: [
    "the ADJECTIVE NOUN",
    "the NOUN of PLACE",
    "the NOUN in PLACE",
    "letters to FIRST",
    "the NOUN and the NOUN",
    "FIRST and FIRST",
    "a ADJECTIVE NOUN for PER_INSIDE",
    "the ADJECTIVE NOUN of the NOUN",
  ],
  PER_INSIDE: ["FIRST", "FIRST SURNAME"],
  VERBED: ["visited", "left", "moved to", "praised", "was born in", "returned to"],
  WHEN: ["yesterday", "on Monday", "last week", "in June", "today", "again"],
  ROLE: ["director", "founder", "president", "captain", "lawyer"],
  FIELD: ["Health", "Trade", "Science", "Sport", "Culture", "Defence"],
  NUMBER: ["three", "ten", "forty", "ninety"],
  ADJECTIVE: ["quiet", "old", "broken", "golden", "late", "open", "silent", "early", "last", "long", "cold", "young"],
  NOUN: ["river", "garden", "house", "letter", "winter", "mirror", "road", "island", "night", "horse", "train", "song"],
  // Some names are deliberately in several lists.
  FIRST: (
    "Jordan Florence Austin Charlotte Sydney Paris Chelsea Victoria Lincoln Madison Carolina Savannah Anna Peter Maria Tomas Ruth Omar Ines " +
    "Hugo Clara Felix Nora Ivan Greta Oscar Lucia Simon Vera Anton Judith Leon Marta Karim Elena Bruno"
  ).split(" "),
  SURNAME: (
    "Jordan Lincoln Austin Washington Hamilton Morgan Stanley Chelsea Houston Victoria Berlin London Ford Baker Marsh Keller Novak Silva Okoye " +
    "Lindgren Moreau Castle Fisher Weber Rossi Tanaka Petrov Hansen Duarte Brandt Costa Fontaine Iyer Dumont Adler"
  ).split(" "),
  PLACE: (
    "Jordan Florence Austin Charlotte Sydney Paris Chelsea Victoria Lincoln Madison Carolina Savannah Washington Hamilton Houston Berlin London " +
    "Lisbon Oslo Cairo Lima Nairobi Kyoto Geneva Tunis Quito Riga Hanoi Porto Bergen Malaga Aarhus Turin Leipzig Odessa"
  ).split(" "),
};

/** Only the first words of these lists occur in training sentences; the others are unknown. */
const NAMES = ["FIRST", "SURNAME", "PLACE"];
const KNOWN_SHARE = 0.7;

/**
 * Generates sentences from the grammar.
 *
 * @param unknown whether to include names that do not occur otherwise.
 */
export function drawSentences(count: number, seed: number, unknown: boolean): TaggedSentence[] {
  const generator = new Generator(seed);
  return Array.from({ length: count }, () => {
    const sentence = { words: [] as string[], tags: [] as string[] };
    expand("SENTENCE", null, sentence, () => generator.uniforms(1)[0]!, unknown);
    return sentence;
  });
}

function expand(
  symbol: string,
  type: string | null,
  into: { words: string[]; tags: string[] },
  draw: () => number,
  unknown: boolean,
): void {
  const rule = RULES[symbol];
  if (rule === undefined) {
    into.words.push(symbol);
    into.tags.push(type === null ? "O" : `I-${type}`);
    return;
  }
  const choices = NAMES.includes(symbol) && !unknown ? Math.ceil(rule.length * KNOWN_SHARE) : rule.length;
  const start = into.words.length;
  const marked = type === null && TYPES.includes(symbol) ? symbol : null;
  for (const part of rule[Math.floor(draw() * choices)]!.split(" ")) expand(part, type ?? marked, into, draw, unknown);
  if (marked !== null) into.tags[start] = `B-${marked}`;
}
