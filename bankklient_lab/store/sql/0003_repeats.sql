-- Entries that came with another import before are kept and counted once (docs/decisions/0009-repeated-entries.md).
ALTER TABLE history.entry ADD COLUMN repeats BIGINT;  -- the import that has the entry already; null: it counts here
ALTER TABLE history.statement ADD COLUMN repeated_net DECIMAL(18,3) DEFAULT 0;  -- sum of its booked entries that repeat others
