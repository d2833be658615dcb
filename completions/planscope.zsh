#compdef planscope

autoload -U is-at-least

_planscope() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_planscope_commands" \
"*::: :->planscope" \
&& ret=0
    case $state in
    (planscope)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:planscope-command-$line[1]:"
        case $line[1] in
            (collect)
_arguments "${_arguments_options[@]}" : \
'()--group=[The targets of this group of planscope.toml]:NAME:_default' \
'--at-once=[How many targets to look at at once]:N:_default' \
'(--from-log)--server-version=[The server'\''s version for a dry run, as some statements depend on it\: 15, 8.0]:VERSION:_default' \
'(--all --group --queries --running --interval --analyze --watch)*--from-log=[Logs instead of a database\: files, folders, patterns, \`-\` for stdin; gz, zst, bz2, xz or not]:FILE:_files' \
'--log-format=[Format of the logs; detected by default]:FORMAT:(mongodb-json mongodb-profile mongodb-text mysql-general mysql-slow postgres-csv postgres-json postgres-stderr postgres-syslog postgres-wrapped)' \
'--log-line-prefix=[PostgreSQL'\''s log_line_prefix; found in the log by default]:PREFIX:_default' \
'--log-year=[Year of times that have none (syslog, old MongoDB); this year by default]:YEAR:_default' \
'--since=[Only what happened since then\: 2026-11-21 15\:00 (UTC), 15\:00, 2h (ago), yesterday]:TIME:_default' \
'--until=[Only what happened before then]:TIME:_default' \
'--rejects=[Write what is not read into this file, one piece a line]:FILE:_files' \
'--name=[The name of the snapshot'\''s target; by default that of the first file]:NAME:_default' \
'--every=[The first pause between two rounds; it moves between a quarter and eight times of it. With --follow the time between two snapshots]:TIME:_default' \
'--keep=[How long the target'\''s snapshots are kept\: 30d, 500 or 2GiB, or several of them]:LIMIT:_default' \
'--budget=[Most of the time that may be spent collecting, in percent]:PERCENT:_default' \
'--rounds=[End after so many rounds]:N:_default' \
'*--queries=[Statements from files (or those of a folder) instead of the server'\''s statistics\: SQL with \`-- name\:\` headers in *.sql, MongoDB commands in *.json]:FILE|DIR:_files' \
'--top=[Most statements]:N:_default' \
'*--by=[By what statements are chosen; the first one orders them, \`new\` is what is new or slower since the target'\''s last snapshot. By default each figure has a say]:FIGURE:(total-time mean-time calls rows reads temp rows-per-result variance new)' \
'*--database=[Only statements of this database]:NAME:_default' \
'*--exclude-database=[No statement of this database]:NAME:_default' \
'*--user=[Only statements of this user]:NAME:_default' \
'*--exclude-user=[No statement of this user]:NAME:_default' \
'*--app=[Only statements of this application; known of what runs and of logs]:NAME:_default' \
'*--exclude-app=[No statement of this application]:NAME:_default' \
'*--matching=[Only statements whose text this regular expression finds]:REGEX:_default' \
'*--exclude=[No statement whose text this regular expression finds]:REGEX:_default' \
'(--queries)--interval=[Take two readings of the server'\''s counters, so far apart (60s, 5m), and look at what ran in between]:TIME:_default' \
'--max-plans=[Most plans to ask for; of the statements beyond it it is said that they have none]:N:_default' \
'--max-bytes=[Most bytes of texts and plans to fetch\: 20MiB; by default 256MiB]:SIZE:_default' \
'--max-time=[Longest time of a collection\: 30s, 5m]:TIME:_default' \
'--max-active=[Leave the server alone while more sessions than this run a statement; by default 200]:N:_default' \
'--max-waiting=[Leave the server alone while more sessions than this wait for a lock; by default 20]:N:_default' \
'--max-lag=[Leave a replica alone that is further behind than this; by default 5m]:TIME:_default' \
'--timeout=[Longest time of one statement of planscope'\''s own, in seconds]:SECONDS:_default' \
'--analyze-timeout=[Longest time of one statement that is run for its plan, in seconds]:SECONDS:_default' \
'--audit=[Append everything that is sent to the server to this file, a JSON object a line]:FILE:_files' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'(--group)--all[Every target of planscope.toml]' \
'(--all --group --watch)--dry-run[Send nothing to the database\: print every statement that would be sent. Of logs\: save nothing, print what would be saved, with --format json the whole snapshot]' \
'--follow[Go on with what is written to the logs, through rotation and truncation; a snapshot --every so often of what was logged in between]' \
'(--queries --all --group)--watch[Collect again and again until stopped\: more often while plans change, seldom while nothing does]' \
'(--queries --interval)--running[What runs at this moment instead of the server'\''s statistics\: times are those so far]' \
'--analyze[Run each statement for its plan\: parsed SELECTs without side effects only]' \
'--force[Look at a target that failed several times in a row, or that is busy]' \
'--keep-literals[Keep literals in stored texts and plans; by default they are replaced]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::target -- Database\: postgres\://user@host/db, mysql\://…, mariadb\://…, sqlite\:FILE, or a name in planscope.toml; by default that of PLANSCOPE_TARGET:_default' \
&& ret=0
;;
(explain)
_arguments "${_arguments_options[@]}" : \
'--statement=[The statement of a snapshot\: its name, fingerprint or engine'\''s id; by default the heaviest]:ID:_default' \
'--plan=[Which plan, when there are several\: a number from 1, or \`all\`]:N|all:_default' \
'--input-format=[Format of the input; detected by default]:FORMAT:(auto-explain mariadb-json mariadb-slow-log mongodb-json mysql-json mysql-json-v2 mysql-table mysql-tree postgres-json postgres-text postgres-xml postgres-yaml sqlite-query-plan)' \
'--metric=[What heat is measured in; by default time, else cost, else rows]:METRIC:(time cost rows buffers io misestimate)' \
'--timeout=[Longest time of one statement of planscope'\''s own, in seconds]:SECONDS:_default' \
'--analyze-timeout=[Longest time of one statement that is run for its plan, in seconds]:SECONDS:_default' \
'--audit=[Append everything that is sent to the server to this file, a JSON object a line]:FILE:_files' \
'--theme=[For which background colours are chosen; \`\[interface\] theme\` in planscope.toml]:THEME:((auto\:"What the terminal answers (OSC 11), else COLORFGBG, else dark"
dark\:"Light text on dark"
light\:"Dark text on light"))' \
'--palette=[The colours of heat; \`\[interface\] palette\` in planscope.toml]:PALETTE:((default\:"Yellow, orange, red"
okabe-ito\:"Blue to orange, after Okabe and Ito\: for red-green blindness"
cividis\:"Blue to yellow, each step lighter or darker than the last\: for every colour vision"))' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--analyze[Run the statement for its actual times\: one parsed SELECT without side effects only]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::input -- Plan file, `-`, snapshot or database:_default' \
'::sql -- The statement to explain, when INPUT is a database:_default' \
&& ret=0
;;
(browse)
_arguments "${_arguments_options[@]}" : \
'--every=[Collect from the database again and again, with this pause in between]:TIME:_default' \
'--budget=[Most of the time that may be spent collecting, in percent]:PERCENT:_default' \
'--ask=[Database whose planner answers the advisor; by default the one that is browsed]:TARGET:_default' \
'*--queries=[Statements from files (or those of a folder) instead of the server'\''s statistics\: SQL with \`-- name\:\` headers in *.sql, MongoDB commands in *.json]:FILE|DIR:_files' \
'--top=[Most statements]:N:_default' \
'*--by=[By what statements are chosen; the first one orders them, \`new\` is what is new or slower since the target'\''s last snapshot. By default each figure has a say]:FIGURE:(total-time mean-time calls rows reads temp rows-per-result variance new)' \
'*--database=[Only statements of this database]:NAME:_default' \
'*--exclude-database=[No statement of this database]:NAME:_default' \
'*--user=[Only statements of this user]:NAME:_default' \
'*--exclude-user=[No statement of this user]:NAME:_default' \
'*--app=[Only statements of this application; known of what runs and of logs]:NAME:_default' \
'*--exclude-app=[No statement of this application]:NAME:_default' \
'*--matching=[Only statements whose text this regular expression finds]:REGEX:_default' \
'*--exclude=[No statement whose text this regular expression finds]:REGEX:_default' \
'(--queries)--interval=[Take two readings of the server'\''s counters, so far apart (60s, 5m), and look at what ran in between]:TIME:_default' \
'--max-plans=[Most plans to ask for; of the statements beyond it it is said that they have none]:N:_default' \
'--max-bytes=[Most bytes of texts and plans to fetch\: 20MiB; by default 256MiB]:SIZE:_default' \
'--max-time=[Longest time of a collection\: 30s, 5m]:TIME:_default' \
'--max-active=[Leave the server alone while more sessions than this run a statement; by default 200]:N:_default' \
'--max-waiting=[Leave the server alone while more sessions than this wait for a lock; by default 20]:N:_default' \
'--max-lag=[Leave a replica alone that is further behind than this; by default 5m]:TIME:_default' \
'--timeout=[Longest time of one statement of planscope'\''s own, in seconds]:SECONDS:_default' \
'--analyze-timeout=[Longest time of one statement that is run for its plan, in seconds]:SECONDS:_default' \
'--audit=[Append everything that is sent to the server to this file, a JSON object a line]:FILE:_files' \
'--theme=[For which background colours are chosen; \`\[interface\] theme\` in planscope.toml]:THEME:((auto\:"What the terminal answers (OSC 11), else COLORFGBG, else dark"
dark\:"Light text on dark"
light\:"Dark text on light"))' \
'--palette=[The colours of heat; \`\[interface\] palette\` in planscope.toml]:PALETTE:((default\:"Yellow, orange, red"
okabe-ito\:"Blue to orange, after Okabe and Ito\: for red-green blindness"
cividis\:"Blue to yellow, each step lighter or darker than the last\: for every colour vision"))' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'(--queries --interval)--running[What runs at this moment instead of the server'\''s statistics\: times are those so far]' \
'--analyze[Run each statement for its plan\: parsed SELECTs without side effects only]' \
'--force[Look at a target that failed several times in a row, or that is busy]' \
'--keep-literals[Keep literals in stored texts and plans; by default they are replaced]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::input -- Snapshot, plan file or database:_default' \
'::against -- Snapshot to compare with; the older of the two counts as the one before:_default' \
&& ret=0
;;
(analyze)
_arguments "${_arguments_options[@]}" : \
'*--rule=[Only this rule; can be given several times]:RULE:_default' \
'--statement=[Only this statement\: its name, fingerprint or engine'\''s id]:ID:_default' \
'--fail-on=[Exit 1 when there is a finding of at least this severity]:SEVERITY:((never\:"Never"
low\:"Any finding"
medium\:"Medium or high"
high\:"High only"))' \
'--findings=[Most findings to print]:N:_default' \
'*--queries=[Statements from files (or those of a folder) instead of the server'\''s statistics\: SQL with \`-- name\:\` headers in *.sql, MongoDB commands in *.json]:FILE|DIR:_files' \
'--top=[Most statements]:N:_default' \
'*--by=[By what statements are chosen; the first one orders them, \`new\` is what is new or slower since the target'\''s last snapshot. By default each figure has a say]:FIGURE:(total-time mean-time calls rows reads temp rows-per-result variance new)' \
'*--database=[Only statements of this database]:NAME:_default' \
'*--exclude-database=[No statement of this database]:NAME:_default' \
'*--user=[Only statements of this user]:NAME:_default' \
'*--exclude-user=[No statement of this user]:NAME:_default' \
'*--app=[Only statements of this application; known of what runs and of logs]:NAME:_default' \
'*--exclude-app=[No statement of this application]:NAME:_default' \
'*--matching=[Only statements whose text this regular expression finds]:REGEX:_default' \
'*--exclude=[No statement whose text this regular expression finds]:REGEX:_default' \
'(--queries)--interval=[Take two readings of the server'\''s counters, so far apart (60s, 5m), and look at what ran in between]:TIME:_default' \
'--max-plans=[Most plans to ask for; of the statements beyond it it is said that they have none]:N:_default' \
'--max-bytes=[Most bytes of texts and plans to fetch\: 20MiB; by default 256MiB]:SIZE:_default' \
'--max-time=[Longest time of a collection\: 30s, 5m]:TIME:_default' \
'--max-active=[Leave the server alone while more sessions than this run a statement; by default 200]:N:_default' \
'--max-waiting=[Leave the server alone while more sessions than this wait for a lock; by default 20]:N:_default' \
'--max-lag=[Leave a replica alone that is further behind than this; by default 5m]:TIME:_default' \
'--timeout=[Longest time of one statement of planscope'\''s own, in seconds]:SECONDS:_default' \
'--analyze-timeout=[Longest time of one statement that is run for its plan, in seconds]:SECONDS:_default' \
'--audit=[Append everything that is sent to the server to this file, a JSON object a line]:FILE:_files' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'(--queries --interval)--running[What runs at this moment instead of the server'\''s statistics\: times are those so far]' \
'--analyze[Run each statement for its plan\: parsed SELECTs without side effects only]' \
'--force[Look at a target that failed several times in a row, or that is busy]' \
'--keep-literals[Keep literals in stored texts and plans; by default they are replaced]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::input -- Snapshot, plan file, `-` or database:_default' \
&& ret=0
;;
(advise)
_arguments "${_arguments_options[@]}" : \
'--ask=[Database whose planner answers for a snapshot]:TARGET:_default' \
'--max-indexes=[Most indexes to advise]:N:_default' \
'--max-size=[Most bytes of all advised indexes together, e.g. 500MB]:SIZE:_default' \
'*--queries=[Statements from files (or those of a folder) instead of the server'\''s statistics\: SQL with \`-- name\:\` headers in *.sql, MongoDB commands in *.json]:FILE|DIR:_files' \
'--top=[Most statements]:N:_default' \
'*--by=[By what statements are chosen; the first one orders them, \`new\` is what is new or slower since the target'\''s last snapshot. By default each figure has a say]:FIGURE:(total-time mean-time calls rows reads temp rows-per-result variance new)' \
'*--database=[Only statements of this database]:NAME:_default' \
'*--exclude-database=[No statement of this database]:NAME:_default' \
'*--user=[Only statements of this user]:NAME:_default' \
'*--exclude-user=[No statement of this user]:NAME:_default' \
'*--app=[Only statements of this application; known of what runs and of logs]:NAME:_default' \
'*--exclude-app=[No statement of this application]:NAME:_default' \
'*--matching=[Only statements whose text this regular expression finds]:REGEX:_default' \
'*--exclude=[No statement whose text this regular expression finds]:REGEX:_default' \
'(--queries)--interval=[Take two readings of the server'\''s counters, so far apart (60s, 5m), and look at what ran in between]:TIME:_default' \
'--max-plans=[Most plans to ask for; of the statements beyond it it is said that they have none]:N:_default' \
'--max-bytes=[Most bytes of texts and plans to fetch\: 20MiB; by default 256MiB]:SIZE:_default' \
'--max-time=[Longest time of a collection\: 30s, 5m]:TIME:_default' \
'--max-active=[Leave the server alone while more sessions than this run a statement; by default 200]:N:_default' \
'--max-waiting=[Leave the server alone while more sessions than this wait for a lock; by default 20]:N:_default' \
'--max-lag=[Leave a replica alone that is further behind than this; by default 5m]:TIME:_default' \
'--timeout=[Longest time of one statement of planscope'\''s own, in seconds]:SECONDS:_default' \
'--analyze-timeout=[Longest time of one statement that is run for its plan, in seconds]:SECONDS:_default' \
'--audit=[Append everything that is sent to the server to this file, a JSON object a line]:FILE:_files' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'(--queries --interval)--running[What runs at this moment instead of the server'\''s statistics\: times are those so far]' \
'--analyze[Run each statement for its plan\: parsed SELECTs without side effects only]' \
'--force[Look at a target that failed several times in a row, or that is busy]' \
'--keep-literals[Keep literals in stored texts and plans; by default they are replaced]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::input -- Snapshot (file, `latest`, `@2`, name of a target) or database:_default' \
&& ret=0
;;
(baseline)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_planscope__subcmd__baseline_commands" \
"*::: :->baseline" \
&& ret=0

    case $state in
    (baseline)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:planscope-baseline-command-$line[1]:"
        case $line[1] in
            (init)
_arguments "${_arguments_options[@]}" : \
'--out=[The folder to make; by default that of planscope.toml, else plans/]:DIR:_files' \
'--target=[Database or snapshot that has the plans; by default the database of planscope.toml'\''s \[baseline\], else of PLANSCOPE_TARGET]:TARGET|SNAPSHOT:_default' \
'*--queries=[Statements from files (or all *.sql files of a folder); by default those that the other side came from, else the server'\''s statistics]:FILE|DIR:_files' \
'--inject-stats=[Give an empty scratch database the statistics of this snapshot first, so that it plans like the database that the snapshot was collected from]:SNAPSHOT:_default' \
'--timeout=[Longest time of one statement of planscope'\''s own, in seconds]:SECONDS:_default' \
'--analyze-timeout=[Longest time of one statement that is run for its plan, in seconds]:SECONDS:_default' \
'--audit=[Append everything that is sent to the server to this file, a JSON object a line]:FILE:_files' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--analyze[Run each statement for its plan\: parsed SELECTs without side effects only]' \
'--force[Look at a target that failed several times in a row, without waiting]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(accept)
_arguments "${_arguments_options[@]}" : \
'--baseline=[The baseline'\''s folder; by default that of planscope.toml, else plans/]:DIR:_files' \
'--target=[Database or snapshot that has the plans; by default the database of planscope.toml'\''s \[baseline\], else of PLANSCOPE_TARGET]:TARGET|SNAPSHOT:_default' \
'*--queries=[Statements from files (or all *.sql files of a folder); by default those that the other side came from, else the server'\''s statistics]:FILE|DIR:_files' \
'--inject-stats=[Give an empty scratch database the statistics of this snapshot first, so that it plans like the database that the snapshot was collected from]:SNAPSHOT:_default' \
'--timeout=[Longest time of one statement of planscope'\''s own, in seconds]:SECONDS:_default' \
'--analyze-timeout=[Longest time of one statement that is run for its plan, in seconds]:SECONDS:_default' \
'--audit=[Append everything that is sent to the server to this file, a JSON object a line]:FILE:_files' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--all[Accept everything\: changed, new and removed statements]' \
'--analyze[Run each statement for its plan\: parsed SELECTs without side effects only]' \
'--force[Look at a target that failed several times in a row, without waiting]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'*::ids -- Statements to accept\: names, or fingerprints:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(diff)
_arguments "${_arguments_options[@]}" : \
'--against=[The database or snapshot to hold against BEFORE; the same as AFTER]:TARGET|SNAPSHOT:_default' \
'*--fail-on=[What to exit 1 on\: worse, changed, never, new-seq-scan, or kinds of change (sort-added …); by default that of planscope.toml, else worse]:WHAT:_default' \
'--tolerance=[How many times the work or cost may grow before it counts; by default that of planscope.toml, else 1.1, and 1.2 against a baseline, whose figures are rounded]:RATIO:_default' \
'--confidence=[How sure, in percent, repeated runs must be before their time counts]:PERCENT:_default' \
'--runs=[With --analyze\: run the statements this many times on both sides, in turns, and judge by the median times]:N:_default' \
'--statement=[Only this statement\: its name, fingerprint or engine'\''s id]:ID:_default' \
'--top=[Most statements to print]:N:_default' \
'*--queries=[Statements from files (or all *.sql files of a folder); by default those that the other side came from, else the server'\''s statistics]:FILE|DIR:_files' \
'--inject-stats=[Give an empty scratch database the statistics of this snapshot first, so that it plans like the database that the snapshot was collected from]:SNAPSHOT:_default' \
'--timeout=[Longest time of one statement of planscope'\''s own, in seconds]:SECONDS:_default' \
'--analyze-timeout=[Longest time of one statement that is run for its plan, in seconds]:SECONDS:_default' \
'--audit=[Append everything that is sent to the server to this file, a JSON object a line]:FILE:_files' \
'--theme=[For which background colours are chosen; \`\[interface\] theme\` in planscope.toml]:THEME:((auto\:"What the terminal answers (OSC 11), else COLORFGBG, else dark"
dark\:"Light text on dark"
light\:"Dark text on light"))' \
'--palette=[The colours of heat; \`\[interface\] palette\` in planscope.toml]:PALETTE:((default\:"Yellow, orange, red"
okabe-ito\:"Blue to orange, after Okabe and Ito\: for red-green blindness"
cividis\:"Blue to yellow, each step lighter or darker than the last\: for every colour vision"))' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--analyze[Run each statement for its plan\: parsed SELECTs without side effects only]' \
'--force[Look at a target that failed several times in a row, without waiting]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':before -- Plan file, snapshot, database or baseline:_default' \
'::after -- The same, afterwards:_default' \
&& ret=0
;;
(demo)
_arguments "${_arguments_options[@]}" : \
'--keep=[Leave database, statements and snapshots in this folder]:DIR:_files' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
'--timeout=[Longest time of one statement of planscope'\''s own, in seconds]:SECONDS:_default' \
'--analyze-timeout=[Longest time of one statement that is run for its plan, in seconds]:SECONDS:_default' \
'--audit=[Append everything that is sent to the server to this file, a JSON object a line]:FILE:_files' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--config[Look at planscope.toml instead\: its syntax, URLs, groups, limits, suppressions, policies]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::target -- Database\: postgres\://user@host/db, mysql\://…, mariadb\://…, sqlite\:FILE, or a name in planscope.toml:_default' \
&& ret=0
;;
(rules)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- The rule:_default' \
&& ret=0
;;
(stop)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::target -- Only those of this target:_default' \
&& ret=0
;;
(snapshots)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_planscope__subcmd__snapshots_commands" \
"*::: :->snapshots" \
&& ret=0

    case $state in
    (snapshots)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:planscope-snapshots-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::snapshot -- `latest`, `@2`, a file'\''s name, the name of a target:_default' \
&& ret=0
;;
(export)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::snapshot -- `latest`, `@2`, a file'\''s name, the name of a target:_default' \
&& ret=0
;;
(prune)
_arguments "${_arguments_options[@]}" : \
'--keep=[What is kept\: 30d, 500 or 2GiB, or several of them; the newest of a target always]:LIMIT:_default' \
'--target=[Only snapshots of this target]:NAME:_default' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--dry-run[Say what would be deleted]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(path)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::snapshot -- `latest`, `@2`, a file'\''s name, the name of a target:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':shell -- The shell:(bash elvish fish powershell zsh)' \
&& ret=0
;;
(util)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_planscope__subcmd__util_commands" \
"*::: :->util" \
&& ret=0

    case $state in
    (util)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:planscope-util-command-$line[1]:"
        case $line[1] in
            (schema)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- The document; without it the names are listed:(advise analyze baseline browse collect diff doctor dry-run error explain fleet rules snapshot snapshots)' \
&& ret=0
;;
(fingerprint)
_arguments "${_arguments_options[@]}" : \
'--engine=[The dialect]:ENGINE:(postgresql mysql mariadb mongodb sqlite)' \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--jsonl[Each line of stdin is a JSON string, or an object with a \`query\`; one JSON object a line comes out]' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(generate)
_arguments "${_arguments_options[@]}" : \
'--format=[How to print the result]:FORMAT:(text table json jsonl markdown html canonical junit sarif github gitlab)' \
'--color=[When to colour text; NO_COLOR is respected]:WHEN:((auto\:"On a terminal that can, unless NO_COLOR is set"
always\:"Always"
never\:"Never"))' \
'--width=[Columns of text output; by default those of the terminal, else 80]:N:_default' \
'--config-file=[Config file instead of planscope.toml of the project and of the user]:FILE:_files' \
'--store=[Folder of snapshots; by default .planscope/ where it exists, else the user'\''s data folder]:DIR:_files' \
'--ascii[Draw with ASCII characters only]' \
'-q[Say nothing on stderr but errors]' \
'--quiet[Say nothing on stderr but errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':folder -- The folder, e.g. the root of the repository:_files' \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
}

(( $+functions[_planscope_commands] )) ||
_planscope_commands() {
    local commands; commands=(
'collect:Collect the heaviest statements and their plans into a snapshot' \
'explain:Show plans with their heat\: as a tree, a table, a page of HTML' \
'browse:Look at statements, plans, findings and advice in the terminal' \
'analyze:Say what is wrong with a plan or a snapshot' \
'advise:Advise indexes that were checked with the planner' \
'baseline:Keep accepted plans as files in version control' \
'diff:Compare plans, snapshots, databases or a baseline; exit 1 when it got worse' \
'demo:Walk through everything on a web shop in an embedded database' \
'doctor:Check whether a target is fit to be looked at' \
'rules:List the rules, or print the manual page of one' \
'stop:End the running collectors of this machine' \
'snapshots:List, show, export or prune the snapshots in the store' \
'completions:Print a completion script for a shell' \
'util:Schemas, fingerprints and generated files' \
    )
    _describe -t commands 'planscope commands' commands "$@"
}
(( $+functions[_planscope__subcmd__advise_commands] )) ||
_planscope__subcmd__advise_commands() {
    local commands; commands=()
    _describe -t commands 'planscope advise commands' commands "$@"
}
(( $+functions[_planscope__subcmd__analyze_commands] )) ||
_planscope__subcmd__analyze_commands() {
    local commands; commands=()
    _describe -t commands 'planscope analyze commands' commands "$@"
}
(( $+functions[_planscope__subcmd__baseline_commands] )) ||
_planscope__subcmd__baseline_commands() {
    local commands; commands=(
'init:Make a baseline of the plans of today' \
'accept:Take over what has changed, after review' \
    )
    _describe -t commands 'planscope baseline commands' commands "$@"
}
(( $+functions[_planscope__subcmd__baseline__subcmd__accept_commands] )) ||
_planscope__subcmd__baseline__subcmd__accept_commands() {
    local commands; commands=()
    _describe -t commands 'planscope baseline accept commands' commands "$@"
}
(( $+functions[_planscope__subcmd__baseline__subcmd__init_commands] )) ||
_planscope__subcmd__baseline__subcmd__init_commands() {
    local commands; commands=()
    _describe -t commands 'planscope baseline init commands' commands "$@"
}
(( $+functions[_planscope__subcmd__browse_commands] )) ||
_planscope__subcmd__browse_commands() {
    local commands; commands=()
    _describe -t commands 'planscope browse commands' commands "$@"
}
(( $+functions[_planscope__subcmd__collect_commands] )) ||
_planscope__subcmd__collect_commands() {
    local commands; commands=()
    _describe -t commands 'planscope collect commands' commands "$@"
}
(( $+functions[_planscope__subcmd__completions_commands] )) ||
_planscope__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'planscope completions commands' commands "$@"
}
(( $+functions[_planscope__subcmd__demo_commands] )) ||
_planscope__subcmd__demo_commands() {
    local commands; commands=()
    _describe -t commands 'planscope demo commands' commands "$@"
}
(( $+functions[_planscope__subcmd__diff_commands] )) ||
_planscope__subcmd__diff_commands() {
    local commands; commands=()
    _describe -t commands 'planscope diff commands' commands "$@"
}
(( $+functions[_planscope__subcmd__doctor_commands] )) ||
_planscope__subcmd__doctor_commands() {
    local commands; commands=()
    _describe -t commands 'planscope doctor commands' commands "$@"
}
(( $+functions[_planscope__subcmd__explain_commands] )) ||
_planscope__subcmd__explain_commands() {
    local commands; commands=()
    _describe -t commands 'planscope explain commands' commands "$@"
}
(( $+functions[_planscope__subcmd__rules_commands] )) ||
_planscope__subcmd__rules_commands() {
    local commands; commands=()
    _describe -t commands 'planscope rules commands' commands "$@"
}
(( $+functions[_planscope__subcmd__snapshots_commands] )) ||
_planscope__subcmd__snapshots_commands() {
    local commands; commands=(
'list:List the snapshots, newest first' \
'show:Show what a snapshot holds' \
'export:Print a snapshot as JSON (planscope.snapshot/1), which every command reads as well' \
'prune:Delete old snapshots' \
'path:Print the path of a snapshot' \
    )
    _describe -t commands 'planscope snapshots commands' commands "$@"
}
(( $+functions[_planscope__subcmd__snapshots__subcmd__export_commands] )) ||
_planscope__subcmd__snapshots__subcmd__export_commands() {
    local commands; commands=()
    _describe -t commands 'planscope snapshots export commands' commands "$@"
}
(( $+functions[_planscope__subcmd__snapshots__subcmd__list_commands] )) ||
_planscope__subcmd__snapshots__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'planscope snapshots list commands' commands "$@"
}
(( $+functions[_planscope__subcmd__snapshots__subcmd__path_commands] )) ||
_planscope__subcmd__snapshots__subcmd__path_commands() {
    local commands; commands=()
    _describe -t commands 'planscope snapshots path commands' commands "$@"
}
(( $+functions[_planscope__subcmd__snapshots__subcmd__prune_commands] )) ||
_planscope__subcmd__snapshots__subcmd__prune_commands() {
    local commands; commands=()
    _describe -t commands 'planscope snapshots prune commands' commands "$@"
}
(( $+functions[_planscope__subcmd__snapshots__subcmd__show_commands] )) ||
_planscope__subcmd__snapshots__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'planscope snapshots show commands' commands "$@"
}
(( $+functions[_planscope__subcmd__stop_commands] )) ||
_planscope__subcmd__stop_commands() {
    local commands; commands=()
    _describe -t commands 'planscope stop commands' commands "$@"
}
(( $+functions[_planscope__subcmd__util_commands] )) ||
_planscope__subcmd__util_commands() {
    local commands; commands=(
'schema:Print the JSON Schema of a document of --format json' \
'fingerprint:Read statements from stdin and print their fingerprints and normalized texts' \
'generate:Write man pages, completions, rule pages and schemas into a folder' \
    )
    _describe -t commands 'planscope util commands' commands "$@"
}
(( $+functions[_planscope__subcmd__util__subcmd__fingerprint_commands] )) ||
_planscope__subcmd__util__subcmd__fingerprint_commands() {
    local commands; commands=()
    _describe -t commands 'planscope util fingerprint commands' commands "$@"
}
(( $+functions[_planscope__subcmd__util__subcmd__generate_commands] )) ||
_planscope__subcmd__util__subcmd__generate_commands() {
    local commands; commands=()
    _describe -t commands 'planscope util generate commands' commands "$@"
}
(( $+functions[_planscope__subcmd__util__subcmd__schema_commands] )) ||
_planscope__subcmd__util__subcmd__schema_commands() {
    local commands; commands=()
    _describe -t commands 'planscope util schema commands' commands "$@"
}

if [ "$funcstack[1]" = "_planscope" ]; then
    _planscope "$@"
else
    compdef _planscope planscope
fi
