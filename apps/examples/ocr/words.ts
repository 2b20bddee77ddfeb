/** The words that are drawn: those to learn from, and others to test on. */

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Words to learn from; every letter occurs. */
export const TRAINING_WORDS: readonly string[] = words(`
  and any are bath bear bill blue bond born bowl bush but call calm came camp can coal coat cold come cool core
  cost crop dark data dawn day dear debt deep done dozen draw drew drop dual east easy else enjoy equal every
  fail fair fall farm fear fell file firm fjord flat flow food fund game glad goal gold golf good gray had hall
  hard hate held here hold hour huge hurt index jazz jeep join joint joke judge juice jumbo jump just keen kill
  kind lack lazy life like list loan logo lord lose loss major male many maze meat mixed navy news nine nose
  only open our over pace page pair park part past peak pick plan poll pool port prize push put queen quick
  quite race read rent ring roll room sand seem sell ship sign size slip slow sold soon sort soul spot squad
  star stop suit taxes video was zebra
`);

/** Words to test on; none of them is learned from. */
export const TEST_WORDS: readonly string[] = words(`
  aged all area ball band beat beer best book cell cook cope copy dial evil exit extra feed fire fish five fixed
  foot fuel gave gene hand hang harm head
`);
