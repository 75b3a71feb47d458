-- What the third revision adds, frozen: hashes and addresses of transfers, and links between rows.

ALTER TABLE records ADD COLUMN txid TEXT;

ALTER TABLE records ADD COLUMN address TEXT;

CREATE INDEX ix_records_marked ON records (id) WHERE txid IS NOT NULL OR address IS NOT NULL;

CREATE INDEX ix_records_versions ON records (id) WHERE version > 1;

CREATE TABLE links (
    id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    basis TEXT NOT NULL,
    one_record INTEGER NOT NULL,
    other_record INTEGER NOT NULL,
    CONSTRAINT pk_links PRIMARY KEY (id),
    CONSTRAINT uq_links_one_record UNIQUE (kind, one_record),
    CONSTRAINT uq_links_other_record UNIQUE (kind, other_record),
    CONSTRAINT fk_links_run_id FOREIGN KEY(run_id) REFERENCES runs (id),
    CONSTRAINT fk_links_one_record FOREIGN KEY(one_record) REFERENCES records (id),
    CONSTRAINT fk_links_other_record FOREIGN KEY(other_record) REFERENCES records (id),
    CONSTRAINT ck_links_kind CHECK (kind IN ('transfer', 'same')),
    CONSTRAINT ck_links_basis CHECK (basis IN ('txid', 'address', 'amount')),
    CONSTRAINT ck_links_apart CHECK (one_record <> other_record)
)
 STRICT;
