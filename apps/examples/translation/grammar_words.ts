/** The words of the small grammar, in English and French. */

/** A subject, with the person, number and gender that verbs and adjectives agree with. */
export interface Subject {
  english: string;
  french: string;
  /** I, you, he or she, we, they: the column of the verbs below. */
  person: 0 | 1 | 2 | 3 | 4;
  feminine: boolean;
}

export interface Noun {
  english: string;
  plural: string;
  french: string;
  frenchPlural: string;
  feminine: boolean;
}

export interface Verb {
  english: string;
  /** With "he" and "she". */
  third: string;
  /** With je, tu, il, nous, ils. */
  french: readonly [string, string, string, string, string];
}

export interface Adjective {
  english: string;
  /** Masculine, feminine; the plurals add an s. */
  french: readonly [string, string];
  before: boolean;
}

const noun = (english: string, plural: string, french: string, frenchPlural: string, gender: "m" | "f"): Noun => ({
  english,
  plural,
  french,
  frenchPlural,
  feminine: gender === "f",
});

const verb = (english: string, third: string, french: string): Verb => ({
  english,
  third,
  french: french.split(" ") as unknown as Verb["french"],
});

const adjective = (english: string, masculine: string, feminine: string, before = false): Adjective => ({
  english,
  french: [masculine, feminine],
  before,
});

export const PRONOUNS: readonly Subject[] = [
  { english: "I", french: "je", person: 0, feminine: false },
  { english: "you", french: "tu", person: 1, feminine: false },
  { english: "he", french: "il", person: 2, feminine: false },
  { english: "she", french: "elle", person: 2, feminine: true },
  { english: "we", french: "nous", person: 3, feminine: false },
  { english: "they", french: "ils", person: 4, feminine: false },
];

export const PEOPLE: readonly Noun[] = [
  noun("man", "men", "homme", "hommes", "m"),
  noun("woman", "women", "femme", "femmes", "f"),
  noun("boy", "boys", "garçon", "garçons", "m"),
  noun("girl", "girls", "fille", "filles", "f"),
  noun("child", "children", "enfant", "enfants", "m"),
];

export const ANIMALS: readonly Noun[] = [
  noun("cat", "cats", "chat", "chats", "m"),
  noun("dog", "dogs", "chien", "chiens", "m"),
  noun("bird", "birds", "oiseau", "oiseaux", "m"),
];

export const THINGS: readonly Noun[] = [
  noun("house", "houses", "maison", "maisons", "f"),
  noun("car", "cars", "voiture", "voitures", "f"),
  noun("tree", "trees", "arbre", "arbres", "m"),
  noun("flower", "flowers", "fleur", "fleurs", "f"),
  noun("hat", "hats", "chapeau", "chapeaux", "m"),
  noun("boat", "boats", "bateau", "bateaux", "m"),
];

export const FOOD: readonly Noun[] = [
  noun("apple", "apples", "pomme", "pommes", "f"),
  noun("orange", "oranges", "orange", "oranges", "f"),
  noun("cake", "cakes", "gâteau", "gâteaux", "m"),
  noun("fish", "fish", "poisson", "poissons", "m"),
];

export const WRITINGS: readonly Noun[] = [
  noun("book", "books", "livre", "livres", "m"),
  noun("letter", "letters", "lettre", "lettres", "f"),
  noun("story", "stories", "histoire", "histoires", "f"),
];

export const INTRANSITIVE: readonly Verb[] = [
  verb("sleep", "sleeps", "dors dors dort dormons dorment"),
  verb("sing", "sings", "chante chantes chante chantons chantent"),
  verb("play", "plays", "joue joues joue jouons jouent"),
  verb("run", "runs", "cours cours court courons courent"),
  verb("dance", "dances", "danse danses danse dansons dansent"),
  verb("wait", "waits", "attends attends attend attendons attendent"),
];

const LOOKING: readonly Verb[] = [
  verb("see", "sees", "vois vois voit voyons voient"),
  verb("like", "likes", "aime aimes aime aimons aiment"),
  verb("look for", "looks for", "cherche cherches cherche cherchons cherchent"),
  verb("draw", "draws", "dessine dessines dessine dessinons dessinent"),
];

/** Verbs with their possible objects. */
export const TRANSITIVE: readonly (readonly [Verb, readonly Noun[]])[] = [
  ...LOOKING.map((each) => [each, [...PEOPLE, ...ANIMALS, ...THINGS]] as const),
  [verb("eat", "eats", "mange manges mange mangeons mangent"), FOOD],
  [verb("buy", "buys", "achète achètes achète achetons achètent"), [...THINGS, ...FOOD, ...WRITINGS]],
  [verb("read", "reads", "lis lis lit lisons lisent"), WRITINGS],
];

export const BE: readonly string[] = ["am", "are", "is", "are", "are"];
export const ETRE: readonly string[] = ["suis", "es", "est", "sommes", "sont"];

export const COLOURS: readonly Adjective[] = [
  adjective("black", "noir", "noire"),
  adjective("white", "blanc", "blanche"),
  adjective("green", "vert", "verte"),
  adjective("blue", "bleu", "bleue"),
];
export const SIZES: readonly Adjective[] = [
  adjective("small", "petit", "petite", true),
  adjective("big", "grand", "grande", true),
];
export const MOODS: readonly Adjective[] = [
  adjective("tired", "fatigué", "fatiguée"),
  adjective("sad", "triste", "triste"),
  adjective("strong", "fort", "forte"),
  adjective("young", "jeune", "jeune"),
];

export const PLACES: readonly (readonly [english: string, french: string])[] = [
  ["in the garden", "dans le jardin"],
  ["in the house", "dans la maison"],
  ["in the street", "dans la rue"],
  ["under the tree", "sous le arbre"],
  ["behind the house", "derrière la maison"],
  ["near the river", "près de la rivière"],
  ["at school", "à la école"],
];
