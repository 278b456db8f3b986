/**
 * Questions written without a look at the search, each with what its answer has to say. `ORDINARY` are put as most
 * customers would, `ODD` in words that the articles don't use; both showed which words of shopping were missing.
 * Nothing was tuned on `LAST`: it was asked once, at the end.
 */
import type { EvalQuestion } from "./eval_questions.ts";

type Row = readonly [question: string, slug: string, says: RegExp];

const said = (rows: readonly Row[]): EvalQuestion[] =>
  rows.map(([question, slug, says]) => ({ question, slug, says }));

const unsaid = (questions: readonly string[]): EvalQuestion[] =>
  questions.map((question) => ({ question, slug: undefined }));

export const ORDINARY = said([
  ["How many days does a parcel take to Spain?", "delivery-times", /4 to 7/],
  ["Do you ship to Australia?", "delivery-times", /these countries only/],
  ["Is shipping free?", "delivery-times", /€80/],
  ["Will the driver carry the floor lamp up the stairs?", "delivery-times", /not up the stairs/],
  ["My parcel is late, what should I do?", "tracking-and-missing-parcels", /3 working days/],
  ["I never got a confirmation email", "tracking-and-missing-parcels", /spam folder/],
  ["How long is my parcel kept at the pickup point?", "tracking-and-missing-parcels", /14 days/],
  ["The parcel was stolen from my porch", "tracking-and-missing-parcels", /stolen/],
  ["Do I need to pay VAT on orders to Switzerland?", "customs", /import VAT/],
  ["Can you mark the package as a gift for customs?", "customs", /mark a parcel as a gift/],
  ["Can I return a gift card?", "returns", /gift cards|can't be returned/],
  [
    "Do I get the shipping cost back if I return everything?",
    "returns",
    /refund the standard shipping/,
  ],
  ["Can I exchange my lamp for another size?", "returns", /can't swap/],
  ["My lamp arrived with a broken shade", "damaged", /7 days|replacement|three photos/],
  ["I received the wrong lamp", "damaged", /collect the wrong item|order number and a photo|wrong/],
  ["Do you accept PayPal?", "payment", /PayPal/],
  ["Why was my card declined?", "payment", /bank/],
  ["When will you charge my credit card?", "payment", /charge it when/],
  ["Where can I find my invoice?", "invoices", /Invoice/],
  ["I need my company's name on the invoice", "invoices", /company name/],
  ["How long is the warranty?", "warranty", /5-year/],
  ["Is water damage covered by the warranty?", "warranty", /by water/],
  ["My lamp won't turn on", "warranty", /another bulb/],
  [
    "How can I change my delivery address after ordering?",
    "change-or-cancel",
    /delivery address|60 minutes/,
  ],
  ["How do I cancel my order?", "change-or-cancel", /Cancel/],
  ["Can I cancel a preorder?", "change-or-cancel", /backordered item/],
  ["How do I order a replacement part?", "spare-parts", /Spare parts/],
  ["Can you make a custom lampshade?", "spare-parts", /shade to measure/],
  ["Can I use a dimmer with my lamp?", "bulbs-and-dimmers", /dimm/],
  ["Why does my lamp hum?", "bulbs-and-dimmers", /hum/],
  ["What colour temperature is best for a bedroom?", "bulbs-and-dimmers", /2,700/],
  ["Do I need an electrician to install a ceiling lamp?", "installation", /electrician/],
  ["Where do I find the manual?", "installation", /product page/],
  ["I forgot my password", "account", /Forgot password/],
  ["How do I delete my account?", "account", /Delete account/],
  ["Do you offer discounts for large orders?", "business", /8 %/],
  ["Can I borrow a sample as an architect?", "business", /21 days/],
  ["When does my gift card expire?", "gift-cards", /3 years/],
  ["How do I polish brass?", "care", /brass polish/],
  ["What is your phone number?", "contact", /\+46/],
]);

export const ODD = said([
  [
    "Do I have to be home to sign for the lamp, or what happens if I'm out?",
    "tracking-and-missing-parcels",
    /tries once more/,
  ],
  [
    "my pendant cord is too short for our high ceiling, can i get a longer one",
    "installation",
    /4 metres/,
  ],
  ["Is it possible to use your wall lamp above the bathtub?", "installation", /IP44/],
  ["How do I get rid of streaks on an opal glass globe?", "care", /vinegar/],
  ["the brass is turning brown, is that a defect?", "care", /darkens/],
  ["I typed my password wrong too often and now I can't get in", "account", /30 minutes/],
  [
    "Can you leave the price off the papers? It goes straight to my sister",
    "invoices",
    /packing list without prices/,
  ],
  ["How long does a voucher stay good?", "gift-cards", /3 years/],
  ["We're a hotel and need 60 lamps, what kind of rebate can we expect?", "business", /18 %/],
  ["Do I have to pay extra tax when it gets to Reykjavik?", "customs", /24 %/],
  ["Does a Hue bulb fit?", "bulbs-and-dimmers", /Philips Hue/],
  ["Which kelvin should I pick for a study?", "bulbs-and-dimmers", /4,000/],
  [
    "My order was confirmed ten minutes ago and I noticed the street is wrong",
    "change-or-cancel",
    /60 minutes|delivery address/,
  ],
  ["Can I pick it up in your shop?", "contact", /collect orders for free|Collect in Lund/],
  ["Who do I write to if I am unhappy with how I was treated?", "contact", /complaints@/],
  ["Do you take bitcoin?", "payment", /cryptocurrency/],
  ["When does my bank account get debited?", "payment", /charge it when/],
  ["what did you save about me and can I see it", "privacy", /download everything/],
  ["A screw was not in the box", "damaged", /missing/],
  ["Where is the model number written?", "spare-parts", /silver sticker/],
]);

export const LAST = said([
  ["What does delivery to Denmark cost?", "delivery-times", /€5\.90/],
  ["Can you deliver to a PO box?", "delivery-times", /PO boxes/],
  ["How do I track my order?", "tracking-and-missing-parcels", /tracking link/],
  ["Nobody was home when the parcel came", "tracking-and-missing-parcels", /tries once more/],
  ["How much are the import charges for Iceland?", "customs", /24 %/],
  ["How do I return something?", "returns", /Return items/],
  ["How long does a refund take?", "returns", /3 working days/],
  ["A part is missing from my box", "damaged", /missing/],
  ["Can I pay by bank transfer?", "payment", /Bank transfer/],
  ["I was charged twice for one order", "payment", /reservation/],
  ["How do I get an invoice with another address?", "invoices", /billing address/],
  ["Do you cover bulbs under warranty?", "warranty", /light bulbs/],
  ["How do I make a warranty claim?", "warranty", /order number/],
  ["Can I still change the colour of my order?", "change-or-cancel", /colour/],
  ["How long do you keep spare parts?", "spare-parts", /10 years/],
  ["Which bulbs can be dimmed?", "bulbs-and-dimmers", /dimm/],
  ["Is a lamp allowed outdoors on a terrace?", "installation", /IP44|IP65/],
  ["How do I turn on two-step sign-in?", "account", /Security/],
  ["What information do you store about me?", "privacy", /name, addresses/],
  ["When are you open on weekdays?", "contact", /8:00|Monday/],
]);

export const UNSAID = unsaid([
  "Do you sell mattresses?",
  "How tall is the Eiffel tower?",
  "Can I pay with my frequent flyer miles?",
  "Is the Ven lamp available in pink?",
  "Who is the president of France?",
  "Do your lamps come with a USB port?",
  "How many employees do you have?",
  "What's the best movie of all time?",
  "Can you fix my dishwasher?",
  "Do you have a loyalty programme?",
  "Is Northwind part of IKEA?",
  "Tell me about the history of the light bulb",
  "Can I bring my dog to the showroom?",
  "Do you plan a Black Friday sale?",
  "How do I bake bread?",
  "What is your CO2 footprint?",
  "Are the lamps made in China?",
  "Do you have gift ideas for a wedding?",
  "Can I work for you as an intern?",
  "How much does the Birk table lamp cost?",
  "Do you sell candles?",
  "Who is your chief executive?",
  "Can I park in front of the showroom?",
  "Are your lamps vegan?",
  "What is 17 times 23?",
  "Which lamp should I buy for my mother?",
  "Do you have a job opening in the warehouse?",
  "Can you recommend a good restaurant in Lund?",
  "How much electricity does the Fjord use per year?",
  "Is there a student discount?",
  "What is the weather like in Stockholm?",
  "Write me a poem about light",
]);

export const LAST_UNSAID = unsaid([
  "Do you sell curtains?",
  "What is the speed of light?",
  "Can I get a loan from you?",
  "Do you ship living plants?",
  "Who designed your logo?",
  "Is there parking near the cinema?",
  "Do you offer piano lessons?",
  "How old is the queen of Denmark?",
  "Can you book me a flight to Spain?",
  "What programming language is your shop written in?",
]);
