/** A small grammar of English and French, and the sentence pairs that it generates: the data used without files. */
import {
  ANIMALS,
  BE,
  COLOURS,
  ETRE,
  FOOD,
  INTRANSITIVE,
  MOODS,
  type Noun,
  PEOPLE,
  PLACES,
  PRONOUNS,
  SIZES,
  type Subject,
  THINGS,
  TRANSITIVE,
  type Verb,
  WRITINGS,
} from "./grammar_words.ts";

/** A sentence and its translation. */
export interface SentencePair {
  english: string;
  french: string;
}

/** All sentences of each kind. */
const KINDS: readonly (() => Iterable<SentencePair>)[] = [doing, acting, denying, being, asking, seeking];

/**
 * The first `count` sentence pairs of the grammar: all kinds of sentences equally often, no pair twice, always the
 * same.
 *
 * @throws RangeError if the grammar has fewer.
 */
export function smallGrammarPairs(count = 1_600): SentencePair[] {
  const kinds = KINDS.map((kind) => scattered([...kind()]));
  const pairs: SentencePair[] = [];
  for (let i = 0; pairs.length < count; i++) {
    const row = kinds.flatMap((kind) => kind.slice(i, i + 1));
    if (row.length === 0) {
      throw new RangeError(`smallGrammarPairs: the grammar makes ${pairs.length} pairs, not ${count}`);
    }
    pairs.push(...row.slice(0, count - pairs.length));
  }
  return pairs;
}

/** A list in an order in which neighbours are far apart: steps of the golden section, which visit every place once. */
function scattered<T>(list: readonly T[]): T[] {
  const order = list.map((_, i) => ({ i, at: i * 0.6180339887498949 % 1 })).sort((a, b) => a.at - b.at);
  return order.map(({ i }) => list[i]!);
}

/** Pronouns, and people and animals with an article: the man, the men. */
function* subjects(): Iterable<Subject> {
  yield* PRONOUNS;
  for (const { english, plural, french, frenchPlural, feminine } of [...PEOPLE, ...ANIMALS]) {
    yield { english: `the ${english}`, french: `${feminine ? "la" : "le"} ${french}`, person: 2, feminine };
    yield { english: `the ${plural}`, french: `les ${frenchPlural}`, person: 4, feminine };
  }
}

/** Things with an article, with or without an adjective: a green car, the small house. */
function* objects(
  nouns: readonly Noun[],
  articles: readonly ("the" | "a")[],
): Iterable<{ english: string; french: string }> {
  for (const article of articles) {
    for (const each of nouns) {
      const { english, french, feminine } = each;
      const own = article === "the" ? (feminine ? "la" : "le") : feminine ? "une" : "un";
      yield { english: `${article} ${english}`, french: `${own} ${french}` };
      for (const { english: like, french: forms, before } of PEOPLE.includes(each) ? SIZES : [...SIZES, ...COLOURS]) {
        const form = forms[feminine ? 1 : 0];
        yield {
          english: `${article} ${like} ${english}`,
          french: before ? `${own} ${form} ${french}` : `${own} ${french} ${form}`,
        };
      }
    }
  }
}

/** The girl sings in the garden. */
function* doing(): Iterable<SentencePair> {
  for (const subject of subjects()) {
    for (const each of INTRANSITIVE) {
      for (const [english, french] of PLACES) {
        yield statement(
          `${subject.english} ${inEnglish(each, subject)} ${english}`,
          `${subject.french} ${each.french[subject.person]} ${french}`,
        );
      }
    }
  }
}

/** She buys a green car. */
function* acting(): Iterable<SentencePair> {
  for (const subject of subjects()) {
    for (const [each, nouns] of TRANSITIVE) {
      for (const object of objects(nouns, ["a", "the"])) {
        yield statement(
          `${subject.english} ${inEnglish(each, subject)} ${object.english}`,
          `${subject.french} ${each.french[subject.person]} ${object.french}`,
        );
      }
    }
  }
}

/** We do not see the boat. Only with "the": after a negation "un" would become "de". */
function* denying(): Iterable<SentencePair> {
  for (const subject of subjects()) {
    for (const [each, nouns] of TRANSITIVE) {
      for (const object of objects(nouns, ["the"])) {
        yield statement(
          `${subject.english} ${subject.person === 2 ? "does" : "do"} not ${each.english} ${object.english}`,
          `${subject.french} ne ${each.french[subject.person]} pas ${object.french}`,
        );
      }
    }
  }
}

/** The women are tired. */
function* being(): Iterable<SentencePair> {
  for (const subject of subjects()) {
    const { person, feminine } = subject;
    for (const { english, french } of [...MOODS, ...SIZES]) {
      const form = french[feminine ? 1 : 0] + (person >= 3 ? "s" : "");
      yield statement(`${subject.english} ${BE[person]} ${english}`, `${subject.french} ${ETRE[person]} ${form}`);
      yield statement(
        `${subject.english} ${BE[person]} not ${english}`,
        `${subject.french} ne ${ETRE[person]} pas ${form}`,
      );
    }
  }
}

/** Does he like the blue flower? */
function* asking(): Iterable<SentencePair> {
  for (const subject of subjects()) {
    for (const [each, nouns] of TRANSITIVE) {
      for (const object of objects(nouns, ["the"])) {
        yield question(
          `${subject.person === 2 ? "does" : "do"} ${subject.english} ${each.english} ${object.english}`,
          `est-ce que ${subject.french} ${each.french[subject.person]} ${object.french}`,
        );
      }
    }
  }
}

/** Where is the black cat? */
function* seeking(): Iterable<SentencePair> {
  for (const { english, french } of objects([...PEOPLE, ...ANIMALS, ...THINGS, ...FOOD, ...WRITINGS], ["the"])) {
    yield question(`where is ${english}`, `où est ${french}`);
  }
}

function inEnglish({ english, third }: Verb, { person }: Subject): string {
  return person === 2 ? third : english;
}

function statement(english: string, french: string): SentencePair {
  return { english: `${capital(english)}.`, french: `${capital(elided(french))}.` };
}

function question(english: string, french: string): SentencePair {
  return { english: `${capital(english)}?`, french: `${capital(elided(french))} ?` };
}

/** le, la, je, ne and que drop their vowel before another one, or a silent h: every h of this grammar is silent. */
function elided(french: string): string {
  return french.replace(/\b(l|j|n|qu)[ae] (?=[aeiouhéâê])/g, "$1'");
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
