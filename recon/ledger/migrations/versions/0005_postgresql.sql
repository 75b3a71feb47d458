-- What the fifth revision adds, frozen: acts, which take the place of the events of breaks.

CREATE TABLE acts (
    id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    about TEXT NOT NULL,
    name TEXT NOT NULL,
    act TEXT NOT NULL,
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    facts TEXT NOT NULL,
    horizon TIMESTAMP WITH TIME ZONE,
    hash TEXT NOT NULL,
    CONSTRAINT pk_acts PRIMARY KEY (id),
    CONSTRAINT fk_acts_run_id FOREIGN KEY(run_id) REFERENCES runs (id),
    CONSTRAINT ck_acts_about CHECK (about IN ('break', 'adjustment', 'period'))
);

CREATE INDEX ix_acts_horizon ON acts (id) WHERE horizon IS NOT NULL;
