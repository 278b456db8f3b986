/** What the demo company's customers talked about. */

/** Minutes since the chat began, who, what, and for an answer the article and words that it rests on. */
export type Line =
  | readonly [minute: number, who: "customer" | "agent", text: string, quote?: undefined]
  | readonly [
    minute: number,
    who: "ai",
    text: string,
    quote?: readonly [slug: string, words: string],
  ]
  | readonly [minute: number, who: "asks", text?: undefined, quote?: undefined]
  /** `text`: which of the agents. */
  | readonly [minute: number, who: "joins", text: string, quote?: undefined]
  /** `text`: by whom, if not the customer. */
  | readonly [minute: number, who: "ends", text?: string, quote?: undefined]
  /** `text`: the stars, a space, the comment. */
  | readonly [minute: number, who: "rates", text: string, quote?: undefined];

export interface DemoChat {
  readonly who: string;
  readonly minutesAgo: number;
  readonly lines: readonly Line[];
}

const HOUR = 60;
const DAY = 24 * HOUR;

/** In the order in which they began; a customer's earlier ones have ended before the next. */
export const CHATS: readonly DemoChat[] = [
  {
    who: "Linus Berg",
    minutesAgo: 190 * DAY,
    lines: [
      [0, "customer", "Where do I find the invoice for order 981?"],
      [
        0.2,
        "ai",
        "You can download it at any time: open My orders, choose the order and select Invoice.",
        [
          "invoices",
          "download it at any time: open My orders",
        ],
      ],
      [1, "customer", "Found it. Thanks!"],
      [1.2, "ai", "You're welcome! Is there anything else you would like to know?"],
      [2, "ends"],
      [3, "rates", "5 Quick, and it was right"],
    ],
  },
  {
    who: "Margaret Olsen",
    minutesAgo: 6 * DAY,
    lines: [
      [0, "customer", "The dimmer makes my new bulbs hum. Is the lamp broken?"],
      [0.5, "asks"],
      [3, "joins", "1"],
      [
        4,
        "agent",
        "Hi Margaret, Grace here. Most likely the dimmer is an older one, made for halogen bulbs. Which one is it?",
      ],
      [6, "customer", "It says 60–300 W on the front."],
      [
        8,
        "agent",
        "That explains it: two LED bulbs are far below its 60 W. A trailing-edge dimmer for LED will be silent. The lamp is fine.",
      ],
      [10, "customer", "Wonderful, I'll get one of those."],
      [11, "ends", "Grace Hopper"],
      [15, "rates", "5 Grace knew at once"],
    ],
  },
  {
    who: "Edsger de Vries",
    minutesAgo: 5 * DAY,
    lines: [
      [0, "customer", "How long does a parcel to the Netherlands take?"],
      [0.2, "ai", "Parcels to the Netherlands take 3 to 5 working days with DHL.", [
        "delivery-times",
        "3 to 5 working days with DHL",
      ]],
      [2, "customer", "Perfect"],
      [2.2, "ai", "Good! Write again whenever you have a question."],
      [3, "ends"],
      [4, "rates", "4"],
    ],
  },
  {
    who: "Annie Kovacs",
    minutesAgo: 2 * DAY,
    lines: [
      [
        0,
        "customer",
        "I would like twelve of the pendant lamps for our café. Is there a price for that?",
      ],
      [0.4, "asks"],
      [2, "joins", "0"],
      [
        3,
        "agent",
        "Hello Annie! With twelve there is. Shall I send the offer to the address in your account?",
      ],
      [5, "customer", "Yes please, and can they come before the 12th?"],
      [7, "agent", "They can: all twelve are in Lund. You'll have the offer within the hour."],
      [8, "customer", "Thank you, Ada."],
      [9, "ends", "Ada Lovelace"],
    ],
  },
  {
    who: "Barbara Lindqvist",
    minutesAgo: 30 * HOUR,
    lines: [
      [0, "customer", "Do you ship to New Zealand?"],
      [0.2, "ai", "I'm afraid not: we can't send orders outside Europe.", [
        "delivery-times",
        "We can't send orders outside Europe",
      ]],
      [3, "ends"],
      [4, "rates", "3 A pity, but a clear answer"],
    ],
  },
  {
    who: "Ken Tanaka",
    minutesAgo: 48,
    lines: [
      [0, "customer", "My order 1067 says delivered, but there is nothing here."],
      [
        0.3,
        "ai",
        "Ask your neighbours and look in places where a driver might have left it, such as a porch or a garage. Then let us know within 7 days.",
        [
          "tracking",
          "tracking",
        ],
      ],
      [2, "customer", "I did. It says “handed to resident”. That wasn't me."],
      [2.5, "asks"],
      [4, "joins", "0"],
      [
        5,
        "agent",
        "Hello Ken, I'm Ada. I have asked the carrier where exactly it went, and I'll write here as soon as they answer.",
      ],
      [7, "customer", "OK, thank you"],
      [38, "agent", "They have the driver on the phone now. One more minute."],
    ],
  },
  {
    who: "Linus Berg",
    minutesAgo: 21,
    lines: [
      [
        0,
        "customer",
        "Hi! I ordered a lamp on Monday and the shade arrived cracked. Can I send it back?",
      ],
      [
        0.3,
        "ai",
        "Sorry about the lamp. In most cases you don't have to send it back: a single glass shade can be replaced on its own, free of charge. Send three photos, of the damage, the whole item and the box.",
        [
          "damaged",
          "A single glass shade can be replaced on its own",
        ],
      ],
      [2, "customer", "A new shade please, but it has to be here by Friday"],
      [2.5, "customer", "Can I talk to a person about that?"],
      [2.6, "asks"],
      [3, "joins", "0"],
      [4, "agent", "Hello Linus, I'm Ada. I've read the above, no need to repeat anything."],
      [
        6,
        "agent",
        "I can get a shade on tonight's van: it would be with you on Thursday before noon. Is the address in Lund still right?",
      ],
      [18, "customer", "Yes! That's perfect, thank you"],
    ],
  },
  {
    who: "Hedy Novak",
    minutesAgo: 17,
    lines: [
      [0, "customer", "Could you check whether my return has arrived? I sent it eight days ago."],
      [0.4, "asks"],
      [1, "joins", "1"],
      [2, "agent", "Hi Hedy, of course. What is the order number?"],
      [3, "customer", "NW-88214"],
      [
        9,
        "agent",
        "It reached us this morning. The money goes back to your card today; banks take two or three days to show it.",
      ],
    ],
  },
  {
    who: "Tony Russo",
    minutesAgo: 13,
    lines: [
      [0, "customer", "I need the lamp wired in before Saturday, can your electrician come?"],
      [1, "asks"],
      [1.5, "joins", "1"],
      [
        3,
        "agent",
        "Hello Tony! We don't have fitters of our own, but I can tell you what to ask one for. Which lamp is it?",
      ],
      [5, "customer", "The ceiling one with three arms, NW-30117"],
    ],
  },
  {
    who: "Barbara Lindqvist",
    minutesAgo: 9,
    lines: [
      [0, "customer", "My card was declined twice and now I don't know whether I paid"],
      [
        0.4,
        "ai",
        "I found nothing about that in our help articles. Could you put it in other words? If you would rather not, a person can help: choose “Talk to a person”.",
      ],
      [1, "asks"],
      [4, "customer", "It still says my card was declined"],
    ],
  },
  {
    who: "Radia Novotny",
    minutesAgo: 5,
    lines: [
      [0, "customer", "Can I still change the address of order 1101? I typed the old street."],
      [0.5, "asks"],
      [2, "customer", "It leaves today, doesn't it?"],
    ],
  },
  {
    who: "Frances Allen",
    minutesAgo: 3,
    lines: [
      [0, "customer", "What does shipping to Iceland cost?"],
      [0.3, "ai", "Shipping to Iceland is a flat €19, whatever the size of the order.", [
        "delivery-times",
        "Shipping to Iceland is a flat €19, whatever the size of the order",
      ]],
    ],
  },
];
