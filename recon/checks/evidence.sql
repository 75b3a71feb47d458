-- title: Evidence
-- severity: error
-- why: Every figure leads back to bytes that a venue sent, sealed as they came. A link or an answer that was altered
--   or is gone proves nothing any more. Hashed are the answers and entries that came since the last reconciliation; of
--   the rest the links of the chain, sizes and times of the files, the last hash of each source and the postings must
--   be those of then. recon verify hashes everything.
-- fix: Restore the evidence from a backup, then run recon verify. Never mend a sealed file by hand.
-- reads: problems, verified

select distinct
    f.source as source,
    cast(null as string) as account,
    cast(null as string) as asset,
    cast(null as timestamp) as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    coalesce(f.place, '') || ': ' || coalesce(f.text, '') as anchor,
    'unexplained' as kind,
    coalesce(f.place, 'the evidence') || ': ' || coalesce(f.text, 'a problem without a text') as text
from problems as f;

select coalesce(sum(v.answers), 0) as examined
from verified as v;
