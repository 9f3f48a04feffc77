# What scripts/bootstrap and scripts/cuda share: files out of pip's wheels, whose SHA-256 is checked. Sourced, in the repository.
native=$PWD/.native
work=

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() { say "$*"; exit 1; }
cleanup() { [ -z "$work" ] || rm -rf "$work"; }
trap cleanup EXIT
workspace() { mkdir -p "$native"; work=$(mktemp -d "$native/tmp.XXXXXX"); }
need() { command -v "$1" >/dev/null || die "$1 was not found; $2"; }

need_pip() {
    need python3 "install it with 'apt-get install python3 python3-pip'"
    python3 -m pip --version >/dev/null 2>&1 || die "python3 has no pip; install it with 'apt-get install python3-pip'"
}

# Wheels for CPython 3.11, whatever Python is here: what is unpacked is no Python, and so there is one file to know.
download() { # PACKAGE MACHINE [OPTION]...
    local platforms=() minor
    for minor in 28 27 18 17; do platforms+=(--platform "manylinux_2_${minor}_$2"); done
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --implementation cp \
        --python-version 3.11 "${platforms[@]}" --dest "$work" "${@:3}" "$1" 2> "$work/error" >&2
}

# Prints the wheel's path, from where pip gets its packages or else from INDEX. It has to have the SHA-256 that
# checksums.sha256 lists.
fetch_wheel() { # PACKAGE MACHINE [INDEX]
    if ! download "$1" "$2" && { [ $# = 2 ] || ! download "$1" "$2" --index-url "$3" --retries 1; }; then
        cat "$work/error" >&2
        die "pip could not download $1; check the network"
    fi
    local wheel name actual expected
    wheel=$(ls "$work"/*.whl)
    name=$(basename "$wheel")
    actual=$(sha256sum "$wheel" | cut -d' ' -f1)
    expected=$(awk -v name="$name" '$2 == name { print $1 }' scripts/checksums.sha256)
    [ -n "$expected" ] || die "scripts/checksums.sha256 has no $name; if you trust it, add the line '$actual  $name'"
    [ "$actual" = "$expected" ] || die "$name has the SHA-256 $actual, expected $expected"
    printf '%s' "$wheel"
}
