-- What the sixth revision changes, frozen: acts may be about prices.

ALTER TABLE acts DROP CONSTRAINT ck_acts_about;

ALTER TABLE acts ADD CONSTRAINT ck_acts_about CHECK (about IN ('break', 'adjustment', 'period', 'price'));
