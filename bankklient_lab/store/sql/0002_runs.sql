-- Who carries a run out (so that a dead one is recognised), and what it left.
ALTER TABLE ops.run ADD COLUMN runner VARCHAR;
ALTER TABLE ops.run ADD COLUMN files VARCHAR;  -- JSON: names in the output folder
