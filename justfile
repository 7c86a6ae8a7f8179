# The everyday commands. `just` lists them.

_default:
    @just --list

# Run the tests
test *arguments:
    cargo test --workspace {{arguments}}

# Format, lint and document
check:
    cargo fmt --all
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# A real crash, all the way through
quickstart:
    cargo run --release --example quickstart

# Compare with recorded results of Mozilla's programs
vectors:
    cargo test --test conformance --test corpus

# Make the pages that the program writes again
reference:
    cargo run -p socorro-cli -- rules list --format markdown > docs/rules.md
    cargo run -p socorro-cli -- rules fields --format markdown > docs/fields.md
    cargo run -p socorro-cli -- config reference > docs/configuration.md

# Run the benches
bench *arguments:
    cargo bench {{arguments}}

# Licences, advisories, duplicates, spelling
policy:
    cargo deny check
    typos

# Start the servers that some tests talk to; run with: eval "$(just services)"
services:
    @bash scripts/services/all.sh start

# Everything that has to hold before a change lands
ci:
    bash .ci/run
