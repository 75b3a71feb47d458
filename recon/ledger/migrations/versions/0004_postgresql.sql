-- What the fourth revision adds, frozen: the fee of a transfer.

ALTER TABLE links ADD COLUMN fee NUMERIC(38, 18)
    CONSTRAINT ck_links_fee CHECK (fee <> 'NaN' AND abs(fee) < 1000000000000000000);
