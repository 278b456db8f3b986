/** Small talk, and how a model gives up, in the languages of `tongues.ts`, without case and accents. */

const PHRASES: Readonly<Record<"hello" | "thanks" | "bye" | "fine", string>> = {
  hello:
    "hello|helo|hi|hiya|hey|heya|good (?:morning|afternoon|evening|day)|morning|greetings|howdy|how are you(?: doing)?(?: today)?" +
    "|(?:i have|ive got|ive) (?:a|another|one|two|three|some|a few|a couple of) (?:quick |more )?(?:questions?|things to ask)" +
    "|(?:can|could) you help(?: me)?(?: with (?:something|a question))?" +
    "|hallo|guten (?:tag|morgen|abend)|moin|servus|gruss gott|gruezi|bonjour|bonsoir|salut|coucou|hola|buenas|buenos dias|buenas (?:tardes|noches)" +
    "|hej|hejsan|tja|tjena|god (?:morgon|dag|kvall|morgen|aften)|hei|ciao|salve|buongiorno|buonasera|buon giorno|ola|oi|bom dia|boa (?:tarde|noite)" +
    "|hoi|goedemorgen|goedemiddag|goedenavond|goedendag|dag|czesc|dzien dobry|dobry wieczor|witam|siema|hae|saell|saelar|godan dag(?:inn)?|moi|terve|paivaa",
  thanks:
    "thanks|thank (?:you|u)|thx|ty|tysm|cheers|much appreciated|many thanks|appreciate it|danke(?: schon| sehr)?|vielen dank|herzlichen dank|dank(?:e)? dir|besten dank" +
    "|merci(?: beaucoup)?|merci bien|gracias|muchas gracias|mil gracias|tack(?: sa mycket)?|tusen tack|tackar|tak|mange tak|takk(?: skal du ha| fyrir)?|tusen takk" +
    "|grazie(?: mille)?|molte grazie|obrigad[oa]|muito obrigad[oa]|valeu|bedankt|dank(?: je| u)?(?: wel)?|hartelijk dank|dankjewel|dankuwel|dziekuje(?: bardzo)?|dzieki|kiitos",
  bye:
    "bye|goodbye|good bye|see (?:you|ya)(?: later)?|good night|have a (?:nice|good|great|lovely) (?:day|evening|night|weekend|one)|take care|farewell|cya" +
    "|tschuss|tschuess|auf wiedersehen|bis (?:bald|dann|spater)|schonen tag(?: noch)?|gute nacht|au revoir|bonne (?:journee|soiree|nuit)|a bientot|a plus|adios|hasta (?:luego|pronto|la vista)|chao|chau" +
    "|hej da|hejda|vi ses|ha det(?: bra)?|farvel|god natt|arrivederci|a presto|buona (?:giornata|serata|notte)|adeus|tchau|ate (?:logo|breve)" +
    "|doei|tot ziens|fijne dag(?: nog)?|do widzenia|na razie|pa|milego dnia|bless|nakemiin",
  fine:
    "ok|okay|okey|okej|oki|k|kk|alright|all right|fine|great|perfect|super|cool|nice|lovely|wonderful|excellent|awesome|brilliant|good|got it|i see|understood|sure|noted" +
    "|that (?:helps|helped|works|was helpful)|thats (?:all|it|great|perfect|good|fine|helpful)(?: for now)?|very helpful|all good|no (?:problem|worries)|that is all|nothing else|sounds good|youre welcome" +
    "|alles klar|gut|prima|toll|verstanden|passt|in ordnung|d accord|parfait|tres bien|entendu|ca marche|vale|perfecto|muy bien|de acuerdo|entendido|genial" +
    "|bra|toppen|jattebra|fint|perfekt|flott|fedt|va bene|perfetto|capito|benissimo|certo|tudo bem|perfeito|otimo|entendi|esta bem|ta bom|goed|begrepen|oke|dobrze|swietnie|rozumiem|jasne|hyva|selva",
};

/** Words that may stand around small talk without making it a question. */
const AROUND =
  "there|all|everyone|everybody|team|guys|again|so much|very much|a lot|you|and|then|for (?:your|the|all your) (?:help|answer|time|quick (?:help|answer|reply))|for (?:now|helping)" +
  "|no|yes|well|oh|ah|dear|sir|madam|zusammen|und|et|y|och|og|e|en|i|a tous|beaucoup|bardzo|mycket|tanto|mille|fur (?:die|ihre|deine) hilfe|pour votre aide|por (?:su|tu|la|a sua) ayuda|pela ajuda|for hjalpen|per l aiuto|voor (?:je|uw|de) hulp|za pomoc";

const anyOf = (phrases: string) => new RegExp(`(?:^| )(?:${phrases})(?= |$)`);
/** What one text of small talk says. */
export const SAYS = {
  hello: anyOf(PHRASES.hello),
  thanks: anyOf(PHRASES.thanks),
  bye: anyOf(PHRASES.bye),
} as const;
const SAYINGS = Object.values(PHRASES).join("|");
export const ONLY_SMALL_TALK = new RegExp(
  `^(?=(?:.* )?(?:${SAYINGS})(?: |$))(?:(?:${SAYINGS}|${AROUND})(?: |$))+$`,
);

const HUMAN =
  "(?:human|person|agent|representative|colleague|specialist|advisor|adviser|operator|teammate|team|support|customer (?:service|support|care)|member of)";

/** A model says, in one of these ways, that it can't help or that it calls a person. */
export const GIVES_UP: readonly RegExp[] = [
  // English. Only the first person: "You can't return …" and "We can't ship …" are answers.
  /\bi (?:really |simply |just )?(?:cant|cannot|can not|am not able to|am unable to|wont be able to|will not be able to|am not (?:allowed|authori[sz]ed|permitted) to|do not have the ability to|dont have the ability to) (?:\w+ )?(?:help|assist|answer|do|handle|process|access|look|check|see|view|change|cancel|resolve|complete|perform|arrange|issue|make|update|modify|track|give)\b/,
  /\b(?:im|i m) (?:sorry but |afraid |currently |still )?(?:not able|unable|not (?:allowed|authori[sz]ed|permitted)) to (?!find|locate)\w+/,
  /\bwe (?:cant|cannot|are unable to) (?:help|assist) (?:you )?with (?:that|this)\b/,
  /\b(?:unable|not able) to (?:help|assist)\b/,
  /\bi (?:dont|do not) have access to\b/,
  /\bim (?:just|only) an? (?:\w+ )?assistant\b/,
  /\bas an ai\b.*\bi (?:cant|cannot|dont|do not|am not)\b/,
  /\b(?:beyond|outside)(?: of)? (?:my|what i)\b/,
  new RegExp(`\\bonly an? (?:\\w+ )?${HUMAN}\\b.* can\\b`),
  new RegExp(
    `\\byou(?:ll| will| would)? (?:need|have) to (?:speak|talk|chat) (?:to|with) (?:an?|our|the|one of our) (?:\\w+ )?${HUMAN}\\b`,
  ),
  new RegExp(
    `\\b(?:i ?ll|i will|ill|let me|i am|im|i can|going to) (?:now )?(?:connect|connecting|transfer|transferring|hand|handing|pass|passing|forward|forwarding|escalate|escalating|put|putting|get|getting|refer|referring)\\b.* (?:to|with|through to|you) (?:an?|our|the|one of our|another) (?:\\w+ )?${HUMAN}`,
  ),
  // German
  /\bkann ich (?:\w+ ){0,4}nicht (?:weiter|be|weiterhelfen|\w+ )?\s?(?:helfen|weiterhelfen|antworten|beantworten|behilflich)/,
  /\bich kann (?:\w+ ){0,5}nicht (?:\w+ )?(?:helfen|weiterhelfen|beantworten|bearbeiten|einsehen|andern|stornieren|veranlassen)/,
  /\bich bin (?:\w+ )?nicht in der lage\b/,
  /\bich (?:verbinde|leite) (?:sie|dich|ihre anfrage)\b/,
  // French
  /\bje ne (?:peux|puis) (?:\w+ )?pas (?:\w+ ){0,2}(?:aider|repondre|traiter|acceder|assister|modifier|changer|annuler)/,
  /\bje ne suis (?:\w+ )?pas (?:en mesure|capable)\b/,
  /\bje (?:vais )?(?:vous|te) (?:mets|mettre|transfere|transferer) (?:en relation|en contact|a|vers)\b/,
  // Spanish
  /\bno puedo (?:\w+ )?(?:ayudar\w*|responder|procesar|acceder|asistir\w*|cambiar|modificar|cancelar)\b/,
  /\bno (?:me es posible|soy capaz de|estoy (?:autorizado|capacitado))\b/,
  /\b(?:te|le|lo) (?:conecto|paso|transfiero|pondre|comunico|voy a (?:pasar|transferir|conectar)) (?:\w+ ){0,2}(?:con|a)\b/,
  // Swedish
  /\bjag kan (?:\w+ )?inte (?:\w+ )?(?:hjalpa|svara|besvara|hantera|andra|avboka)/,
  /\bkan jag (?:\w+ )?inte (?:hjalpa|svara|besvara)/,
  /\bjag har inte mojlighet\b/,
  /\bjag (?:kopplar|slussar) (?:dig|er)\b/,
  // Italian
  /\bnon posso (?:\w+ )?(?:aiutar\w*|risponder\w*|assister\w*|accedere|modificare|cambiare|annullare)\b/,
  /\bnon sono in grado\b/,
  /\b(?:ti|la|vi) (?:metto in contatto|trasferisco|passo|collego)\b/,
  // Portuguese
  /\bnao (?:posso|consigo) (?:\w+ )?(?:ajud\w*|responder|processar|aceder|acessar|alterar|mudar|cancelar)\b/,
  /\bnao (?:sou capaz|estou autorizado|me e possivel)\b/,
  /\bvou (?:te |o |a )?(?:transferir|passar|encaminhar|ligar)\b/,
  // Dutch
  /\bik kan (?:\w+ ){0,4}niet (?:\w+ )?(?:helpen|beantwoorden|assisteren|verwerken|wijzigen|annuleren)/,
  /\bkan ik (?:\w+ ){0,4}niet (?:\w+ )?(?:helpen|beantwoorden)/,
  /\bik ben niet in staat\b/,
  /\bik (?:verbind|schakel) (?:je|u)\b/,
  // Polish
  /\bnie (?:moge|jestem w stanie|potrafie) (?:\w+ ){0,3}(?:pomoc|odpowiedziec|zrealizowac|obsluzyc|zmienic|anulowac)/,
  /\b(?:polacze|przelacze) (?:cie|pana|pania|z)\b/,
];

/** It sends the customer to a person: with an article behind it, that is what the article says to do. */
export const SENDS_ON: readonly RegExp[] = [
  new RegExp(
    `\\bplease (?:contact|reach out to|speak (?:to|with)|talk (?:to|with)|get in touch with|ask) (?:an?|our|the|your|one of our) (?:\\w+ )?${HUMAN}\\b`,
  ),
  /\bwenden sie sich (?:\w+ )?an (?:einen|eine|unser|unsere|unseren|den|das) (?:\w+ )?(?:mitarbeiter|menschen|kundenservice|kundendienst|support|kollegen|team)/,
  /\b(?:veuillez|merci de|je vous invite a) contacter (?:un|une|notre|le) (?:\w+ )?(?:agent|conseiller|conseillere|service client|humain|personne|equipe|support)/,
  /\b(?:contacte|contacta|contactar|comuniquese|comunicate|hable|habla) (?:con|a) (?:un|una|nuestro|el|la|nuestra) (?:\w+ )?(?:agente|humano|persona|representante|asesor|servicio|atencion|equipo)/,
  /\bkontakta (?:var|en|vara) (?:\w+ )?(?:kundtjanst|medarbetare|person|manniska|support|kollega)/,
  /\bcontatt(?:a|are|ate|i) (?:un|una|il|nostro|il nostro) (?:\w+ )?(?:operatore|operatrice|agente|servizio|persona|umano|assistenza|consulente)/,
  /\bentre em conta(?:c)?to com (?:um|uma|o|a|nosso|nossa|o nosso) (?:\w+ )?(?:atendente|agente|pessoa|humano|equip[ae]|suporte|apoio|atendimento)/,
  /\bneem contact op met (?:een|onze|de) (?:\w+ )?(?:medewerker|klantenservice|persoon|mens|collega|team)/,
  /\bskontaktuj(?:cie)? sie z (?:\w+ )?(?:konsultantem|pracownikiem|doradca|agentem|czlowiekiem|obsluga|osoba)/,
];
