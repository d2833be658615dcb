# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_planscope_global_optspecs
    string join \n format= color= ascii width= q/quiet config-file= store= h/help V/version
end

function __fish_planscope_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_planscope_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_planscope_using_subcommand
    set -l cmd (__fish_planscope_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c planscope -n "__fish_planscope_needs_command" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_needs_command" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_needs_command" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_needs_command" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_needs_command" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_needs_command" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_needs_command" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_needs_command" -s V -l version -d 'Print version'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "collect" -d 'Collect the heaviest statements and their plans into a snapshot'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "explain" -d 'Show plans with their heat: as a tree, a table, a page of HTML'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "browse" -d 'Look at statements, plans, findings and advice in the terminal'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "analyze" -d 'Say what is wrong with a plan or a snapshot'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "advise" -d 'Advise indexes that were checked with the planner'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "baseline" -d 'Keep accepted plans as files in version control'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "diff" -d 'Compare plans, snapshots, databases or a baseline; exit 1 when it got worse'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "demo" -d 'Walk through everything on a web shop in an embedded database'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "doctor" -d 'Check whether a target is fit to be looked at'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "rules" -d 'List the rules, or print the manual page of one'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "stop" -d 'End the running collectors of this machine'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "snapshots" -d 'List, show, export or prune the snapshots in the store'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c planscope -n "__fish_planscope_needs_command" -f -a "util" -d 'Schemas, fingerprints and generated files'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l group -d 'The targets of this group of planscope.toml' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l at-once -d 'How many targets to look at at once' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l server-version -d 'The server\'s version for a dry run, as some statements depend on it: 15, 8.0' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l from-log -d 'Logs instead of a database: files, folders, patterns, `-` for stdin; gz, zst, bz2, xz or not' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l log-format -d 'Format of the logs; detected by default' -r -f -a "mongodb-json\t''
mongodb-profile\t''
mongodb-text\t''
mysql-general\t''
mysql-slow\t''
postgres-csv\t''
postgres-json\t''
postgres-stderr\t''
postgres-syslog\t''
postgres-wrapped\t''"
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l log-line-prefix -d 'PostgreSQL\'s log_line_prefix; found in the log by default' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l log-year -d 'Year of times that have none (syslog, old MongoDB); this year by default' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l since -d 'Only what happened since then: 2026-11-21 15:00 (UTC), 15:00, 2h (ago), yesterday' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l until -d 'Only what happened before then' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l rejects -d 'Write what is not read into this file, one piece a line' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l name -d 'The name of the snapshot\'s target; by default that of the first file' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l every -d 'The first pause between two rounds; it moves between a quarter and eight times of it. With --follow the time between two snapshots' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l keep -d 'How long the target\'s snapshots are kept: 30d, 500 or 2GiB, or several of them' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l budget -d 'Most of the time that may be spent collecting, in percent' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l rounds -d 'End after so many rounds' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l queries -d 'Statements from files (or those of a folder) instead of the server\'s statistics: SQL with `-- name:` headers in *.sql, MongoDB commands in *.json' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l top -d 'Most statements' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l by -d 'By what statements are chosen; the first one orders them, `new` is what is new or slower since the target\'s last snapshot. By default each figure has a say' -r -f -a "total-time\t''
mean-time\t''
calls\t''
rows\t''
reads\t''
temp\t''
rows-per-result\t''
variance\t''
new\t''"
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l database -d 'Only statements of this database' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l exclude-database -d 'No statement of this database' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l user -d 'Only statements of this user' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l exclude-user -d 'No statement of this user' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l app -d 'Only statements of this application; known of what runs and of logs' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l exclude-app -d 'No statement of this application' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l matching -d 'Only statements whose text this regular expression finds' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l exclude -d 'No statement whose text this regular expression finds' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l interval -d 'Take two readings of the server\'s counters, so far apart (60s, 5m), and look at what ran in between' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l max-plans -d 'Most plans to ask for; of the statements beyond it it is said that they have none' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l max-bytes -d 'Most bytes of texts and plans to fetch: 20MiB; by default 256MiB' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l max-time -d 'Longest time of a collection: 30s, 5m' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l max-active -d 'Leave the server alone while more sessions than this run a statement; by default 200' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l max-waiting -d 'Leave the server alone while more sessions than this wait for a lock; by default 20' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l max-lag -d 'Leave a replica alone that is further behind than this; by default 5m' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l timeout -d 'Longest time of one statement of planscope\'s own, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l analyze-timeout -d 'Longest time of one statement that is run for its plan, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l audit -d 'Append everything that is sent to the server to this file, a JSON object a line' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l all -d 'Every target of planscope.toml'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l dry-run -d 'Send nothing to the database: print every statement that would be sent. Of logs: save nothing, print what would be saved, with --format json the whole snapshot'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l follow -d 'Go on with what is written to the logs, through rotation and truncation; a snapshot --every so often of what was logged in between'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l watch -d 'Collect again and again until stopped: more often while plans change, seldom while nothing does'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l running -d 'What runs at this moment instead of the server\'s statistics: times are those so far'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l analyze -d 'Run each statement for its plan: parsed SELECTs without side effects only'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l force -d 'Look at a target that failed several times in a row, or that is busy'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l keep-literals -d 'Keep literals in stored texts and plans; by default they are replaced'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand collect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l statement -d 'The statement of a snapshot: its name, fingerprint or engine\'s id; by default the heaviest' -r
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l plan -d 'Which plan, when there are several: a number from 1, or `all`' -r
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l input-format -d 'Format of the input; detected by default' -r -f -a "auto-explain\t''
mariadb-json\t''
mariadb-slow-log\t''
mongodb-json\t''
mysql-json\t''
mysql-json-v2\t''
mysql-table\t''
mysql-tree\t''
postgres-json\t''
postgres-text\t''
postgres-xml\t''
postgres-yaml\t''
sqlite-query-plan\t''"
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l metric -d 'What heat is measured in; by default time, else cost, else rows' -r -f -a "time\t''
cost\t''
rows\t''
buffers\t''
io\t''
misestimate\t''"
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l timeout -d 'Longest time of one statement of planscope\'s own, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l analyze-timeout -d 'Longest time of one statement that is run for its plan, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l audit -d 'Append everything that is sent to the server to this file, a JSON object a line' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l theme -d 'For which background colours are chosen; `[interface] theme` in planscope.toml' -r -f -a "auto\t'What the terminal answers (OSC 11), else COLORFGBG, else dark'
dark\t'Light text on dark'
light\t'Dark text on light'"
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l palette -d 'The colours of heat; `[interface] palette` in planscope.toml' -r -f -a "default\t'Yellow, orange, red'
okabe-ito\t'Blue to orange, after Okabe and Ito: for red-green blindness'
cividis\t'Blue to yellow, each step lighter or darker than the last: for every colour vision'"
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l analyze -d 'Run the statement for its actual times: one parsed SELECT without side effects only'
complete -c planscope -n "__fish_planscope_using_subcommand explain" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand explain" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l every -d 'Collect from the database again and again, with this pause in between' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l budget -d 'Most of the time that may be spent collecting, in percent' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l ask -d 'Database whose planner answers the advisor; by default the one that is browsed' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l queries -d 'Statements from files (or those of a folder) instead of the server\'s statistics: SQL with `-- name:` headers in *.sql, MongoDB commands in *.json' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l top -d 'Most statements' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l by -d 'By what statements are chosen; the first one orders them, `new` is what is new or slower since the target\'s last snapshot. By default each figure has a say' -r -f -a "total-time\t''
mean-time\t''
calls\t''
rows\t''
reads\t''
temp\t''
rows-per-result\t''
variance\t''
new\t''"
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l database -d 'Only statements of this database' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l exclude-database -d 'No statement of this database' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l user -d 'Only statements of this user' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l exclude-user -d 'No statement of this user' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l app -d 'Only statements of this application; known of what runs and of logs' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l exclude-app -d 'No statement of this application' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l matching -d 'Only statements whose text this regular expression finds' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l exclude -d 'No statement whose text this regular expression finds' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l interval -d 'Take two readings of the server\'s counters, so far apart (60s, 5m), and look at what ran in between' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l max-plans -d 'Most plans to ask for; of the statements beyond it it is said that they have none' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l max-bytes -d 'Most bytes of texts and plans to fetch: 20MiB; by default 256MiB' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l max-time -d 'Longest time of a collection: 30s, 5m' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l max-active -d 'Leave the server alone while more sessions than this run a statement; by default 200' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l max-waiting -d 'Leave the server alone while more sessions than this wait for a lock; by default 20' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l max-lag -d 'Leave a replica alone that is further behind than this; by default 5m' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l timeout -d 'Longest time of one statement of planscope\'s own, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l analyze-timeout -d 'Longest time of one statement that is run for its plan, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l audit -d 'Append everything that is sent to the server to this file, a JSON object a line' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l theme -d 'For which background colours are chosen; `[interface] theme` in planscope.toml' -r -f -a "auto\t'What the terminal answers (OSC 11), else COLORFGBG, else dark'
dark\t'Light text on dark'
light\t'Dark text on light'"
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l palette -d 'The colours of heat; `[interface] palette` in planscope.toml' -r -f -a "default\t'Yellow, orange, red'
okabe-ito\t'Blue to orange, after Okabe and Ito: for red-green blindness'
cividis\t'Blue to yellow, each step lighter or darker than the last: for every colour vision'"
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l running -d 'What runs at this moment instead of the server\'s statistics: times are those so far'
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l analyze -d 'Run each statement for its plan: parsed SELECTs without side effects only'
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l force -d 'Look at a target that failed several times in a row, or that is busy'
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l keep-literals -d 'Keep literals in stored texts and plans; by default they are replaced'
complete -c planscope -n "__fish_planscope_using_subcommand browse" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand browse" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand browse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l rule -d 'Only this rule; can be given several times' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l statement -d 'Only this statement: its name, fingerprint or engine\'s id' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l fail-on -d 'Exit 1 when there is a finding of at least this severity' -r -f -a "never\t'Never'
low\t'Any finding'
medium\t'Medium or high'
high\t'High only'"
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l findings -d 'Most findings to print' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l queries -d 'Statements from files (or those of a folder) instead of the server\'s statistics: SQL with `-- name:` headers in *.sql, MongoDB commands in *.json' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l top -d 'Most statements' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l by -d 'By what statements are chosen; the first one orders them, `new` is what is new or slower since the target\'s last snapshot. By default each figure has a say' -r -f -a "total-time\t''
mean-time\t''
calls\t''
rows\t''
reads\t''
temp\t''
rows-per-result\t''
variance\t''
new\t''"
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l database -d 'Only statements of this database' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l exclude-database -d 'No statement of this database' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l user -d 'Only statements of this user' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l exclude-user -d 'No statement of this user' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l app -d 'Only statements of this application; known of what runs and of logs' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l exclude-app -d 'No statement of this application' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l matching -d 'Only statements whose text this regular expression finds' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l exclude -d 'No statement whose text this regular expression finds' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l interval -d 'Take two readings of the server\'s counters, so far apart (60s, 5m), and look at what ran in between' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l max-plans -d 'Most plans to ask for; of the statements beyond it it is said that they have none' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l max-bytes -d 'Most bytes of texts and plans to fetch: 20MiB; by default 256MiB' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l max-time -d 'Longest time of a collection: 30s, 5m' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l max-active -d 'Leave the server alone while more sessions than this run a statement; by default 200' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l max-waiting -d 'Leave the server alone while more sessions than this wait for a lock; by default 20' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l max-lag -d 'Leave a replica alone that is further behind than this; by default 5m' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l timeout -d 'Longest time of one statement of planscope\'s own, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l analyze-timeout -d 'Longest time of one statement that is run for its plan, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l audit -d 'Append everything that is sent to the server to this file, a JSON object a line' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l running -d 'What runs at this moment instead of the server\'s statistics: times are those so far'
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l analyze -d 'Run each statement for its plan: parsed SELECTs without side effects only'
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l force -d 'Look at a target that failed several times in a row, or that is busy'
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l keep-literals -d 'Keep literals in stored texts and plans; by default they are replaced'
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand analyze" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l ask -d 'Database whose planner answers for a snapshot' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l max-indexes -d 'Most indexes to advise' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l max-size -d 'Most bytes of all advised indexes together, e.g. 500MB' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l queries -d 'Statements from files (or those of a folder) instead of the server\'s statistics: SQL with `-- name:` headers in *.sql, MongoDB commands in *.json' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l top -d 'Most statements' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l by -d 'By what statements are chosen; the first one orders them, `new` is what is new or slower since the target\'s last snapshot. By default each figure has a say' -r -f -a "total-time\t''
mean-time\t''
calls\t''
rows\t''
reads\t''
temp\t''
rows-per-result\t''
variance\t''
new\t''"
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l database -d 'Only statements of this database' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l exclude-database -d 'No statement of this database' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l user -d 'Only statements of this user' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l exclude-user -d 'No statement of this user' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l app -d 'Only statements of this application; known of what runs and of logs' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l exclude-app -d 'No statement of this application' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l matching -d 'Only statements whose text this regular expression finds' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l exclude -d 'No statement whose text this regular expression finds' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l interval -d 'Take two readings of the server\'s counters, so far apart (60s, 5m), and look at what ran in between' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l max-plans -d 'Most plans to ask for; of the statements beyond it it is said that they have none' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l max-bytes -d 'Most bytes of texts and plans to fetch: 20MiB; by default 256MiB' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l max-time -d 'Longest time of a collection: 30s, 5m' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l max-active -d 'Leave the server alone while more sessions than this run a statement; by default 200' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l max-waiting -d 'Leave the server alone while more sessions than this wait for a lock; by default 20' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l max-lag -d 'Leave a replica alone that is further behind than this; by default 5m' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l timeout -d 'Longest time of one statement of planscope\'s own, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l analyze-timeout -d 'Longest time of one statement that is run for its plan, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l audit -d 'Append everything that is sent to the server to this file, a JSON object a line' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l running -d 'What runs at this moment instead of the server\'s statistics: times are those so far'
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l analyze -d 'Run each statement for its plan: parsed SELECTs without side effects only'
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l force -d 'Look at a target that failed several times in a row, or that is busy'
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l keep-literals -d 'Keep literals in stored texts and plans; by default they are replaced'
complete -c planscope -n "__fish_planscope_using_subcommand advise" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand advise" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand advise" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and not __fish_seen_subcommand_from init accept" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and not __fish_seen_subcommand_from init accept" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and not __fish_seen_subcommand_from init accept" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and not __fish_seen_subcommand_from init accept" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and not __fish_seen_subcommand_from init accept" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and not __fish_seen_subcommand_from init accept" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and not __fish_seen_subcommand_from init accept" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and not __fish_seen_subcommand_from init accept" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and not __fish_seen_subcommand_from init accept" -f -a "init" -d 'Make a baseline of the plans of today'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and not __fish_seen_subcommand_from init accept" -f -a "accept" -d 'Take over what has changed, after review'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l out -d 'The folder to make; by default that of planscope.toml, else plans/' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l target -d 'Database or snapshot that has the plans; by default the database of planscope.toml\'s [baseline], else of PLANSCOPE_TARGET' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l queries -d 'Statements from files (or all *.sql files of a folder); by default those that the other side came from, else the server\'s statistics' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l inject-stats -d 'Give an empty scratch database the statistics of this snapshot first, so that it plans like the database that the snapshot was collected from' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l timeout -d 'Longest time of one statement of planscope\'s own, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l analyze-timeout -d 'Longest time of one statement that is run for its plan, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l audit -d 'Append everything that is sent to the server to this file, a JSON object a line' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l analyze -d 'Run each statement for its plan: parsed SELECTs without side effects only'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l force -d 'Look at a target that failed several times in a row, without waiting'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l baseline -d 'The baseline\'s folder; by default that of planscope.toml, else plans/' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l target -d 'Database or snapshot that has the plans; by default the database of planscope.toml\'s [baseline], else of PLANSCOPE_TARGET' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l queries -d 'Statements from files (or all *.sql files of a folder); by default those that the other side came from, else the server\'s statistics' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l inject-stats -d 'Give an empty scratch database the statistics of this snapshot first, so that it plans like the database that the snapshot was collected from' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l timeout -d 'Longest time of one statement of planscope\'s own, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l analyze-timeout -d 'Longest time of one statement that is run for its plan, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l audit -d 'Append everything that is sent to the server to this file, a JSON object a line' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l all -d 'Accept everything: changed, new and removed statements'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l analyze -d 'Run each statement for its plan: parsed SELECTs without side effects only'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l force -d 'Look at a target that failed several times in a row, without waiting'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand baseline; and __fish_seen_subcommand_from accept" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l against -d 'The database or snapshot to hold against BEFORE; the same as AFTER' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l fail-on -d 'What to exit 1 on: worse, changed, never, new-seq-scan, or kinds of change (sort-added …); by default that of planscope.toml, else worse' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l tolerance -d 'How many times the work or cost may grow before it counts; by default that of planscope.toml, else 1.1, and 1.2 against a baseline, whose figures are rounded' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l confidence -d 'How sure, in percent, repeated runs must be before their time counts' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l runs -d 'With --analyze: run the statements this many times on both sides, in turns, and judge by the median times' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l statement -d 'Only this statement: its name, fingerprint or engine\'s id' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l top -d 'Most statements to print' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l queries -d 'Statements from files (or all *.sql files of a folder); by default those that the other side came from, else the server\'s statistics' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l inject-stats -d 'Give an empty scratch database the statistics of this snapshot first, so that it plans like the database that the snapshot was collected from' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l timeout -d 'Longest time of one statement of planscope\'s own, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l analyze-timeout -d 'Longest time of one statement that is run for its plan, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l audit -d 'Append everything that is sent to the server to this file, a JSON object a line' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l theme -d 'For which background colours are chosen; `[interface] theme` in planscope.toml' -r -f -a "auto\t'What the terminal answers (OSC 11), else COLORFGBG, else dark'
dark\t'Light text on dark'
light\t'Dark text on light'"
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l palette -d 'The colours of heat; `[interface] palette` in planscope.toml' -r -f -a "default\t'Yellow, orange, red'
okabe-ito\t'Blue to orange, after Okabe and Ito: for red-green blindness'
cividis\t'Blue to yellow, each step lighter or darker than the last: for every colour vision'"
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l analyze -d 'Run each statement for its plan: parsed SELECTs without side effects only'
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l force -d 'Look at a target that failed several times in a row, without waiting'
complete -c planscope -n "__fish_planscope_using_subcommand diff" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand diff" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand demo" -l keep -d 'Leave database, statements and snapshots in this folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand demo" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand demo" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand demo" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand demo" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand demo" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand demo" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand demo" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -l timeout -d 'Longest time of one statement of planscope\'s own, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -l analyze-timeout -d 'Longest time of one statement that is run for its plan, in seconds' -r
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -l audit -d 'Append everything that is sent to the server to this file, a JSON object a line' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -l config -d 'Look at planscope.toml instead: its syntax, URLs, groups, limits, suppressions, policies'
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand rules" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand rules" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand rules" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand rules" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand rules" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand rules" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand rules" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand rules" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand stop" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand stop" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand stop" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand stop" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand stop" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand stop" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand stop" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -f -a "list" -d 'List the snapshots, newest first'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -f -a "show" -d 'Show what a snapshot holds'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -f -a "export" -d 'Print a snapshot as JSON (planscope.snapshot/1), which every command reads as well'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -f -a "prune" -d 'Delete old snapshots'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and not __fish_seen_subcommand_from list show export prune path" -f -a "path" -d 'Print the path of a snapshot'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from show" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from show" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from show" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from show" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from show" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from show" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from export" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from export" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from export" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from export" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from export" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from export" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -l keep -d 'What is kept: 30d, 500 or 2GiB, or several of them; the newest of a target always' -r
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -l target -d 'Only snapshots of this target' -r
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -l dry-run -d 'Say what would be deleted'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from path" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from path" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from path" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from path" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from path" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from path" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand snapshots; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand completions" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand completions" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand completions" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand completions" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand completions" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand completions" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand completions" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -f -a "schema" -d 'Print the JSON Schema of a document of --format json'
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -f -a "fingerprint" -d 'Read statements from stdin and print their fingerprints and normalized texts'
complete -c planscope -n "__fish_planscope_using_subcommand util; and not __fish_seen_subcommand_from schema fingerprint generate" -f -a "generate" -d 'Write man pages, completions, rule pages and schemas into a folder'
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from schema" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from schema" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from schema" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from schema" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from schema" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from schema" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from schema" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from fingerprint" -l engine -d 'The dialect' -r -f -a "postgresql\t''
mysql\t''
mariadb\t''
mongodb\t''
sqlite\t''"
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from fingerprint" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from fingerprint" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from fingerprint" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from fingerprint" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from fingerprint" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from fingerprint" -l jsonl -d 'Each line of stdin is a JSON string, or an object with a `query`; one JSON object a line comes out'
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from fingerprint" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from fingerprint" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from fingerprint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from generate" -l format -d 'How to print the result' -r -f -a "text\t''
table\t''
json\t''
jsonl\t''
markdown\t''
html\t''
canonical\t''
junit\t''
sarif\t''
github\t''
gitlab\t''"
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from generate" -l color -d 'When to colour text; NO_COLOR is respected' -r -f -a "auto\t'On a terminal that can, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from generate" -l width -d 'Columns of text output; by default those of the terminal, else 80' -r
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from generate" -l config-file -d 'Config file instead of planscope.toml of the project and of the user' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from generate" -l store -d 'Folder of snapshots; by default .planscope/ where it exists, else the user\'s data folder' -r -F
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from generate" -l ascii -d 'Draw with ASCII characters only'
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from generate" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c planscope -n "__fish_planscope_using_subcommand util; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help (see more with \'--help\')'
