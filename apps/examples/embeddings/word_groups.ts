/** Groups of related words: the synthetic text uses them, and they evaluate the vectors of any text. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  people: ["man", "woman", "boy", "girl", "child", "baby", "lady"],
  animals: ["dog", "cat", "horse", "cow", "sheep", "bird", "duck"],
  colours: ["red", "blue", "green", "yellow", "black", "white", "orange", "pink"],
  numbers: ["two", "three", "four", "five", "six"],
  clothes: ["shirt", "jacket", "hat", "pants", "dress", "coat", "shoes"],
  vehicles: ["car", "bus", "truck", "bike", "motorcycle", "train", "boat"],
  instruments: ["guitar", "drums", "piano", "violin", "trumpet", "flute"],
  waters: ["lake", "river", "ocean", "pool", "sea", "pond"],
  rooms: ["kitchen", "bedroom", "restaurant", "store", "office", "classroom"],
  food: ["bread", "cheese", "soup", "rice", "cake", "fruit", "meat"],
  sports: ["soccer", "football", "baseball", "basketball", "tennis", "hockey"],
  moves: ["running", "walking", "jumping", "climbing", "dancing", "swimming"],
};
