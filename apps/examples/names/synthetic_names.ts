/** Surnames combined from typical parts of surnames of six languages: the data used without files. */

/** The beginnings and endings of a language. */
const PARTS: Readonly<Record<string, { beginnings: string; endings: string }>> = {
  English: {
    beginnings: "Ash Black Brad Clif Cran Hart Hay Kings Lang Mar New Nor Red Stan Sut Thorn Wal Whit Win Wood",
    endings: "bury by croft dale field ford ham ley low man ridge son ton well wick worth",
  },
  French: {
    beginnings: "Beau Bel Bois Char Châte Cler Dela Du Fon Gau Gran La Le Mar Mon Pas Per Rous Val Vil",
    endings: "bert champ deau fort gnon guerre lain leau lier mont mier net pin rand reux roux set thier tier ville",
  },
  German: {
    beginnings:
      "Acker Berg Blumen Eichen Eisen Fisch Frei Gold Grün Hirsch Kirch Lich Mühl Neu Ober Rosen Schön Schwarz Stein Wald",
    endings:
      "bach bauer berger brand brecht feld hauer heim hofer kamp lach meier mann reich stein tal thal wald weber zweig",
  },
  Italian: {
    beginnings:
      "Albe Barbi Bello Carlu Casta Coro Domi Fabbri Falco Ferra Galli Grimal Lombar Mari Monta Pelle Rossi Salva Tode Vale",
    endings:
      "bini casi ccio detti gnoli lacqua lini lucci nelli nesi nini retti rini roni ssino telli tori trelli tucci zzi",
  },
  Japanese: {
    beginnings: "Aki Fuji Haya Hira Ishi Kawa Kita Kuro Matsu Mina Miya Naka Nishi Oka Shima Taka Tani Toyo Ueda Yoshi",
    endings: "be bashi da gawa guchi hara hashi hira kawa ki ma mori moto mura na no saki shita ta zawa",
  },
  Russian: {
    beginnings:
      "Abra Bara Belya Bogda Dmitri Fedo Goro Ivan Kali Kuzne Lebe Mako Niko Orlo Petro Roma Smir Sokolo Vasi Zhura",
    endings: "ev evich evsky in kin lev lin lov mov nov novsky nsky rov shev shin tsov vin vsky yev zhin",
  },
};

/** Every third combination is a name: each part occurs with many others, and many pairs never occur. */
const STRIDE = 3;

/** The synthetic surnames by language, always the same. */
export function syntheticNames(): Map<string, string[]> {
  return new Map(
    Object.entries(PARTS).map(([language, { beginnings, endings }]) => {
      const [first, last] = [beginnings.split(" "), endings.split(" ")];
      const all = first.flatMap((beginning, i) =>
        last.flatMap((ending, j) => (i + j) % STRIDE === 0 ? [beginning + ending] : [])
      );
      return [language, [...new Set(all)]];
    }),
  );
}
