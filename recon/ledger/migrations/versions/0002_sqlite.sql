-- What the second revision adds, frozen: certificates of pulls, and facts.

CREATE TABLE facts (
    id INTEGER NOT NULL,
    reading_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    at TEXT NOT NULL,
    answer_seq INTEGER NOT NULL,
    pointer TEXT NOT NULL,
    CONSTRAINT pk_facts PRIMARY KEY (id),
    CONSTRAINT fk_facts_reading_id FOREIGN KEY(reading_id) REFERENCES readings (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_facts_answer_seq FOREIGN KEY(answer_seq) REFERENCES answers (seq),
    CONSTRAINT ck_facts_at CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
)
 STRICT;

CREATE INDEX ix_facts_reading_id ON facts (reading_id);

CREATE TABLE coverage (
    id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    reading_id INTEGER,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    since TEXT,
    until TEXT NOT NULL,
    pages INTEGER NOT NULL,
    throttles INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    stopped_at TEXT NOT NULL,
    CONSTRAINT pk_coverage PRIMARY KEY (id),
    CONSTRAINT fk_coverage_run_id FOREIGN KEY(run_id) REFERENCES runs (id),
    CONSTRAINT fk_coverage_reading_id FOREIGN KEY(reading_id) REFERENCES readings (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_coverage_source FOREIGN KEY(source) REFERENCES sources (name),
    CONSTRAINT ck_coverage_outcome CHECK (outcome IN ('whole', 'empty', 'incomplete', 'not_served', 'not_queried')),
    CONSTRAINT ck_coverage_since CHECK (since GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'),
    CONSTRAINT ck_coverage_until CHECK (until GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
)
 STRICT;

CREATE INDEX ix_coverage_source_stream ON coverage (source, stream, id);

CREATE TABLE cells (
    coverage_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    rows INTEGER NOT NULL,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    CONSTRAINT pk_cells PRIMARY KEY (coverage_id, account, asset),
    CONSTRAINT fk_cells_coverage_id FOREIGN KEY(coverage_id) REFERENCES coverage (id),
    CONSTRAINT ck_cells_first_at CHECK (first_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'),
    CONSTRAINT ck_cells_last_at CHECK (last_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
)
 WITHOUT ROWID,
 STRICT;
