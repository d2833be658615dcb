# What a contributor types. Everything works on a fresh Debian 12 with a Rust toolchain, gcc, python3
# with pip and node with npm, as root.

CARGO ?= cargo

.PHONY: demo test test-fast lint bench fuzz servers tools doctor generated

# Find, prove and fix a real problem on an embedded database; needs nothing but cargo. A newcomer
# waits for the build, and SQLite is optimised in the dev profile too: so that is the one.
demo:
	$(CARGO) run --quiet -- demo

# Install and start the real servers, then run everything. A server that cannot start fails it.
test: servers tools
	eval "$$(dev/servers env)" && PLANSCOPE_TEST_REQUIRE_SERVERS=1 $(CARGO) test --quiet

# What needs no server; tests that need one say that they were skipped.
test-fast:
	$(CARGO) test --quiet

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --quiet --all-targets -- -D warnings
	$(CARGO) test --quiet --test tidy

# Figures beside a yardstick measured in the same run.
bench:
	dev/bench/run

# Hostile input for a minute a target: `make fuzz TARGET=sql SECONDS=600`.
fuzz:
	dev/fuzz/run "$(TARGET)" "$(SECONDS)"

servers:
	dev/servers up

# What tests need beside servers.
tools:
	dev/tools up

# planscope's own look at the test servers.
doctor: servers
	eval "$$(dev/servers env)" && for target in $$PLANSCOPE_TEST_PG15 $$PLANSCOPE_TEST_PG18; do \
	  $(CARGO) run --quiet -- doctor "$$target" || exit 1; done

# Rewrite man pages, completions, schemas and rule pages.
generated:
	UPDATE_GENERATED=1 $(CARGO) test --quiet -p planscope-commands generated
