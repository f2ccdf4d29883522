# SPDX-License-Identifier: Apache-2.0
# The tables of tests/data as a part of caisson-oci(7): rows that are not plainly supported, or have something to be said of them.
#
#   awk -v part=rows|depends|flags -f rows.awk TABLE
#
# rows: what is refused, ignored or partial. depends: what is supported with a note. flags: the same two for the command line.
BEGIN { FS = "\t" }
/^#/ || /^$/ { next }
{
	flags = part == "flags"
	name = flags ? ($1 == "caisson" ? $2 : $1 " " $2) : $1
	status = flags ? $3 : $2
	note = flags ? $5 : $4
	sub(/^config:/, "", name)
	sub(/^(features|state):/, "& ", name)
	if (note == "" || (part == "depends") != (status == "supported") && !flags)
		next
	if (flags && status == "supported")
		next
	# Neighbours with the same words become one entry.
	if (note == last && status == was)
		names = names "\n.TQ\n.B " quote(name)
	else {
		flush()
		names = ".B " quote(name)
		last = note
		was = status
	}
}
END { flush() }
function quote(s) {
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	gsub(/^rule: /, "", s)
	return s
}
function flush() {
	if (names == "")
		return
	text = last
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	print ".TP\n" names "\n" (part == "depends" ? "" : was ": ") text "."
}
