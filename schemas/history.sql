-- The history of runs, version 1 (PRAGMA user_version). docs/history.md explains it.
--
-- Truth is in `event` and `log_chunk`; they are append-only. The columns of `run`
-- are what lists and look-ups need, derived from the events and written in the
-- same transaction. Times are nanoseconds since 1970 UTC.

CREATE TABLE run (
    number    INTEGER PRIMARY KEY,    -- order of arrival
    id        TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 2 AND 39),
    workflow  TEXT NOT NULL,
    runtime   TEXT NOT NULL,
    digest    TEXT NOT NULL,          -- sha256:<hex> of the workflow's bytes
    status    TEXT NOT NULL CHECK (status IN ('queued', 'running', 'passed',
                  'failed', 'timeout', 'aborted', 'error', 'lost')),
    queued    INTEGER NOT NULL,
    started   INTEGER,
    finished  INTEGER,
    -- The process that writes the run: when it is gone and the run has no end,
    -- the run is lost. NULL: no process owns it.
    process       INTEGER,            -- pid
    process_start INTEGER,            -- clock ticks after boot
    process_space TEXT,               -- pid namespace
    boot          TEXT,               -- boot id of the kernel
    machine       TEXT                -- machine id, or host name
) STRICT;

CREATE INDEX run_by_time ON run (queued);
CREATE INDEX run_unfinished ON run (number)
    WHERE status IN ('queued', 'running');

-- `sequence` counts the events and the chunks of one run together, from 1.
CREATE TABLE event (
    run       INTEGER NOT NULL REFERENCES run (number),
    sequence  INTEGER NOT NULL CHECK (sequence > 0),
    time      INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    body      TEXT NOT NULL,          -- JSON
    PRIMARY KEY (run, sequence)
) STRICT;

CREATE TABLE log_chunk (
    run       INTEGER NOT NULL REFERENCES run (number),
    sequence  INTEGER NOT NULL CHECK (sequence > 0),
    step      TEXT NOT NULL,          -- '': not inside a step
    attempt   INTEGER NOT NULL,
    time      INTEGER NOT NULL,       -- of the first byte
    "offset"  INTEGER NOT NULL,       -- of the first byte in the run's output
    length    INTEGER NOT NULL CHECK (length BETWEEN 1 AND 262144),
    codec     TEXT NOT NULL CHECK (codec IN ('raw', 'zstd')),
    bytes     BLOB NOT NULL,
    PRIMARY KEY (run, sequence)
) STRICT;

CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TRIGGER log_chunk_no_update BEFORE UPDATE ON log_chunk
BEGIN SELECT RAISE(ABORT, 'logs are append-only'); END;

CREATE TRIGGER log_chunk_no_delete BEFORE DELETE ON log_chunk
BEGIN SELECT RAISE(ABORT, 'logs are append-only'); END;

CREATE TRIGGER run_no_delete BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'runs are append-only'); END;

CREATE TRIGGER run_no_change
BEFORE UPDATE OF number, id, workflow, runtime, digest, queued ON run
BEGIN SELECT RAISE(ABORT, 'what a run was started as does not change'); END;

CREATE TRIGGER run_no_change_after_end BEFORE UPDATE ON run
WHEN OLD.status NOT IN ('queued', 'running')
BEGIN SELECT RAISE(ABORT, 'a run that has ended does not change'); END;
