-- What the server is, and whether it took the settings that the session was started with.
SELECT /* planscope */
       current_setting('server_version_num'),
       current_setting('server_version'),
       current_database(),
       current_user,
       current_setting('is_superuser'),
       (SELECT s.ssl FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()),
       current_setting('default_transaction_read_only')::bool,
       (SELECT s.setting FROM pg_settings s WHERE s.name = 'lock_timeout'),
       pg_is_in_recovery()
