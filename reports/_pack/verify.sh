#!/bin/sh
# Proves an audit pack with sha256sum, gzip and awk alone:  sh verify.sh [FOLDER]
#
# FOLDER is the pack, by default the one that this file lies in. It re-computes the digest of every file, the chain of
# the evidence, the sealed answers, the running hash of the ledger's entries, and the trial balance. verify.py proves
# more: the roll-forward, the lots, the control totals and the seals. Ends with 0 where nothing is wrong, else with 5.
# Whoever can write every file can make a pack that is sound in itself: compare the manifest's digest, printed last,
# with the one that a seal states which was kept elsewhere.
set -u
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")}" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
faults="$work/faults"
: > "$faults"

# Every file that the manifest lists, and no other.
sha256sum -c manifest.sha256 2> /dev/null | awk '!/: OK$/ { print "file " $0 }' >> "$faults"
awk '!/^[0-9a-f]+  [A-Za-z0-9_][A-Za-z0-9_.\/-]*$/ || index($0, "  ") != 65 || /\/\.|\/\// {
    print "manifest.sha256:" NR ": the line is not a digest and the name of a file"
}' manifest.sha256 >> "$faults"
list() {
    for one in "$1"/* "$1"/.[!.]*; do
        if [ -h "$one" ] || [ -f "$one" ]; then
            printf '%s\n' "${one#./}"
        elif [ -d "$one" ]; then
            list "$one"
        fi
    done
}
list . | awk 'FILENAME == "manifest.sha256" { known[substr($0, 67)]; next }
    $0 != "manifest.sha256" && $0 != "lines/manifest.sha256" && !($0 in known) {
        print $0 ": the file is not in the manifest"
    }' manifest.sha256 - >> "$faults"

# What awk puts together is written as small files, a thousand at a time, for sha256sum to make the digests of.
common='
function digest_of(text, digest, place) {
    printf "%s", text > (work "/" ++held)
    close(work "/" held)
    places[held] = place
    wanted[held] = digest
    if (held == 1000) { flush() }
}
function flush(  line, of, asked, n) {
    if (!held) { return }
    asked = "cd \"" work "\" && sha256sum"
    for (n = 1; n <= held; n++) { asked = asked " " n }
    while ((asked | getline line) > 0) {
        of = substr(line, 67)
        if (wanted[of] == "" || index(line, wanted[of]) != 1) { print places[of] ": the line was altered" }
        held--
    }
    close(asked)
    if (held) { print "sha256sum does not answer"; exit 2 }
}
function zeros(  text, n) { for (n = 0; n < 64; n++) { text = text "0" } return text }'

# The manifest's own lines, which it cannot list.
awk -v work="$work" "$common"'
{
    if ((getline digest < "lines/manifest.sha256") <= 0 || length(digest) != 16) { digest = "none" }
    digest_of($0 "\n", digest, "manifest.sha256 or lines/manifest.sha256, line " NR)
}
END {
    flush()
    if ((getline digest < "lines/manifest.sha256") > 0) { print "lines/manifest.sha256: it has a line too many" }
}' manifest.sha256 >> "$faults"
for one in manifest.sha256 lines/manifest.sha256; do
    [ "$(tail -c 1 "$one" | wc -l)" -eq 1 ] || echo "$one: its last line has no end" >> "$faults"
done

# The chain: the link of a line is the digest of the line without it.
awk -v work="$work" "$common"'
BEGIN { head = zeros() }
{
    place = "evidence/chain.jsonl:" NR
    if (!match($0, /"link":"[0-9a-f]+","prev":"[0-9a-f]+",/) || RLENGTH != 148) { print place ": it is no line of the chain"; next }
    link = substr($0, RSTART + 8, 64)
    if (substr($0, RSTART + 82, 64) != head) { print place ": the line before it is missing, or another" }
    digest_of(substr($0, 1, RSTART - 1) substr($0, RSTART + 74), link, place)
    head = link
}
END { flush(); if (NR == 0) { print "evidence/chain.jsonl: there is no chain" } }' evidence/chain.jsonl >> "$faults"

# The sealed answers: each is named by the digest of its bytes.
answers=0
for one in evidence/??/*.gz; do
    [ -f "$one" ] || continue
    answers=$((answers + 1))
    found=$(gzip -dc "$one" 2> /dev/null | sha256sum)
    [ "${found%% *}.gz" = "${one##*/}" ] || echo "$one: the answer was altered" >> "$faults"
done

# The entries: each hash covers the hash before, the entry and its postings. All postings of an asset sum to zero: the
# digits are summed in groups of six, which is exact.
awk -v work="$work" "$common"'
function cells(line, file,  more, n, quoted, text, char, at) {
    while (gsub(/"/, "\"", line) % 2) { if ((getline more < file) <= 0) { break } line = line "\n" more; read[file]++ }
    if (line !~ /"/) { n = split(line, cell, ","); for (at = 1; at <= n; at++) { cell[at] = plain(cell[at]) } return n }
    n = 1; quoted = 0; text = ""
    for (at = 1; at <= length(line); at++) {
        char = substr(line, at, 1)
        if (char == "\"" && quoted && substr(line, at + 1, 1) == "\"") { text = text char; at++ }
        else if (char == "\"") { quoted = !quoted }
        else if (char == "," && !quoted) { cell[n++] = plain(text); text = "" }
        else { text = text char }
    }
    cell[n] = plain(text)
    return n
}
function plain(text) { return substr(text, 1, 1) == "\047" ? substr(text, 2) : text }
function json(text,  at, char, out) {
    if (text !~ /["\\\001-\037]/) { return "\"" text "\"" }
    for (at = 1; at <= length(text); at++) {
        char = substr(text, at, 1)
        out = out (char in escape ? escape[char] : char)
    }
    return "\"" out "\""
}
function next_posting(  line) {
    posted = 0
    if ((getline line < "ledger/postings.csv") > 0) { posted = 1; cells(line, "ledger/postings.csv")
        of = cell[1] "/" cell[2]; account = cell[3]; asset = cell[4]; quantity = cell[5]; after = cell[6] }
}
function add(asset, text,  sign, point, digits, n) {
    sign = 1
    if (substr(text, 1, 1) == "-") { sign = -1; text = substr(text, 2) }
    point = index(text, ".")
    digits = point ? substr(text, point + 1) : ""
    while (length(digits) < 18) { digits = digits "0" }
    digits = (point ? substr(text, 1, point - 1) : text) digits
    while (length(digits) < 36) { digits = "0" digits }
    if (digits !~ /^[0-9]+$/ || length(digits) != 36) { print "ledger/postings.csv: " text " is not a number" }
    assets[asset]
    for (n = 0; n < 6; n++) { sum[asset, n] += sign * substr(digits, 31 - 6 * n, 6) }
}
BEGIN {
    for (n = 1; n < 32; n++) { escape[sprintf("%c", n)] = sprintf("\\u%04x", n) }
    escape["\b"] = "\\b"; escape["\t"] = "\\t"; escape["\n"] = "\\n"; escape["\f"] = "\\f"; escape["\r"] = "\\r"
    escape["\""] = "\\\""; escape["\\"] = "\\\\"
    entries = "ledger/entries.csv"
    getline line < entries
    getline line < "ledger/postings.csv"
    next_posting()
    while ((getline line < entries) > 0) {
        n = cells(line, entries)
        if (n != 13) { print entries ": an entry does not have 13 cells"; continue }
        for (at = 1; at <= n; at++) { entry[at] = cell[at] }
        if (entry[1] != source) { if (source != "") { heads = heads prev } source = entry[1]; prev = zeros() }
        legs = ""
        while (posted && of == entry[1] "/" entry[2]) {
            legs = legs (legs == "" ? "" : ",") "[" json(account) "," json(asset) ",\"" quantity "\",\"" after "\"]"
            add(asset, quantity)
            next_posting()
        }
        digest_of("[\"" prev "\"," json(source) "," entry[2] ",\"" entry[3] "\"," entry[4] "," json(entry[5]) ",\"" entry[6] \
            "\"," entry[7] "," entry[8] ",\"" entry[9] "\"," json(entry[10]) "," entry[11] ",[" legs "]]", entry[13], \
            entries ": entry " entry[1] "/" entry[2])
        prev = entry[13]
        count++
    }
    if (posted) { print "ledger/postings.csv: the entry " of " is not there, or out of order" }
    if (source != "") { heads = heads prev }
    getline line < "pack.json"
    if (!match(line, /"ledger_head":"[0-9a-f]+"/)) { print "pack.json: it states no head of the ledger" }
    digest_of(heads, substr(line, RSTART + 15, 64), entries ": the head of the ledger")
    flush()
    for (asset in assets) {
        carry = 0; odd = 0
        for (n = 0; n < 6; n++) { carry += sum[asset, n]; odd += carry % 1000000 != 0; carry /= 1000000 }
        if (odd || carry != 0) { print "ledger/postings.csv: all postings of " asset " do not sum to zero" }
    }
    print count + 0 > (work "/count")
}' >> "$faults"

cat "$faults"
echo "$answers sealed answers, $(cat "$work/count") entries, $(wc -l < evidence/chain.jsonl) lines of the chain"
echo "manifest $(sha256sum manifest.sha256 | awk '{ print $1 }')"
if [ -s "$faults" ]; then
    echo "PROBLEMS: $(wc -l < "$faults")"
    exit 5
fi
echo "Everything fits."
