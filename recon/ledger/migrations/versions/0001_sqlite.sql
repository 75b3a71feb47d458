-- The first shape of the ledger, frozen: what a ledger of this revision is, whatever the program becomes.

CREATE TABLE runs (
    id INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    command TEXT NOT NULL,
    version TEXT NOT NULL,
    settings TEXT NOT NULL,
    CONSTRAINT pk_runs PRIMARY KEY (id),
    CONSTRAINT ck_runs_started_at CHECK (started_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
) STRICT;

CREATE TABLE run_ends (
    run_id INTEGER NOT NULL,
    ended_at TEXT NOT NULL,
    status TEXT NOT NULL,
    CONSTRAINT pk_run_ends PRIMARY KEY (run_id),
    CONSTRAINT fk_run_ends_run_id FOREIGN KEY (run_id) REFERENCES runs (id),
    CONSTRAINT ck_run_ends_ended_at CHECK (ended_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
) STRICT;

CREATE TABLE sources (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    first_seen_run INTEGER NOT NULL,
    CONSTRAINT pk_sources PRIMARY KEY (name),
    CONSTRAINT fk_sources_first_seen_run FOREIGN KEY (first_seen_run) REFERENCES runs (id)
) STRICT;

CREATE TABLE answers (
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    method TEXT NOT NULL,
    url TEXT NOT NULL,
    params TEXT NOT NULL,
    status INTEGER,
    sha256 TEXT,
    size INTEGER NOT NULL,
    link TEXT NOT NULL,
    CONSTRAINT pk_answers PRIMARY KEY (seq),
    CONSTRAINT uq_answers_link UNIQUE (link),
    CONSTRAINT ck_answers_sha256 CHECK (length(sha256) = 64),
    CONSTRAINT ck_answers_link CHECK (length(link) = 64),
    CONSTRAINT ck_answers_at CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
) STRICT;

CREATE TABLE readings (
    id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    family TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    first_seq INTEGER,
    last_seq INTEGER,
    requests INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    new INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    vanished INTEGER NOT NULL,
    stated INTEGER,
    first_at TEXT,
    last_at TEXT,
    entry_cut INTEGER,
    error_kind TEXT,
    error_message TEXT,
    CONSTRAINT pk_readings PRIMARY KEY (id),
    CONSTRAINT fk_readings_run_id FOREIGN KEY (run_id) REFERENCES runs (id),
    CONSTRAINT fk_readings_source FOREIGN KEY (source) REFERENCES sources (name),
    CONSTRAINT ck_readings_status CHECK (status IN ('ok', 'failed')),
    CONSTRAINT ck_readings_started_at CHECK (started_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'),
    CONSTRAINT ck_readings_ended_at CHECK (ended_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'),
    CONSTRAINT ck_readings_first_at CHECK (first_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'),
    CONSTRAINT ck_readings_last_at CHECK (last_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
) STRICT;

CREATE INDEX ix_readings_source_stream ON readings (source, stream, id);

CREATE TABLE records (
    id INTEGER NOT NULL,
    reading_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    family TEXT NOT NULL,
    key TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    quantity TEXT NOT NULL,
    data TEXT NOT NULL,
    answer_seq INTEGER NOT NULL,
    pointer TEXT NOT NULL,
    CONSTRAINT pk_records PRIMARY KEY (id),
    CONSTRAINT uq_records_identity UNIQUE (source, family, key, occurrence, version),
    CONSTRAINT fk_records_reading_id FOREIGN KEY (reading_id) REFERENCES readings (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_records_answer_seq FOREIGN KEY (answer_seq) REFERENCES answers (seq),
    CONSTRAINT ck_records_key CHECK (length(key) = 64),
    CONSTRAINT ck_records_occurrence CHECK (occurrence >= 0),
    CONSTRAINT ck_records_version CHECK (version >= 1),
    CONSTRAINT ck_records_status CHECK (status IN ('settled', 'pending', 'vanished')),
    CONSTRAINT ck_records_quantity CHECK (trim(ltrim(quantity, '-'), '0123456789') IN ('', '.')
        AND (quantity GLOB '[1-9]*' OR quantity GLOB '-[1-9]*' OR quantity GLOB '0.*' OR quantity GLOB '-0.*' OR quantity = '0')
        AND (instr(quantity, '.') = 0 OR rtrim(quantity, '.0') = quantity)
        AND (length(quantity) <= 18 OR instr(ltrim(quantity, '-') || '.', '.') <= 19 AND length(quantity) - instr(quantity || '.', '.') <= 18)),
    CONSTRAINT ck_records_at CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
) STRICT;

CREATE INDEX ix_records_pending ON records (id) WHERE status = 'pending';

CREATE INDEX ix_records_reading_id ON records (reading_id);

CREATE TABLE entries (
    id INTEGER NOT NULL,
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    reverses INTEGER,
    hash TEXT NOT NULL,
    CONSTRAINT pk_entries PRIMARY KEY (id),
    CONSTRAINT uq_entries_source_seq UNIQUE (source, seq),
    CONSTRAINT fk_entries_record_id FOREIGN KEY (record_id) REFERENCES records (id),
    CONSTRAINT fk_entries_reverses FOREIGN KEY (reverses) REFERENCES entries (id),
    CONSTRAINT ck_entries_seq CHECK (seq >= 1),
    CONSTRAINT ck_entries_hash CHECK (length(hash) = 64),
    CONSTRAINT ck_entries_at CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
) STRICT;

CREATE INDEX ix_entries_record_id ON entries (record_id);

CREATE UNIQUE INDEX uq_entries_reverses ON entries (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE postings (
    entry_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    quantity TEXT NOT NULL,
    balance_after TEXT,
    CONSTRAINT pk_postings PRIMARY KEY (entry_id, account, asset),
    CONSTRAINT fk_postings_entry_id FOREIGN KEY (entry_id) REFERENCES entries (id),
    CONSTRAINT ck_postings_quantity CHECK (trim(ltrim(quantity, '-'), '0123456789') IN ('', '.')
        AND (quantity GLOB '[1-9]*' OR quantity GLOB '-[1-9]*' OR quantity GLOB '0.*' OR quantity GLOB '-0.*' OR quantity = '0')
        AND (instr(quantity, '.') = 0 OR rtrim(quantity, '.0') = quantity)
        AND (length(quantity) <= 18 OR instr(ltrim(quantity, '-') || '.', '.') <= 19 AND length(quantity) - instr(quantity || '.', '.') <= 18)),
    CONSTRAINT ck_postings_balance_after CHECK (trim(ltrim(balance_after, '-'), '0123456789') IN ('', '.')
        AND (balance_after GLOB '[1-9]*' OR balance_after GLOB '-[1-9]*' OR balance_after GLOB '0.*' OR balance_after GLOB '-0.*' OR balance_after = '0')
        AND (instr(balance_after, '.') = 0 OR rtrim(balance_after, '.0') = balance_after)
        AND (length(balance_after) <= 18 OR instr(ltrim(balance_after, '-') || '.', '.') <= 19 AND length(balance_after) - instr(balance_after || '.', '.') <= 18))
) WITHOUT ROWID, STRICT;

CREATE TABLE snapshots (
    id INTEGER NOT NULL,
    reading_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    at TEXT NOT NULL,
    total TEXT NOT NULL,
    locked TEXT NOT NULL,
    answer_seq INTEGER NOT NULL,
    pointer TEXT NOT NULL,
    CONSTRAINT pk_snapshots PRIMARY KEY (id),
    CONSTRAINT fk_snapshots_reading_id FOREIGN KEY (reading_id) REFERENCES readings (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_snapshots_answer_seq FOREIGN KEY (answer_seq) REFERENCES answers (seq),
    CONSTRAINT ck_snapshots_total CHECK (trim(ltrim(total, '-'), '0123456789') IN ('', '.')
        AND (total GLOB '[1-9]*' OR total GLOB '-[1-9]*' OR total GLOB '0.*' OR total GLOB '-0.*' OR total = '0')
        AND (instr(total, '.') = 0 OR rtrim(total, '.0') = total)
        AND (length(total) <= 18 OR instr(ltrim(total, '-') || '.', '.') <= 19 AND length(total) - instr(total || '.', '.') <= 18)),
    CONSTRAINT ck_snapshots_locked CHECK (trim(ltrim(locked, '-'), '0123456789') IN ('', '.')
        AND (locked GLOB '[1-9]*' OR locked GLOB '-[1-9]*' OR locked GLOB '0.*' OR locked GLOB '-0.*' OR locked = '0')
        AND (instr(locked, '.') = 0 OR rtrim(locked, '.0') = locked)
        AND (length(locked) <= 18 OR instr(ltrim(locked, '-') || '.', '.') <= 19 AND length(locked) - instr(locked || '.', '.') <= 18)),
    CONSTRAINT ck_snapshots_at CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
) STRICT;

CREATE INDEX ix_snapshots_reading_id ON snapshots (reading_id);

CREATE TABLE break_events (
    id INTEGER NOT NULL,
    break_id TEXT NOT NULL,
    run_id INTEGER NOT NULL,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    facts TEXT NOT NULL,
    CONSTRAINT pk_break_events PRIMARY KEY (id),
    CONSTRAINT fk_break_events_run_id FOREIGN KEY (run_id) REFERENCES runs (id),
    CONSTRAINT ck_break_events_event CHECK (event IN ('opened', 'changed', 'cleared', 'reopened')),
    CONSTRAINT ck_break_events_at CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
) STRICT;
