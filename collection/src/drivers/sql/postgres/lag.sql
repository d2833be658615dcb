-- Seconds that a standby is behind, beyond the delay that it is told to keep. When everything that
-- came was replayed, the primary had nothing to say.
SELECT /* planscope */
       CASE WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() THEN 0
            ELSE EXTRACT(epoch FROM pg_catalog.clock_timestamp()
                                    - pg_catalog.pg_last_xact_replay_timestamp())
                 - (SELECT s.setting::float8 / 1000 FROM pg_catalog.pg_settings s
                    WHERE s.name = 'recovery_min_apply_delay')
       END
