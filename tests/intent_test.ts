import assert from "node:assert/strict";
import { cannotHelp, isSmallTalk, smallTalk, wantsPerson } from "../services/intent.ts";

interface Table {
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

const PERSON: Readonly<Record<string, Table>> = {
  English: {
    yes: [
      "Can I talk to a person?",
      "I want to speak to someone",
      "I'd like to talk to a human, please.",
      "I’d like to speak with a real person",
      "agent please",
      "AGENT!!!",
      "human!",
      "operator",
      "real person please",
      "a human, please",
      "talk to a representative",
      "let me speak to your manager",
      "please connect me with customer service",
      "can you transfer me to an agent",
      "put me through to somebody",
      "I need a human",
      "get me a human now",
      "get me someone who can help? No: let me talk to a person.",
      "customer service representative",
      "Is there a real person here?",
      "is there anyone I can talk to?",
      "Could a human look at this?",
      "I don't want to talk to a bot",
      "I don't want a bot I want a human",
      "Why can't I just talk to a human?",
      "hello, can I chat with a live agent",
      "please escalate this",
      "live chat",
      "how do I speak to someone about my order?",
      "Where is my parcel?\nAgent please",
      "hand me over to a colleague who is a real person: I want to speak to a person",
      "can i please speak w/ a human",
      "could you get a colleague?",
      "Is anybody there? A real person I mean",
      "Connect me to support",
      "I would like human assistance",
      "I need help from a real person",
      "Could someone from your team contact me?",
      "Let me speak to somebody in customer service",
    ],
    no: [
      "how many people fit at the table",
      "is the lamp safe for a person with allergies",
      "I need a lamp for a person with allergies",
      "my agent number is 4711",
      "I am a travel agent",
      "Can I talk to a travel agent?",
      "I am a real person",
      "human resources",
      "I would like to speak to human resources",
      "someone stole my parcel",
      "somebody else paid for it",
      "the delivery person was rude",
      "which cleaning agent can I use on brass",
      "I don't want to talk to a person",
      "Do I need to talk to someone to return it?",
      "the agent told me to wait",
      "I spoke to an agent yesterday and she said it was fine",
      "is the lamp tall enough for a tall person?",
      "what is your return policy",
      "can one person install the chandelier?",
      "the light switch operator manual is missing",
      "Are you human?",
      "the manager of our hotel ordered it",
      "who is the contact person for business orders",
      "Will someone call me before delivery?",
      "Could someone else pick up my parcel?",
      "Is customer service open on Saturday?",
      "I have a colleague who also wants one",
      "How do I get in touch with DHL?",
      "Is there a person limit for the discount?",
      "",
    ],
  },
  German: {
    yes: [
      "Ich möchte mit einem Menschen sprechen",
      "Kann ich bitte mit jemandem reden?",
      "Mitarbeiter bitte",
      "Mensch!",
      "Bitte verbinden Sie mich mit einem Mitarbeiter.",
      "Ich will einen echten Menschen",
      "ich moechte mit einer echten Person chatten",
      "Kann ich einen Mitarbeiter sprechen?",
      "Gibt es hier auch echte Menschen?",
      "Ich will mit jemandem vom Kundendienst sprechen",
      "Ich will nicht mit einem Bot reden, ich will mit einem Menschen reden",
    ],
    no: [
      "Für wie viele Menschen reicht das Licht?",
      "Jemand hat mein Paket gestohlen",
      "Ich bin ein Mensch",
      "Ist die Lampe für eine Person mit Allergie geeignet?",
      "Ich habe gestern mit einem Mitarbeiter gesprochen",
      "Ich möchte nicht mit einem Menschen sprechen",
      "Wann ist der Kundenservice erreichbar?",
      "Kann jemand anderes das Paket annehmen?",
      "Wo ist mein Paket?",
    ],
  },
  French: {
    yes: [
      "Je voudrais parler à quelqu’un",
      "je veux parler a une vraie personne",
      "Un humain, s'il vous plaît",
      "conseiller svp",
      "Pouvez-vous me mettre en relation avec un conseiller ?",
      "Puis-je parler avec un agent ?",
      "J’ai besoin d’un conseiller",
      "Je préfère parler à une vraie personne",
    ],
    no: [
      "Combien de personnes peuvent s'asseoir ?",
      "Quelqu'un a volé mon colis",
      "Je suis une vraie personne",
      "Personne n'a répondu",
      "La lampe convient-elle à une personne allergique ?",
      "Quel agent de nettoyage puis-je utiliser ?",
      "Je ne veux pas parler à un humain",
      "Le service client est-il ouvert le samedi ?",
      "Où est mon colis ?",
    ],
  },
  Spanish: {
    yes: [
      "Quiero hablar con una persona",
      "¿Puedo hablar con alguien?",
      "agente por favor",
      "¡Humano!",
      "Necesito un agente",
      "páseme con un representante",
      "¿Me puede atender una persona?",
      "atención al cliente",
    ],
    no: [
      "¿Para cuántas personas es?",
      "Soy una persona real",
      "Alguien robó mi paquete",
      "Busco una lámpara para una persona con alergias",
      "Soy agente de viajes",
      "No quiero hablar con una persona",
      "¿Otra persona puede recoger el paquete?",
      "¿Dónde está mi pedido?",
    ],
  },
  Swedish: {
    yes: [
      "Jag vill prata med en människa",
      "Kan jag få tala med någon?",
      "kundtjänst tack",
      "Människa!",
      "Koppla mig till en medarbetare",
      "Jag vill chatta med en riktig person",
      "Kan jag få hjälp av en människa?",
    ],
    no: [
      "Hur många personer får plats?",
      "Jag är en riktig person",
      "Någon har stulit mitt paket",
      "Är lampan säker för en person med allergi?",
      "Jag vill inte prata med en människa",
      "När har kundtjänst öppet?",
      "När kommer mitt paket?",
    ],
  },
  Italian: {
    yes: [
      "Vorrei parlare con una persona",
      "Posso parlare con qualcuno?",
      "operatore per favore",
      "Umano!",
      "passatemi un operatore",
      "voglio una persona reale",
      "Mi passi un operatore",
    ],
    no: [
      "Per quante persone è adatta?",
      "Sono una persona reale",
      "Qualcuno ha rubato il mio pacco",
      "La lampada è sicura per una persona allergica?",
      "Non voglio parlare con una persona",
      "L’operatore mi ha detto di aspettare",
      "Dov'è il mio pacco?",
    ],
  },
  Portuguese: {
    yes: [
      "Quero falar com uma pessoa",
      "Posso falar com alguém?",
      "atendente por favor",
      "Humano!",
      "Preciso de um atendente",
      "gostaria de falar com um representante",
    ],
    no: [
      "Para quantas pessoas serve?",
      "Sou uma pessoa real",
      "Alguém roubou a minha encomenda",
      "A lâmpada é segura para uma pessoa com alergias?",
      "Não quero falar com uma pessoa",
      "Onde está o meu pedido?",
    ],
  },
  Dutch: {
    yes: [
      "Ik wil met een medewerker spreken",
      "Kan ik iemand spreken?",
      "medewerker alstublieft",
      "Mens!",
      "Kunt u mij doorverbinden met een medewerker?",
      "ik wil graag een echt persoon",
    ],
    no: [
      "Hoeveel personen passen eraan?",
      "Ik ben een echt persoon",
      "Iemand heeft mijn pakket gestolen",
      "Is de lamp veilig voor een persoon met allergie?",
      "Ik wil niet met een mens praten",
      "Waar is mijn pakket?",
    ],
  },
  Polish: {
    yes: [
      "Chcę rozmawiać z człowiekiem",
      "Czy mogę porozmawiać z kimś?",
      "konsultant proszę",
      "Człowiek!",
      "Proszę połączyć mnie z konsultantem",
      "potrzebuję konsultanta",
    ],
    no: [
      "Dla ilu osób jest ta lampa?",
      "Jestem prawdziwym człowiekiem",
      "Ktoś ukradł moją paczkę",
      "Czy lampa jest bezpieczna dla osoby z alergią?",
      "Nie chcę rozmawiać z człowiekiem",
      "Gdzie jest moja paczka?",
    ],
  },
  "Danish and Norwegian": {
    yes: ["Jeg vil gerne tale med et menneske", "Kan jeg snakke med noen?", "kundeservice takk"],
    no: ["Hvor mange personer er der plads til?", "Nogen har stjålet min pakke", "Hvor er pakken?"],
  },
  Finnish: {
    yes: [
      "Haluan puhua ihmisen kanssa",
      "ihminen kiitos",
      "Voinko jutella asiakaspalvelijan kanssa?",
    ],
    no: ["Kuinka monta ihmistä mahtuu?", "Missä pakettini on?"],
  },
  Icelandic: {
    yes: ["Ég vil tala við manneskju", "Get ég fengið að tala við einhvern?", "starfsmann takk"],
    no: ["Hvar er pakkinn minn?", "Hvað komast margir að borðinu?"],
  },
};

for (const [language, { yes, no }] of Object.entries(PERSON)) {
  Deno.test(`a customer who asks for a person in ${language} is understood`, () => {
    assert.deepEqual(yes.filter((text) => !wantsPerson(text)), []);
  });
  Deno.test(`who does not ask for a person in ${language} is not handed over`, () => {
    assert.deepEqual(no.filter((text) => wantsPerson(text)), []);
  });
}

const SMALL: Table = {
  yes: [
    "hi",
    "Hello!",
    "Hello there",
    "Hello there, I have two questions",
    "Hi, can you help me?",
    "hey 👋",
    "good morning",
    "Thanks!",
    "Thank you so much for your help",
    "ok thanks",
    "OK, great, that helps. Bye!",
    "👍",
    "Hallo",
    "Vielen Dank!",
    "Tschüss",
    "bonjour",
    "Merci beaucoup",
    "D’accord, merci",
    "Hola, buenos días",
    "muchas gracias",
    "Hej!",
    "Tack så mycket",
    "ciao",
    "Grazie mille",
    "olá",
    "obrigada",
    "hoi",
    "Dank je wel",
    "Dzień dobry",
    "dziękuję",
    "takk fyrir",
    "kiitos",
  ],
  no: [
    "hi, where is my parcel",
    "Hello, I want to return a lamp",
    "I have two questions about returns",
    "can you help me return it",
    "thanks but that is not what I asked",
    "ok and how long does it take?",
    "what",
    "???",
    "",
    "no",
    "you",
    "Hallo, wo ist mein Paket?",
    "merci mais où est mon colis",
    "hola, ¿dónde está mi pedido?",
    "hej, var är mitt paket",
    "good bulbs for the kitchen",
    "is the weather fine",
  ],
};

Deno.test("greetings, thanks and goodbyes are small talk", () => {
  assert.deepEqual(SMALL.yes.filter((text) => !isSmallTalk(text)), []);
});

Deno.test("a question is not small talk, however politely it begins", () => {
  assert.deepEqual(SMALL.no.filter((text) => isSmallTalk(text)), []);
});

Deno.test("small talk has a kind", () => {
  assert.equal(smallTalk("Hi there!"), "hello");
  assert.equal(smallTalk("ok, thank you"), "thanks");
  assert.equal(smallTalk("Thanks, bye!"), "bye");
  assert.equal(smallTalk("ok"), "fine");
});

const GIVES_UP: Table = {
  yes: [
    "I'm sorry, but I can't help with that.",
    "I can’t help you with this.",
    "I'm not able to look up individual orders.",
    "Unfortunately I am unable to cancel your order.",
    "I don't have access to your account.",
    "Please contact a human agent.",
    "Sorry. Please reach out to our support team.",
    "Let me connect you with a human agent.",
    "I'll transfer you to a colleague.",
    "As an AI, I cannot do that.",
    "That is beyond what I can do here.",
    "Only a human agent can change that.",
    "Dabei kann ich Ihnen leider nicht helfen.",
    "Ich kann dir da nicht weiterhelfen.",
    "Bitte wenden Sie sich an einen Mitarbeiter.",
    "Je ne peux malheureusement pas vous aider.",
    "Veuillez contacter un conseiller.",
    "Lo siento, no puedo ayudarte con eso.",
    "Tyvärr kan jag inte hjälpa dig med det.",
    "Jag kan tyvärr inte hjälpa till med det.",
    "Mi dispiace, non posso aiutarti.",
    "Não posso ajudar com isso.",
    "Daar kan ik je helaas niet mee helpen.",
    "Niestety nie mogę w tym pomóc.",
    "You'll need to speak to a human for that.",
    "I'm just an assistant and can't change your order.",
    "Ich kann Ihre Bestellung leider nicht ändern.",
    "Je ne peux pas modifier votre commande.",
    "No puedo cambiar tu pedido.",
    "Jag kan inte ändra din beställning.",
    "Non posso modificare il tuo ordine.",
    "Não posso alterar o seu pedido.",
    "Ik kan je bestelling niet wijzigen.",
    "Nie mogę zmienić zamówienia.",
  ],
  no: [
    "You can't return opened bulbs.",
    "We can't ship to the United States.",
    "We can't send orders outside Europe, and we can't deliver to PO boxes.",
    "If you are not able to be at home, the parcel goes to a pickup point.",
    "I found nothing about that in our help articles.",
    "I couldn't find anything about that.",
    "Contact us with the number of your latest order.",
    "Write to us at once, with your order number.",
    "Choose “Talk to a person” at any time.",
    "A person can help: choose “Talk to a person”.",
    "Our team speaks Swedish, English, German and Danish.",
    "Sie können geöffnete Leuchtmittel nicht zurückgeben.",
    "Nous ne pouvons pas livrer en Norvège.",
    "No puede devolver bombillas abiertas.",
    "Du kan inte lämna tillbaka öppnade lampor.",
    "Non può restituire lampadine aperte.",
    "Não pode devolver lâmpadas abertas.",
    "U kunt geopende lampen niet retourneren.",
    "Nie można zwrócić otwartych żarówek.",
  ],
};

Deno.test("an answer that gives up is noticed", () => {
  assert.deepEqual(GIVES_UP.yes.filter((text) => !cannotHelp(text)), []);
});

Deno.test("an answer that says what the customer or the company can't do has not given up", () => {
  assert.deepEqual(GIVES_UP.no.filter((text) => cannotHelp(text)), []);
});

Deno.test("a text made to be slow to read is read at once", () => {
  const long = [
    "please ",
    "bye ",
    "un ",
    "super ",
    "i want ",
    "talk to a ",
    "ich möchte mit ",
    "a",
  ];
  const started = performance.now();
  for (const text of long.map((word) => word.repeat(8_000 / word.length))) {
    assert.equal(wantsPerson(text), false);
    assert.equal(isSmallTalk(text), false);
    assert.equal(cannotHelp(text), false);
  }
  assert.ok(performance.now() - started < 2_000);
});
