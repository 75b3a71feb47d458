-- What the fourth revision adds, frozen: the fee of a transfer. A table is made anew for its check to stand where it would.

CREATE TABLE links_with_fee (
    id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    basis TEXT NOT NULL,
    one_record INTEGER NOT NULL,
    other_record INTEGER NOT NULL,
    fee TEXT,
    CONSTRAINT pk_links PRIMARY KEY (id),
    CONSTRAINT uq_links_one_record UNIQUE (kind, one_record),
    CONSTRAINT uq_links_other_record UNIQUE (kind, other_record),
    CONSTRAINT fk_links_run_id FOREIGN KEY(run_id) REFERENCES runs (id),
    CONSTRAINT fk_links_one_record FOREIGN KEY(one_record) REFERENCES records (id),
    CONSTRAINT fk_links_other_record FOREIGN KEY(other_record) REFERENCES records (id),
    CONSTRAINT ck_links_kind CHECK (kind IN ('transfer', 'same')),
    CONSTRAINT ck_links_basis CHECK (basis IN ('txid', 'address', 'amount')),
    CONSTRAINT ck_links_apart CHECK (one_record <> other_record),
    CONSTRAINT ck_links_fee CHECK (trim(ltrim(fee, '-'), '0123456789') IN ('', '.') AND (fee GLOB '[1-9]*' OR fee GLOB '-[1-9]*' OR fee GLOB '0.*' OR fee GLOB '-0.*' OR fee = '0') AND (instr(fee, '.') = 0 OR rtrim(fee, '.0') = fee) AND (length(fee) <= 18 OR instr(ltrim(fee, '-') || '.', '.') <= 19 AND length(fee) - instr(fee || '.', '.') <= 18))
)
 STRICT;

INSERT INTO links_with_fee SELECT id, run_id, kind, basis, one_record, other_record, NULL FROM links;

DROP TABLE links;

ALTER TABLE links_with_fee RENAME TO links;
