/** Words as search sees them: without endings and accents, spelt right, and one for all that mean the same. */
import { stemmer } from "stemmer";

/** What "how long" becomes: it puts sections in order, but says nothing about what a question is about. */
export const DURATION = "howlong";

/** Turns of phrase that mean one word; `$1` keeps what stands between. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:send|sends|sent|sending|give|bring|take|ship|post|mail)((?: \w+){0,3}?) back\b/g,
    "return$1",
  ],
  [/\b(?:get|gets|come|comes|coming) (?:here|to me)\b/g, "deliver"],
  [/\b(?:send|ship|deliver)(?: \w+)? to (?!me|us|my)\b/g, "deliver country "],
  [
    /\b(?:never|not|havent|hasnt|didnt|nothing) (?:yet )?(?:there|get|got|come|came|receive|received|arrive|arrived)\b/g,
    "missing",
  ],
  [/\b(?:get|have|got|receive) (?:my|your|the|our) money(?: back)?\b|\bmoney back\b/g, "refund"],
  [/\b(?:what|how much) (?:do|does|would|will) (?:you|it|they) charge\b/g, "cost"],
  [/\b(?:log|sign)(?:ed|ging|ging)? ?[io]n\b/g, "signin"],
  [
    /\b(?:stopp?(?:ed|s)? working|(?:not|doesnt|does not|dont|isnt|wont) (?:work|working|turn on|switch on|light up))\b/g,
    "faulty",
  ],
  [/\bhow much\b/g, "cost"],
  [/\bhow long\b/g, DURATION],
  [/\b(?:delivery|shipping|lead|waiting) times?\b/g, `$& ${DURATION}`],
  [
    /\bwhen (?:will|does|do|is|are)((?: \w+){1,4}?) (?:arrive|arriving|come|deliver|delivered|here)\b/g,
    `${DURATION}$1 deliver`,
  ],
  [
    /\bwhat time\b|\b(?:opening|business|office) (?:times|hours)\b|\bwhen (?:are|do) you (?:open|close)\b/g,
    "openhours",
  ],
  [/\bwhere(?:s| is| are) (?:my|the|our)\b/g, "track"],
  [/\b(?:two|2) times\b/g, "twice"],
  [/\be mail\b/g, "email"],
  [/\bset up\b|\bput(?:ting)? up\b|\bhang(?:ing)? up\b/g, "install"],
];

/** Each line: words of shopping that customers use for one another. The first stands for all. */
const SYNONYMS = `
parcel package packet shipment consignment
deliver delivery ship shipping shipped arrive arrival dispatch postage post transit
refund reimburse reimbursement repay
self myself yourself yourselves diy
abroad overseas worldwide international internationally foreign
express tomorrow overnight fast faster urgent urgently asap
return withdraw withdrawal
cost price fee expensive cheap
discount rebate reduction promo promotion sale
voucher coupon
damage broken broke break smash crack shatter tear torn dent scratch
fault faulty defect defective malfunction dead
warranty guarantee guaranty
invoice receipt bill
lamp luminaire fixture
colour color black white red blue green grey gray yellow silver gold
metre meter
instalment installment
exchange swap
signin login logon
vat tax taxes
decline refuse refusal reject rejection deny denial
missing lost lose incomplete
track trace locate whereabouts
phone telephone call ring
email mail
hour hours
cancel revoke
business company firm corporate b2b
unsubscribe optout
install installation mount assemble assembly
clean wash wipe
pay payment
dim dimmer dimmable
spare replacement
change modify amend edit alter update
address addresses
forget forgot forgotten remember reset
delete erase erasure remove
custom customs duty duties
expire expiry valid validity
person human people agent
plug socket
cable cord wire lead flex
cryptocurrency bitcoin crypto
complaint complain unhappy dissatisfied
collect collection pickup
temperature kelvin
charge debit
shop store showroom
gift present
manual instructions handbook
carrier courier
basket cart trolley
bathroom bath bathtub shower
outdoor outdoors outside
spam junk
lock locked unlock lockout
quote quotation estimate
dealer reseller resell retailer
polish shine shiny
stain spot mark
flicker blink
hum buzz
label sticker
size dimension measurement
weight weigh heavy
`;

const STOP = new Set(
  `a about actually after again all already also am an and any anybody anyone anything are aren arent as ask at be
  because been before being but by bye can cannot cant could couldnt did didnt do does doesnt doing dont each either else
  ever every find for from get gets getting give go goes going gonna got had has hasnt have havent having he hello help her here hey
  hi him his how i id if ill im in into is isnt it its ive just keep keeps know let like long look lot make many may maybe me mean
  might mine much must my need needs no not now of off ok okay on one only or other our out over please pls possible put quite really
  said same say says she should since so some somebody someone something still stuff such sure take takes tell than
  thank thanks that thats the their them then there these they thing things think this those through till to too try u ur
  until up us use very via want wanted wants was wasnt we well were what whats when where which while who why will
  with without wont work works would wouldnt yes yet you your youre northwind question wonder wondering everything
  came come comes live lives living made morning evening afternoon today tonight yesterday turn turned down suddenly another
  ago last next bought purchased policy info information details
  `
    .split(/\s+/),
);

export const VARIANTS = SYNONYMS.split(/\s+/).filter((word) => word !== "");

/** An ending longer than this makes another word: "international" is no "intern". */
const MAX_ENDING = 3;

const STANDS_FOR = new Map(
  SYNONYMS.trim().split("\n").flatMap((line) => {
    const words = line.split(" ");
    const first = stemmer(words[0] ?? line);
    return words.flatMap((word) => {
      const root = stemmer(word);
      const forms = word.length - root.length > MAX_ENDING ? [word] : [word, root];
      return forms.map((form) => [form, first] as const);
    });
  }),
);

/** Of a long story the end is searched for, as much of it as one message holds: made-up words cost the most. */
const MAX_SEARCHED = 4_000;

export const latest = (text: string): string => text.slice(-MAX_SEARCHED);

/** Words without accents, apostrophes and case, with turns of phrase made one word. */
export function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKD").toLowerCase().replace(/[\p{M}'’`´]/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ");
  const said = PHRASES.reduce((words, [phrase, word]) => words.replace(phrase, word), plain);
  return said.split(" ").filter((word) => !STOP.has(word) && !/^\d*$/.test(word));
}

/** Puts a word right: one word, or the two that it is made of. */
export interface Spelling {
  correct(word: string): readonly string[];
}

/** The words of a text that carry meaning, each cut to its stem and replaced by the one that stands for its synonyms. */
export function termsOf(text: string, speller?: Spelling): string[] {
  return wordsOf(text).flatMap((word) => speller?.correct(word) ?? word).map((word) => {
    const root = stemmer(word);
    return STANDS_FOR.get(word) ?? STANDS_FOR.get(root) ?? root;
  });
}

/** Neighbouring terms, so that words that stand together count for more than the same words far apart. */
export function pairsOf(terms: readonly string[]): string[] {
  return terms.slice(1).map((term, i) => `${terms[i]} ${term}`);
}

export const indexTerms = (text: string) => termsOf(text);
