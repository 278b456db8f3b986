/** How people ask for a person, language by language, without case and accents. */

/** How a language asks for a person: each entry is a list of words, with | between them. */
interface Words {
  /** Enough on their own ("agent please"), after a wish, and after a verb of contact. */
  readonly person: string;
  /** Mean a person only after a verb of contact ("speak to someone"). */
  readonly anyone: string;
  readonly before: string;
  readonly contact: string;
  readonly link: string;
  readonly wish: string;
  readonly polite: string;
  /** What may follow a wish; anything else makes it another one ("a person with allergies"). */
  readonly after: string;
  readonly order?: "verb last";
  readonly extra?: readonly RegExp[];
  readonly refuses?: RegExp;
}

export interface Tongue {
  readonly asks: readonly RegExp[];
  readonly refuses: RegExp | undefined;
}

function tongue(words: Words): Tongue {
  const { person, anyone, before, contact, link, wish, polite, after } = words;
  const one = `(?:(?:${before}) )*(?:${person})\\b`;
  const some = `(?:(?:${before}) )*(?:${person}|${anyone})\\b(?! (?:${NOT_A_PERSON}))`;
  const asks = [
    new RegExp(`^(?:(?:${polite}) )*${one}(?: (?:${polite}))*$`),
    new RegExp(`\\b(?:${wish}) ${one}(?:$| (?:${after})\\b)`),
    new RegExp(`\\b(?:${contact})(?: \\w+){0,2}? (?:${link}) ${some}`),
    ...(words.extra ?? []),
  ];
  if (words.order === "verb last") {
    asks.push(new RegExp(`\\b(?:${link}) ${some}(?: \\w+){0,4}? (?:${contact})\\b`));
  }
  return { asks, refuses: words.refuses };
}

const NOT_A_PERSON =
  "resources?|rights|number|numbers|id|code|fee|de viajes?|de voyages?|ressources";

/** One person in English, where no other can be meant ("someone" might be a courier). */
const ONE =
  "(?:a|an|any|some)(?: (?:real life|real|live|actual))? (?:person|human|agent|representative|employee|member of (?:the |your )?(?:staff|team))" +
  "|(?:real|live|actual) (?:people|person|humans?|agents?|representatives?)|(?:some|any)(?:one|body) (?:real|human)" +
  "|one of (?:your|the) (?:colleagues|team|staff|people|agents|employees)";

export const TONGUES: readonly Tongue[] = [
  tongue({ // English
    person: "person|human|humans|human being|agent|representative|rep|operator|advisor|adviser" +
      "|live chat|live support|human support|human help|human assistance|support agent|service agent|team member" +
      "|customer (?:service|support|care)(?: (?:agent|person|rep|representative))?|support person" +
      "|manager|supervisor|real people|member of (?:the |your )?(?:staff|team)|(?:some|any)(?:one|body) (?:real|human)",
    anyone:
      "someone|somebody|anyone|anybody|people|staff|employees?|colleagues?|your team|the team|one of you|one of the team" +
      "|support|(?:your |the )?support team",
    before:
      "a|an|the|your|any|some|one of your|one of the|real|real life|actual|live|human|proper|physical|living|support",
    contact:
      "talk|talking|speak|speaking|chat|chatting|complain|get in touch|get through|be connected|be transferred|get connected" +
      "|(?:connect|transfer|put|hand|pass|forward|escalate|switch|redirect) (?:me|us|this|this chat|my chat|my case)",
    link: "to|with|w|2",
    wish:
      "want|need|prefer|like|have|get me|give me|get|send me|find me|find|call|bring me|request|want to have",
    polite:
      "please|pls|plz|now|i want|i need|can i have|could i have|can i get|id like|i would like|give me|get me" +
      "|hi|hello|hey|asap|thanks|thank you|just|only|sorry|help|immediately|right|ok|no|i mean|there",
    after:
      "please|pls|now|here|instead|who|that can|not|right|today|asap|immediately|on|rather|because|since" +
      "|to (?:talk|speak|help|chat|answer|look|assist|call|contact|explain|handle|deal|take|reply|reach)|for this",
    extra: [
      new RegExp(
        `(?:^|\\b(?:can|could|let|have|please|want|need|like|get) )(?:${ONE}) (?:please )?(?:help|look|have a look|take a look|check|answer|assist|contact|reply|handle|take over|get back)\\b`,
      ),
      new RegExp(
        `\\b(?:want|like|prefer|rather|need|can i|could i|let me)(?: to)? deal(?:ing)? with (?:${ONE}|someone|somebody)\\b`,
      ),
      /\b(?:(?:get|give|find|bring) me|want|need) (?:some|any)(?:one|body) (?:real|human|(?:who|that) (?:(?:can|could|will|actually|really) )*(?:helps?|knows?|understands?|answers?|listens?|speaks?|thinks?|cares?|solves?))\b/,
      /\b(?:transfer|connect|redirect|forward) (?:me|us)(?: (?:please|pls|plz|now|over|asap))*$/,
      /\b(?:is|are) there (?:a|an|any|some) (?:real |live |actual )?(?:person|people|human|humans|agent|agents|one)\b(?: \w+)? (?:here|available|there|around|online|i can|we can|to talk|to speak)\b/,
      /\b(?:anyone|someone|somebody|anybody|person|human|agent) (?:i|we) (?:can|could) (?:talk|speak|chat|write) (?:to|with)\b/,
      /\b(?:dont|do not|wont|not|stop) (?:want to |wanna |like |like to )?(?:talk|talking|speak|speaking|chat|chatting|deal|dealing) (?:to|with) (?:a |an |this |the |your )?(?:stupid )?(?:bot|robot|machine|ai|computer|chatbot|program)\b/,
      /\bescalate (?:this|it|my)\b/,
      /\bput me through\b/,
      /\b(?:contact|reach|get hold of|message) (?:(?:a|an|some) (?:real |live |actual )?(?:person|human|agent|representative)|someone|somebody)\b/,
      /\b(?:can|could|get|have|let) (?:someone|somebody) from (?:(?:your|the) (?:\w+ )?team|(?:customer )?(?:service|support|care))\b/,
      /\bhelp from (?:a|an) (?:real |live |actual )?(?:person|human|agent|representative)\b/,
      /\b(?:get|bring|call) (?:me )?(?:a|one of your) colleagues?\b/,
      /\b(?:talk|speak) (?:to|with) (?:a |an |the )?(?:real|actual|live) one\b/,
    ],
    refuses:
      /\b(?:dont|do not|didnt|no need|wouldnt|rather not)\b(?!.*\b(?:bot|robot|machine|ai|computer|chatbot|program)\b)(?: \w+){0,5} (?:person|human|agent|representative|someone|anyone|anybody|operator)\b|\bdo i (?:need|have)\b|\bi (?:am|was) (?:talking|speaking)\b/,
  }),
  tongue({ // German
    order: "verb last",
    person:
      "mensch|menschen|person|mitarbeiter|mitarbeiterin|mitarbeitern|berater|beraterin|kundenberater|agent|agenten" +
      "|ansprechpartner|ansprechpartnerin|kundenservice|kundendienst|sachbearbeiter|support mitarbeiter|operator",
    anyone: "jemand|jemandem|jemanden|wem|leuten|ihnen personlich",
    before:
      "ein|eine|einen|einem|einer|der|die|den|dem|echte|echten|echter|echtem|richtige|richtigen|richtiger" +
      "|reale|realen|menschliche|menschlichen|menschlicher|lebenden|ihr|ihre|ihrem|ihren|eurem|euren",
    contact:
      "sprechen|spreche|reden|chatten|verbinde|verbinden|verbindet|weiterleiten|telefonieren|schreiben|kontakt|leiten|leite|unterhalten",
    link: "mit|an|zu",
    wish:
      "will|mochte|moechte|brauche|hatte gerne?|haette gerne?|wunsche mir|ich mag|gib mir|geben sie mir|bitte",
    polite: "bitte|jetzt|hallo|danke|sofort|ich will|ich mochte|ich brauche|kann ich",
    after: "bitte|sprechen|jetzt|der|die|haben|statt|und|kontaktieren|erreichen",
    extra: [
      /\b(?:jemanden|mitarbeiter|menschen|berater) (?:\w+ )?(?:sprechen|erreichen)\b/,
      /\bgibt es (?:hier )?(?:einen |eine |auch )*(?:echten |echte |richtigen )?(?:menschen|person|mitarbeiter)\b(?! (?:mit|die))/,
    ],
    refuses:
      /\b(?:mochte|will|muss|brauche) (?:ich )?(?:aber )?(?:nicht|kein|keine|keinen)\b|\bnicht mit (?:einem|einer|jemand)/,
  }),
  tongue({ // French
    person:
      "humain|etre humain|conseiller|conseillere|agent|operateur|operatrice|interlocuteur|vraie personne" +
      "|personne reelle|personne humaine|service client|responsable|representant",
    anyone: "personne|quelqu un|votre equipe",
    before: "un|une|le|la|l|vrai|vraie|votre|du|au|autre|a",
    contact:
      "parler|parle|discuter|joindre|contacter|echanger|relation|contact|transferer|transferez|passer|passez|connecter|mettez|chatter|communiquer",
    link: "a|au|avec|moi|joindre|contacter|vers",
    wish:
      "veux|voudrais|souhaite|souhaiterais|besoin d|aimerais|donnez moi|passez moi|je prefere|faut",
    polite:
      "s il vous plait|s il te plait|svp|stp|je veux|je voudrais|bonjour|merci|maintenant|vite|un|une",
    after: "s il|svp|stp|maintenant|pour m aider|pour me|qui|et|au telephone",
    refuses:
      /\bne (?:veux|souhaite|voudrais) (?:pas|plus)\b(?!.*\b(?:robot|bot|machine|ia)\b)|\bagent (?:de nettoyage|de voyages?|immobilier|nettoyant)/,
  }),
  tongue({ // Spanish
    person:
      "humano|humana|ser humano|persona|persona real|persona humana|agente|asesor|asesora|operador|operadora" +
      "|representante|ejecutivo|atencion al cliente|servicio al cliente|encargado",
    anyone: "alguien|su equipo",
    before: "un|una|el|la|algun|alguna|verdadero|verdadera|otra|otro|real",
    contact:
      "hablar|hable|charlar|chatear|comunicar|comunicarme|comunicame|comuniqueme|contactar|contacto|pasar|pasarme" +
      "|paseme|pasame|conectar|conectarme|conectame|transferir|transferirme|transfierame|atienda|atendido",
    link: "con|a|por|contactar",
    wish: "quiero|quisiera|necesito|prefiero|dame|deme|pongame con|busco|me gustaria",
    polite: "por favor|porfa|porfavor|quiero|necesito|hola|ya|ahora|gracias|un|una",
    after: "por favor|porfa|ya|ahora|que me|para hablar|y",
    extra: [/\b(?:atender|atienda|ayudar|ayude)(?:me)? (?:una persona|un humano|un agente)\b/],
    refuses:
      /\bno (?:quiero|necesito|deseo)\b(?!.*\b(?:robot|bot|maquina)\b)|\bagente (?:de viajes|de limpieza|inmobiliario)/,
  }),
  tongue({ // Swedish, Danish and Norwegian
    person:
      "manniska|person|handlaggare|medarbetare|kundtjanst|kundservice|agent|operator|menneske|medarbejder" +
      "|medarbeider|kundeservice|radgivare|saljare|kundebehandler",
    anyone: "nagon|nogen|noen|er|dere|jer|personal",
    before:
      "en|ett|et|riktig|riktigt|ekte|rigtig|rigtigt|levande|levende|verklig|faktisk|mansklig|menneskelig|er|din|eran",
    contact:
      "prata|tala|snacka|chatta|chatte|tale|snakke|prate|koppla|kopplas|koble|stille|stilles|kontakt|kontakta|kontakte|snakka|viderestille",
    link: "med|till|til|kontakta|kontakte|igennem til",
    wish:
      "vill ha|vill|behover|onskar|vil ha|vil gerne have|vil have|trenger|skulle vilja ha|ge mig|gi meg|giv mig|onsker",
    polite:
      "tack|snalla|takk|tak|hej|hei|nu|na|vanligen|jag vill ha|jag behover|jeg vil ha|vaer sa snill",
    after: "tack|nu|som kan|och|istallet|i stedet|takk|na|att prata",
    extra: [
      /\b(?:hjalp|hjelp|hjaelp) (?:av|fra) (?:en|et) (?:\w+ )?(?:manniska|person|medarbetare|menneske|medarbejder)\b/,
    ],
    refuses:
      /\b(?:vill|vil|behover|trenger) (?:jag |jeg )?(?:inte|ikke|icke)\b(?!.*\b(?:robot|bot|maskin)\b)/,
  }),
  tongue({ // Italian
    person:
      "umano|essere umano|persona|persona vera|persona reale|operatore|operatrice|agente|consulente|addetto|rappresentante|servizio clienti|assistente umano",
    anyone: "qualcuno|il vostro team",
    before: "un|una|uno|il|la|l|vero|vera|vostro|reale|altro|altra",
    contact:
      "parlare|parlo|chattare|passami|passatemi|passare|passarmi|contatto|contattare|mettermi|mettimi|mettetemi|collegami|collegarmi|trasferire|trasferirmi|trasferiscimi|comunicare",
    link: "con|a|ad|al|contattare|passami|passatemi",
    wish:
      "voglio|vorrei|mi serve|ho bisogno di|preferisco|preferirei|dammi|datemi|passami|passatemi|mi passi",
    polite:
      "per favore|perfavore|per piacere|voglio|vorrei|ciao|salve|grazie|subito|adesso|ora|un|una",
    after: "per favore|subito|adesso|ora|che mi|per parlare|e",
    refuses:
      /\bnon (?:voglio|vorrei|ho bisogno)\b(?!.*\b(?:robot|bot|macchina)\b)|\bagente (?:di viaggio|immobiliare)/,
  }),
  tongue({ // Portuguese
    person:
      "humano|humana|ser humano|pessoa|pessoa real|pessoa de verdade|atendente|agente|operador|operadora|representante|assistente humano|atendimento humano|apoio ao cliente|funcionario",
    anyone: "alguem|a equipa|a equipe",
    before: "um|uma|o|a|algum|alguma|verdadeiro|verdadeira|outra|outro|real",
    contact:
      "falar|falo|conversar|contato|contacto|contatar|contactar|passar|passe|passa|transferir|transfira|transfere|ligar|conectar|atendido|chat",
    link: "com|a|para|ao|por|contactar|contatar",
    wish: "quero|queria|gostaria de|preciso de|preciso|prefiro|me da|me de|quero um",
    polite: "por favor|pf|quero|preciso de|preciso|ola|oi|ja|agora|obrigado|obrigada|um|uma",
    after: "por favor|ja|agora|que me|para falar|e",
    refuses:
      /\bnao (?:quero|preciso|desejo)\b(?!.*\b(?:robo|bot|maquina)\b)|\bagente (?:de viagens?|imobiliario)/,
  }),
  tongue({ // Dutch
    order: "verb last",
    person:
      "mens|persoon|medewerker|medewerkster|klantenservice|agent|echt iemand|echt mens|operator|vertegenwoordiger|adviseur|servicemedewerker",
    anyone: "iemand|jullie",
    before: "een|de|het|echte|echt|menselijke|levende|n|van|jullie|andere",
    contact:
      "spreken|praten|praat|chatten|doorverbinden|doorverbonden|verbind|verbinden|contact|bellen|overleggen|gesprek",
    link: "met|aan|naar",
    wish: "wil|zou graag|wil graag|graag|heb|geef mij|geef me|mag ik|kan ik|nodig|liever|wens",
    polite: "alsjeblieft|alstublieft|aub|graag|ik wil|ik wil graag|hallo|hoi|nu|bedankt|een|mag ik",
    after: "spreken|alsjeblieft|alstublieft|aub|nodig|nu|aan de lijn|die me|die mij|in plaats",
    extra: [
      /\b(?:iemand|medewerker|mens|persoon) (?:van \w+ |\w+ )?(?:spreken|te spreken)\b/,
    ],
    refuses: /\b(?:wil|hoef|ben) (?:ik )?(?:niet|geen)\b(?!.*\b(?:robot|bot|machine)\b)/,
  }),
  tongue({ // Polish
    person:
      "czlowiek|czlowiekiem|czlowieka|osoba|osobe|osoby|konsultant|konsultantem|konsultanta|konsultantka|pracownik" +
      "|pracownikiem|pracownika|agent|agentem|agenta|doradca|doradcy|operator|operatorem|obsluga klienta|przedstawicielem|kims z obslugi",
    anyone: "kims|kogos|obsluga",
    before:
      "zywym|zywa|zywy|prawdziwym|prawdziwa|prawdziwy|prawdziwego|jakims|jakas|waszym|ludzkim|innym|inna",
    contact:
      "rozmawiac|porozmawiac|pogadac|pomowic|mowic|polaczyc|polacz|polaczcie|prosze o polaczenie|polaczenie|skontaktowac|kontakt|przelacz|przelaczyc|pisac|rozmowa|rozmowe",
    link: "z|ze|do|mnie z",
    wish: "chce|chcialbym|chcialabym|potrzebuje|poprosze|prosze o|wole|dajcie mi|daj mi",
    polite: "prosze|poprosze|chce|dzien dobry|czesc|teraz|dzieki|potrzebuje",
    after: "prosze|teraz|ktory|ktora|do pomocy|zamiast|z obslugi",
    refuses: /\bnie (?:chce|potrzebuje|musze)\b(?!.*\b(?:botem|robotem|maszyna)\b)/,
  }),
  tongue({ // Finnish
    person:
      "ihminen|ihmisen|ihmiselle|henkilo|henkilon|asiakaspalvelija|asiakaspalvelijan|asiakaspalvelu|asiakaspalveluun|asiakaspalvelijaan|agentti",
    anyone: "jonkun|jollekin|joku",
    before: "oikea|oikean|oikealle|elava|elavan|aidon",
    contact: "puhua|puhun|jutella|keskustella|chattailla|yhdista|yhteytta|kanssa puhua",
    link: "haluan|haluaisin|voinko|voisinko|saanko|minut",
    wish: "haluan|haluaisin|tarvitsen|pyydan",
    polite: "kiitos|ole hyva|hei|moi|nyt|haluan",
    after: "kiitos|nyt|apua",
    extra: [
      /\b(?:puhua|jutella|keskustella) (?:oikean |elavan )?(?:ihmisen|jonkun|henkilon|asiakaspalvelijan) kanssa\b/,
      /\b(?:ihmisen|jonkun|henkilon|asiakaspalvelijan) kanssa (?:puhua|jutella|keskustella)\b/,
    ],
  }),
  tongue({ // Icelandic
    person:
      "manneskja|manneskju|manneskjuna|starfsmann|starfsmanni|fulltrua|thjonustufulltrua|personu|mann eskju",
    anyone: "einhvern|einhverja|folk",
    before: "alvoru|raunverulega|raunverulegan|lifandi|adra|annan",
    contact: "tala|talad|spjalla|raeda|samband|tengja",
    link: "vid|i samband vid",
    wish: "vil|vil fa|thvi ad fa|tharf|get eg fengid|ma eg fa",
    polite: "takk|vinsamlegast|nuna|hallo|hae|gjorid svo vel",
    after: "takk|nuna|sem getur",
    refuses: /\bvil ekki\b/,
  }),
];
