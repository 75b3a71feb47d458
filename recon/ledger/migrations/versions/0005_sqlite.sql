-- What the fifth revision adds, frozen: acts, which take the place of the events of breaks.

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
    CONSTRAINT ck_acts_about CHECK (about IN ('break', 'adjustment', 'period')),
    CONSTRAINT ck_acts_at CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'),
    CONSTRAINT ck_acts_horizon CHECK (horizon GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z')
)
 STRICT;

CREATE INDEX ix_acts_horizon ON acts (id) WHERE horizon IS NOT NULL;
