-- The job database as 0.1.0 wrote it.
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE events (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            job_id   TEXT NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
            time     REAL NOT NULL,
            state    TEXT NOT NULL,
            progress TEXT NOT NULL,
            error    TEXT,
            summary  TEXT
        ) STRICT
        ;
INSERT INTO "events" VALUES(1,'00000000000000000000000000000001',1001.0,'pending','{"stage": "", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "events" VALUES(2,'00000000000000000000000000000002',1002.0,'pending','{"stage": "", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "events" VALUES(3,'00000000000000000000000000000003',1003.0,'pending','{"stage": "", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "events" VALUES(4,'00000000000000000000000000000004',1004.0,'pending','{"stage": "", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "events" VALUES(5,'00000000000000000000000000000005',1005.0,'pending','{"stage": "", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "events" VALUES(6,'00000000000000000000000000000001',2000.0,'processing','{"stage": "starting", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "events" VALUES(7,'00000000000000000000000000000001',2003.0,'processing','{"stage": "denoising", "fraction": 0.5, "remaining_seconds": 2.5}',NULL,NULL);
INSERT INTO "events" VALUES(8,'00000000000000000000000000000001',2006.0,'completed','{"stage": "done", "fraction": 1.0, "remaining_seconds": 0.0}',NULL,'{"model": "rnnoise", "model_reason": "asked for", "device": "cpu", "device_reason": "best device here", "precision": "float32", "quality": "high", "frames": 48000, "sample_rate": 48000, "channels": 2, "load_seconds": 0.25, "processing_seconds": 1.5, "queued_seconds": 0.0, "outputs": [{"stem": "clean", "format": "wav", "extension": "wav", "size_bytes": 3, "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "level_dbfs": -Infinity, "peak_dbfs": -0.1}, {"stem": "noise", "format": "wav", "extension": "wav", "size_bytes": 3, "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "level_dbfs": -41.5, "peak_dbfs": -0.1}], "notes": ["A sentence – with “signs”."]}');
INSERT INTO "events" VALUES(9,'00000000000000000000000000000002',2009.0,'processing','{"stage": "starting", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "events" VALUES(10,'00000000000000000000000000000002',2012.0,'failed','{"stage": "starting", "fraction": 0.0, "remaining_seconds": null}','{"reason": "MODEL_MISSING", "message": "Get it with: unmix models pull htdemucs"}',NULL);
INSERT INTO "events" VALUES(11,'00000000000000000000000000000003',2015.0,'cancelled','{"stage": "", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "events" VALUES(12,'00000000000000000000000000000004',2018.0,'processing','{"stage": "starting", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "events" VALUES(13,'00000000000000000000000000000004',2021.0,'processing','{"stage": "separating", "fraction": 0.25, "remaining_seconds": null}',NULL,NULL);
CREATE TABLE jobs (
            number          INTEGER PRIMARY KEY AUTOINCREMENT,
            job_id          TEXT NOT NULL UNIQUE,
            client          TEXT NOT NULL,
            idempotency_key TEXT,
            attached        INTEGER NOT NULL,
            state           TEXT NOT NULL,
            task_kind       TEXT NOT NULL,
            task            TEXT NOT NULL,
            options         TEXT NOT NULL,
            attempts        INTEGER NOT NULL DEFAULT 0,
            crashes         INTEGER NOT NULL DEFAULT 0,
            created         REAL NOT NULL,
            started         REAL,
            ended           REAL,
            progress        TEXT NOT NULL,
            error           TEXT,
            summary         TEXT,
            UNIQUE (client, idempotency_key)
        ) STRICT
        ;
INSERT INTO "jobs" VALUES(1,'00000000000000000000000000000001','shell','key-1',0,'completed','denoise','{"model": "rnnoise", "attenuation_limit_db": 12.5, "stems": ["clean", "noise"], "kind": "denoise"}','{"file_name": "talk – é.wav", "size_bytes": 48044, "format": "flac", "depth": "s24", "device": "auto", "keep_alive": 300.0, "priority": 2, "labels": {"take": "3"}, "section": {"first_frame": 10, "frames": 0}}',1,0,1001.0,2000.0,2006.0,'{"stage": "done", "fraction": 1.0, "remaining_seconds": 0.0}',NULL,'{"model": "rnnoise", "model_reason": "asked for", "device": "cpu", "device_reason": "best device here", "precision": "float32", "quality": "high", "frames": 48000, "sample_rate": 48000, "channels": 2, "load_seconds": 0.25, "processing_seconds": 1.5, "queued_seconds": 0.0, "outputs": [{"stem": "clean", "format": "wav", "extension": "wav", "size_bytes": 3, "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "level_dbfs": -Infinity, "peak_dbfs": -0.1}, {"stem": "noise", "format": "wav", "extension": "wav", "size_bytes": 3, "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "level_dbfs": -41.5, "peak_dbfs": -0.1}], "notes": ["A sentence – with “signs”."]}');
INSERT INTO "jobs" VALUES(2,'00000000000000000000000000000002','shell','key-2',0,'failed','separate','{"model": "auto", "stems": ["vocals", "-vocals"], "consistency": "none", "shifts": 2, "overlap": 0.25, "kind": "separate"}','{"file_name": "talk – é.wav", "size_bytes": 48044, "format": "flac", "depth": "s24", "device": "auto", "keep_alive": 300.0, "priority": 2, "labels": {"take": "3"}, "section": {"first_frame": 10, "frames": 0}}',1,0,1002.0,2009.0,2012.0,'{"stage": "starting", "fraction": 0.0, "remaining_seconds": null}','{"reason": "MODEL_MISSING", "message": "Get it with: unmix models pull htdemucs"}',NULL);
INSERT INTO "jobs" VALUES(3,'00000000000000000000000000000003','shell','key-3',0,'cancelled','denoise','{"model": "rnnoise", "attenuation_limit_db": 12.5, "stems": ["clean", "noise"], "kind": "denoise"}','{"file_name": "talk – é.wav", "size_bytes": 48044, "format": "flac", "depth": "s24", "device": "auto", "keep_alive": 300.0, "priority": 2, "labels": {"take": "3"}, "section": {"first_frame": 10, "frames": 0}}',0,0,1003.0,NULL,2015.0,'{"stage": "", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "jobs" VALUES(4,'00000000000000000000000000000004','shell','key-4',0,'processing','separate','{"model": "auto", "stems": ["vocals", "-vocals"], "consistency": "none", "shifts": 2, "overlap": 0.25, "kind": "separate"}','{"file_name": "talk – é.wav", "size_bytes": 48044, "format": "flac", "depth": "s24", "device": "auto", "keep_alive": 300.0, "priority": 2, "labels": {"take": "3"}, "section": {"first_frame": 10, "frames": 0}}',1,0,1004.0,2018.0,NULL,'{"stage": "separating", "fraction": 0.25, "remaining_seconds": null}',NULL,NULL);
INSERT INTO "jobs" VALUES(5,'00000000000000000000000000000005','shell','key-5',0,'pending','denoise','{"model": "rnnoise", "attenuation_limit_db": 12.5, "stems": ["clean", "noise"], "kind": "denoise"}','{"file_name": "talk – é.wav", "size_bytes": 48044, "format": "flac", "depth": "s24", "device": "auto", "keep_alive": 300.0, "priority": 2, "labels": {"take": "3"}, "section": {"first_frame": 10, "frames": 0}}',0,0,1005.0,NULL,NULL,'{"stage": "", "fraction": 0.0, "remaining_seconds": null}',NULL,NULL);
CREATE INDEX jobs_by_state ON jobs (state, ended);
CREATE INDEX events_by_job ON events (job_id, sequence);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('jobs',5);
INSERT INTO "sqlite_sequence" VALUES('events',13);
COMMIT;
