/** The tables, as numbered migrations: the n-th one takes a file from version n-1 to n. */
import type { DatabaseSync } from "node:sqlite";

const PEOPLE = `
  CREATE TABLE customers (
    rowId INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT UNIQUE COLLATE NOCASE,
    passwordHash TEXT,
    createdAt INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    passwordHash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'agent')),
    status TEXT NOT NULL CHECK (status IN ('available', 'busy', 'offline')),
    chosen TEXT NOT NULL CHECK (chosen IN ('available', 'busy', 'offline')),
    away INTEGER NOT NULL DEFAULT 0,
    capacity INTEGER NOT NULL,
    carrying INTEGER NOT NULL DEFAULT 0,
    idleSince INTEGER NOT NULL,
    presentUntil INTEGER NOT NULL,
    createdAt INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX agentsByName ON agents (name COLLATE NOCASE, id);
  CREATE INDEX agentsFree ON agents (carrying, idleSince, id) WHERE status = 'available';
  CREATE INDEX agentsShown ON agents (presentUntil) WHERE status <> 'offline';
  CREATE INDEX agentsCarrying ON agents (presentUntil) WHERE carrying > 0;

  CREATE TABLE signIns (
    id TEXT PRIMARY KEY,
    side TEXT NOT NULL CHECK (side IN ('user', 'agent')),
    accountId TEXT NOT NULL,
    expiresAt INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX signInsOfAccount ON signIns (side, accountId);
  CREATE INDEX signInsByExpiry ON signIns (expiresAt);

  CREATE TABLE vouchers (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    "grant" TEXT NOT NULL,
    expiresAt INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX vouchersByExpiry ON vouchers (expiresAt);
`;

const CONVERSATIONS = `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    userId TEXT NOT NULL REFERENCES customers (id),
    userName TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('ai', 'human')),
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    waitingSince INTEGER,
    assignedAgent TEXT,
    agentName TEXT,
    createdAt INTEGER NOT NULL,
    lastActivity INTEGER NOT NULL,
    closedAt INTEGER,
    silentUntil INTEGER,
    rating INTEGER,
    ratingComment TEXT,
    epoch INTEGER NOT NULL DEFAULT 1,
    lastSeq INTEGER NOT NULL DEFAULT 0,
    spokenSeq INTEGER NOT NULL DEFAULT 0, -- of the last message that is no system line
    askedSeq INTEGER NOT NULL DEFAULT 0,
    answeredSeq INTEGER NOT NULL DEFAULT 0,
    repliedSeq INTEGER NOT NULL DEFAULT 0, -- of the last message by an agent: who replies has read what is above
    subject TEXT,
    misses INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    answerId TEXT,
    answerText TEXT,
    answerUntil INTEGER,
    userSeenSeq INTEGER,
    userSeenAt INTEGER,
    agentSeenSeq INTEGER,
    agentSeenAt INTEGER,
    userTyping INTEGER,
    agentTyping INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX sessionsOpen ON sessions (userId) WHERE status = 'open';
  CREATE INDEX sessionsOfCustomer ON sessions (userId, createdAt, id);
  CREATE INDEX sessionsCarried ON sessions (assignedAgent, lastActivity, id) WHERE status = 'open';
  CREATE INDEX sessionsServed ON sessions (mode, lastActivity, id)
    WHERE status = 'open' AND waitingSince IS NULL;
  CREATE INDEX sessionsWaiting ON sessions (waitingSince, id) WHERE waitingSince IS NOT NULL;
  CREATE INDEX sessionsClosed ON sessions (lastActivity, id) WHERE status = 'closed';
  CREATE INDEX sessionsSilent ON sessions (silentUntil) WHERE silentUntil IS NOT NULL;
  CREATE INDEX sessionsUnanswered ON sessions (lastActivity, id)
    WHERE status = 'open' AND mode = 'ai' AND askedSeq > answeredSeq;

  CREATE TABLE messages (
    rowId INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: the search index counts by it
    id TEXT NOT NULL,
    sessionId TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    sender TEXT NOT NULL CHECK (sender IN ('user', 'agent', 'ai', 'system')),
    senderId TEXT,
    senderName TEXT NOT NULL,
    text TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    clientId TEXT,
    sources TEXT,
    UNIQUE (sessionId, seq)
  ) STRICT;
  CREATE UNIQUE INDEX messagesByClientId ON messages (sessionId, clientId) WHERE clientId IS NOT NULL;

  CREATE TABLE events (
    rowId INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    sessionId TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX eventsOfSession ON events (sessionId);

  CREATE TRIGGER messageCounts AFTER INSERT ON messages BEGIN
    UPDATE sessions SET
      lastSeq = max(lastSeq, new.seq),
      lastActivity = max(lastActivity, new.timestamp),
      spokenSeq = iif(new.sender = 'system', spokenSeq, new.seq),
      askedSeq = iif(new.sender = 'user', new.seq, askedSeq),
      answeredSeq = iif(new.sender = 'agent', new.seq, answeredSeq),
      repliedSeq = iif(new.sender = 'agent', new.seq, repliedSeq),
      subject = ifnull(subject, iif(new.sender = 'user', substr(new.text, 1, 200), NULL))
    WHERE id = new.sessionId;
    -- apart, since most messages change none of these, and naming them costs an index and a trigger each
    UPDATE sessions SET silentUntil = NULL
    WHERE id = new.sessionId AND silentUntil IS NOT NULL AND new.sender = 'user';
    UPDATE sessions SET userTyping = NULL
    WHERE id = new.sessionId AND userTyping IS NOT NULL AND new.sender = 'user';
    UPDATE sessions SET agentTyping = NULL
    WHERE id = new.sessionId AND agentTyping IS NOT NULL AND new.sender = 'agent';
  END;
`;

/** Contentless: only the words are kept. People are indexed at once, messages when somebody searches. */
const SEARCH = `
  CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT INTO marks VALUES ('indexed', 0);
  CREATE TABLE room (filler BLOB) STRICT;

  CREATE VIRTUAL TABLE messageWords USING fts5 (
    text, content = '', contentless_delete = 1, prefix = '2 3',
    tokenize = "unicode61 remove_diacritics 2"
  );
  CREATE TRIGGER messageForgotten AFTER DELETE ON messages BEGIN
    DELETE FROM messageWords WHERE rowid = old.rowId;
  END;

  CREATE VIRTUAL TABLE customerWords USING fts5 (
    name, email, content = '', contentless_delete = 1, prefix = '2 3',
    tokenize = "unicode61 remove_diacritics 2"
  );
  CREATE TRIGGER customerAdded AFTER INSERT ON customers BEGIN
    INSERT INTO customerWords (rowid, name, email) VALUES (new.rowId, new.name, new.email);
  END;
  CREATE TRIGGER customerChanged AFTER UPDATE OF name, email ON customers BEGIN
    UPDATE customerWords SET name = new.name, email = new.email WHERE rowid = new.rowId;
  END;
  CREATE TRIGGER customerForgotten AFTER DELETE ON customers BEGIN
    DELETE FROM customerWords WHERE rowid = old.rowId;
  END;
`;

/** Triggers, so that a row put in by hand is announced like any other. */
const CHANGES = `
  CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- without holes: a reader sees by one that it came too late
    kind TEXT NOT NULL,
    ref TEXT NOT NULL DEFAULT '',
    messageId TEXT
  ) STRICT;
  CREATE TRIGGER changesPruned AFTER INSERT ON changes WHEN new.id % 1000 = 0 BEGIN
    DELETE FROM changes WHERE id <= new.id - 20000;
  END;

  CREATE TRIGGER messageAnnounced AFTER INSERT ON messages BEGIN
    INSERT INTO changes (kind, ref, messageId) VALUES ('message', new.sessionId, new.id);
  END;

  CREATE TRIGGER sessionAdded AFTER INSERT ON sessions BEGIN
    INSERT INTO changes (kind, ref) VALUES ('session', new.id);
  END;
  CREATE TRIGGER sessionChanged AFTER UPDATE OF
    userName, mode, status, waitingSince, assignedAgent, agentName, rating, ratingComment,
    answerId, answerText, userSeenSeq, agentSeenSeq, userTyping, agentTyping ON sessions
  WHEN (
    old.userName, old.mode, old.status, old.waitingSince, old.assignedAgent, old.agentName,
    old.rating, old.ratingComment, old.answerId, old.answerText, old.userSeenSeq, old.agentSeenSeq,
    old.userTyping, old.agentTyping
  ) IS NOT (
    new.userName, new.mode, new.status, new.waitingSince, new.assignedAgent, new.agentName,
    new.rating, new.ratingComment, new.answerId, new.answerText, new.userSeenSeq, new.agentSeenSeq,
    -- a typing that ends is told by the message that ended it
    ifnull(new.userTyping, old.userTyping), ifnull(new.agentTyping, old.agentTyping)
  ) BEGIN
    INSERT INTO changes (kind, ref) VALUES ('session', new.id);
  END;
  CREATE TRIGGER sessionForgotten AFTER DELETE ON sessions BEGIN
    INSERT INTO changes (kind, ref) VALUES ('session', old.id);
  END;

  CREATE TRIGGER queueJoined AFTER INSERT ON sessions WHEN new.waitingSince IS NOT NULL BEGIN
    INSERT INTO changes (kind) VALUES ('queue');
  END;
  CREATE TRIGGER queueMoved AFTER UPDATE OF waitingSince ON sessions
  WHEN old.waitingSince IS NOT new.waitingSince BEGIN
    INSERT INTO changes (kind) VALUES ('queue');
  END;
  CREATE TRIGGER queueLeft AFTER DELETE ON sessions WHEN old.waitingSince IS NOT NULL BEGIN
    INSERT INTO changes (kind) VALUES ('queue');
  END;

  CREATE TRIGGER agentAdded AFTER INSERT ON agents BEGIN
    INSERT INTO changes (kind, ref) VALUES ('agent', new.id);
  END;
  CREATE TRIGGER agentChanged AFTER UPDATE OF
    name, role, status, chosen, capacity, carrying ON agents
  WHEN (old.name, old.role, old.status, old.chosen, old.capacity, old.carrying)
    IS NOT (new.name, new.role, new.status, new.chosen, new.capacity, new.carrying) BEGIN
    INSERT INTO changes (kind, ref) VALUES ('agent', new.id);
  END;

  CREATE TRIGGER signInEnded AFTER DELETE ON signIns BEGIN
    INSERT INTO changes (kind, ref) VALUES ('sign_in', old.id);
  END;
`;

/**
 * A session's messages are kept under its number, which takes a tenth of its id's room in two indexes. Whoever appends
 * counts (see tallies.ts), and readers follow the messages themselves; a row put in by hand is counted here.
 */
const NUMBERED = `
  ALTER TABLE sessions ADD COLUMN number INTEGER;
  UPDATE sessions SET number = rowid;
  CREATE UNIQUE INDEX sessionsByNumber ON sessions (number);

  CREATE TABLE numbered (
    rowId INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: readers and the search index count by it
    id TEXT NOT NULL,
    session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    sender TEXT NOT NULL CHECK (sender IN ('user', 'agent', 'ai', 'system')),
    senderId TEXT,
    senderName TEXT NOT NULL,
    text TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    clientId TEXT,
    sources TEXT,
    counted INTEGER, -- 1 for a row whose writer has seen to what the trigger would do
    UNIQUE (session, seq)
  ) STRICT;
  INSERT INTO numbered
    SELECT m.rowId, m.id, s.number, m.seq, m.sender, m.senderId, m.senderName, m.text, m.timestamp,
      m.clientId, m.sources, 1
    FROM messages m JOIN sessions s ON s.id = m.sessionId ORDER BY m.rowId;
  DELETE FROM sqlite_sequence WHERE name = 'numbered'; -- rowIds go on where they were
  UPDATE sqlite_sequence SET name = 'numbered' WHERE name = 'messages';
  DROP TRIGGER messageForgotten; -- or dropping the table would empty the search index
  DROP TABLE messages;
  ALTER TABLE numbered RENAME TO messages;
  CREATE UNIQUE INDEX messagesByClientId ON messages (session, clientId) WHERE clientId IS NOT NULL;

  CREATE TRIGGER messageForgotten AFTER DELETE ON messages BEGIN
    DELETE FROM messageWords WHERE rowid = old.rowId;
  END;
  CREATE TRIGGER messageCounts AFTER INSERT ON messages WHEN new.counted IS NULL BEGIN
    UPDATE sessions SET
      lastSeq = max(lastSeq, new.seq),
      lastActivity = max(lastActivity, new.timestamp),
      spokenSeq = iif(new.sender = 'system', spokenSeq, new.seq),
      askedSeq = iif(new.sender = 'user', new.seq, askedSeq),
      answeredSeq = iif(new.sender = 'agent', new.seq, answeredSeq),
      repliedSeq = iif(new.sender = 'agent', new.seq, repliedSeq),
      subject = ifnull(subject, iif(new.sender = 'user', substr(new.text, 1, 200), NULL)),
      silentUntil = iif(new.sender = 'user', NULL, silentUntil),
      userTyping = iif(new.sender = 'user', NULL, userTyping),
      agentTyping = iif(new.sender = 'agent', NULL, agentTyping)
    WHERE number = new.session;
  END;

  DELETE FROM changes WHERE kind = 'message';
  ALTER TABLE changes DROP COLUMN messageId;
`;

/** By hand, sessions are put in without a number, and deleted without their messages: nobody else may get those. */
const BY_HAND = `
  CREATE TRIGGER sessionNumbered AFTER INSERT ON sessions WHEN new.number IS NULL BEGIN
    UPDATE sessions SET number = 1 + max(
      (SELECT ifnull(max(number), 0) FROM sessions), (SELECT ifnull(max(session), 0) FROM messages)
    ) WHERE id = new.id;
  END;
`;

const TRIES = `
  CREATE TABLE tries (
    id TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    until INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX triesByEnd ON tries (until);
`;

const MIGRATIONS: readonly string[] = [
  PEOPLE + CONVERSATIONS + SEARCH + CHANGES,
  NUMBERED + BY_HAND,
  TRIES,
];

/** Brings the file to the newest version, or to that of `to`; of several processes that start at once one does it. */
export function migrate(db: DatabaseSync, to = MIGRATIONS.length): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    const version = versionOf(db);
    if (version > MIGRATIONS.length) {
      throw new Error(`The data file has version ${version}, written by a newer Handoff than this`);
    }
    for (const migration of MIGRATIONS.slice(version, to)) db.exec(migration);
    db.exec(`PRAGMA user_version = ${Math.max(version, to)}`);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

const versionOf = (db: DatabaseSync): number =>
  Number(db.prepare("PRAGMA user_version").get()?.user_version);
