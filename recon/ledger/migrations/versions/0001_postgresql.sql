-- The first shape of the ledger, frozen: what a ledger of this revision is, whatever the program becomes.

CREATE TABLE runs (
    id BIGINT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    command TEXT NOT NULL,
    version TEXT NOT NULL,
    settings TEXT NOT NULL,
    CONSTRAINT pk_runs PRIMARY KEY (id)
);

CREATE TABLE run_ends (
    run_id BIGINT NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT NOT NULL,
    CONSTRAINT pk_run_ends PRIMARY KEY (run_id),
    CONSTRAINT fk_run_ends_run_id FOREIGN KEY (run_id) REFERENCES runs (id)
);

CREATE TABLE sources (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    first_seen_run BIGINT NOT NULL,
    CONSTRAINT pk_sources PRIMARY KEY (name),
    CONSTRAINT fk_sources_first_seen_run FOREIGN KEY (first_seen_run) REFERENCES runs (id)
);

CREATE TABLE answers (
    seq BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    method TEXT NOT NULL,
    url TEXT NOT NULL,
    params TEXT NOT NULL,
    status BIGINT,
    sha256 TEXT,
    size BIGINT NOT NULL,
    link TEXT NOT NULL,
    CONSTRAINT pk_answers PRIMARY KEY (seq),
    CONSTRAINT uq_answers_link UNIQUE (link),
    CONSTRAINT ck_answers_sha256 CHECK (length(sha256) = 64),
    CONSTRAINT ck_answers_link CHECK (length(link) = 64)
);

CREATE TABLE readings (
    id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    family TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    first_seq BIGINT,
    last_seq BIGINT,
    requests BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    new BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    vanished BIGINT NOT NULL,
    stated BIGINT,
    first_at TIMESTAMP WITH TIME ZONE,
    last_at TIMESTAMP WITH TIME ZONE,
    entry_cut BIGINT,
    error_kind TEXT,
    error_message TEXT,
    CONSTRAINT pk_readings PRIMARY KEY (id),
    CONSTRAINT fk_readings_run_id FOREIGN KEY (run_id) REFERENCES runs (id),
    CONSTRAINT fk_readings_source FOREIGN KEY (source) REFERENCES sources (name),
    CONSTRAINT ck_readings_status CHECK (status IN ('ok', 'failed'))
);

CREATE INDEX ix_readings_source_stream ON readings (source, stream, id);

CREATE TABLE records (
    id BIGINT NOT NULL,
    reading_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    family TEXT NOT NULL,
    key TEXT NOT NULL,
    occurrence BIGINT NOT NULL,
    version BIGINT NOT NULL,
    status TEXT NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    quantity NUMERIC(38, 18) NOT NULL,
    data TEXT NOT NULL,
    answer_seq BIGINT NOT NULL,
    pointer TEXT NOT NULL,
    CONSTRAINT pk_records PRIMARY KEY (id),
    CONSTRAINT uq_records_identity UNIQUE (source, family, key, occurrence, version),
    CONSTRAINT fk_records_reading_id FOREIGN KEY (reading_id) REFERENCES readings (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_records_answer_seq FOREIGN KEY (answer_seq) REFERENCES answers (seq),
    CONSTRAINT ck_records_key CHECK (length(key) = 64),
    CONSTRAINT ck_records_occurrence CHECK (occurrence >= 0),
    CONSTRAINT ck_records_version CHECK (version >= 1),
    CONSTRAINT ck_records_status CHECK (status IN ('settled', 'pending', 'vanished')),
    CONSTRAINT ck_records_quantity CHECK (quantity <> 'NaN' AND abs(quantity) < 1000000000000000000)
);

CREATE INDEX ix_records_pending ON records (id) WHERE status = 'pending';

CREATE INDEX ix_records_reading_id ON records (reading_id);

CREATE TABLE entries (
    id BIGINT NOT NULL,
    source TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    ordinal BIGINT NOT NULL,
    kind TEXT NOT NULL,
    record_id BIGINT NOT NULL,
    reverses BIGINT,
    hash TEXT NOT NULL,
    CONSTRAINT pk_entries PRIMARY KEY (id),
    CONSTRAINT uq_entries_source_seq UNIQUE (source, seq),
    CONSTRAINT fk_entries_record_id FOREIGN KEY (record_id) REFERENCES records (id),
    CONSTRAINT fk_entries_reverses FOREIGN KEY (reverses) REFERENCES entries (id),
    CONSTRAINT ck_entries_seq CHECK (seq >= 1),
    CONSTRAINT ck_entries_hash CHECK (length(hash) = 64)
);

CREATE INDEX ix_entries_record_id ON entries (record_id);

CREATE UNIQUE INDEX uq_entries_reverses ON entries (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE postings (
    entry_id BIGINT NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    quantity NUMERIC(38, 18) NOT NULL,
    balance_after NUMERIC(38, 18),
    CONSTRAINT pk_postings PRIMARY KEY (entry_id, account, asset),
    CONSTRAINT fk_postings_entry_id FOREIGN KEY (entry_id) REFERENCES entries (id),
    CONSTRAINT ck_postings_quantity CHECK (quantity <> 'NaN' AND abs(quantity) < 1000000000000000000),
    CONSTRAINT ck_postings_balance_after CHECK (balance_after <> 'NaN' AND abs(balance_after) < 1000000000000000000)
);

CREATE TABLE snapshots (
    id BIGINT NOT NULL,
    reading_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    total NUMERIC(38, 18) NOT NULL,
    locked NUMERIC(38, 18) NOT NULL,
    answer_seq BIGINT NOT NULL,
    pointer TEXT NOT NULL,
    CONSTRAINT pk_snapshots PRIMARY KEY (id),
    CONSTRAINT fk_snapshots_reading_id FOREIGN KEY (reading_id) REFERENCES readings (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_snapshots_answer_seq FOREIGN KEY (answer_seq) REFERENCES answers (seq),
    CONSTRAINT ck_snapshots_total CHECK (total <> 'NaN' AND abs(total) < 1000000000000000000),
    CONSTRAINT ck_snapshots_locked CHECK (locked <> 'NaN' AND abs(locked) < 1000000000000000000)
);

CREATE INDEX ix_snapshots_reading_id ON snapshots (reading_id);

CREATE TABLE break_events (
    id BIGINT NOT NULL,
    break_id TEXT NOT NULL,
    run_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    event TEXT NOT NULL,
    facts TEXT NOT NULL,
    CONSTRAINT pk_break_events PRIMARY KEY (id),
    CONSTRAINT fk_break_events_run_id FOREIGN KEY (run_id) REFERENCES runs (id),
    CONSTRAINT ck_break_events_event CHECK (event IN ('opened', 'changed', 'cleared', 'reopened'))
);
