-- What the second revision adds, frozen: certificates of pulls, and facts.

CREATE TABLE facts (
    id BIGINT NOT NULL,
    reading_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    answer_seq BIGINT NOT NULL,
    pointer TEXT NOT NULL,
    CONSTRAINT pk_facts PRIMARY KEY (id),
    CONSTRAINT fk_facts_reading_id FOREIGN KEY(reading_id) REFERENCES readings (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_facts_answer_seq FOREIGN KEY(answer_seq) REFERENCES answers (seq)
);

CREATE INDEX ix_facts_reading_id ON facts (reading_id);

CREATE TABLE coverage (
    id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    reading_id BIGINT,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE,
    until TIMESTAMP WITH TIME ZONE NOT NULL,
    pages BIGINT NOT NULL,
    throttles BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    stopped_at TEXT NOT NULL,
    CONSTRAINT pk_coverage PRIMARY KEY (id),
    CONSTRAINT fk_coverage_run_id FOREIGN KEY(run_id) REFERENCES runs (id),
    CONSTRAINT fk_coverage_reading_id FOREIGN KEY(reading_id) REFERENCES readings (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_coverage_source FOREIGN KEY(source) REFERENCES sources (name),
    CONSTRAINT ck_coverage_outcome CHECK (outcome IN ('whole', 'empty', 'incomplete', 'not_served', 'not_queried'))
);

CREATE INDEX ix_coverage_source_stream ON coverage (source, stream, id);

CREATE TABLE cells (
    coverage_id BIGINT NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    rows BIGINT NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_cells PRIMARY KEY (coverage_id, account, asset),
    CONSTRAINT fk_cells_coverage_id FOREIGN KEY(coverage_id) REFERENCES coverage (id)
);
