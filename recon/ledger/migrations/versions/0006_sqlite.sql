-- What the sixth revision changes, frozen: acts may be about prices.

DROP TRIGGER IF EXISTS entries_not_sealed;

CREATE TABLE acts_before AS SELECT * FROM acts;

DROP TABLE acts;

CREATE TABLE acts (
    id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    at TEXT NOT NULL,
    about TEXT NOT NULL,
    name TEXT NOT NULL,
    act TEXT NOT NULL,
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    facts TEXT NOT NULL,
    horizon TEXT,
    hash TEXT NOT NULL,
    CONSTRAINT pk_acts PRIMARY KEY (id),
    CONSTRAINT fk_acts_run_id FOREIGN KEY(run_id) REFERENCES runs (id),
    CONSTRAINT ck_acts_about CHECK (about IN ('break', 'adjustment', 'period', 'price')),
    CONSTRAINT ck_acts_at CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'),
    CONSTRAINT ck_acts_horizon CHECK (horizon GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
)
 STRICT;

CREATE INDEX ix_acts_horizon ON acts (id) WHERE horizon IS NOT NULL;

INSERT INTO acts SELECT * FROM acts_before ORDER BY id;

DROP TABLE acts_before;
