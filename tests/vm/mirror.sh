# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Debian's mirrors, as this machine's apt is set up with them.

# "deb URI SUITE COMPONENT", one line each: the release, its updates and its security fixes.
mirror_sources() {
	apt-get indextargets --format '$(CREATED_BY) $(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT)' |
		sed -n 's/^Packages Debian //p' | grep ' main$' | sort -u
}

# Debian's main archive alone, with the release's name: "URI SUITE".
mirror_main() {
	apt-get indextargets --format '$(CREATED_BY) $(ORIGIN) $(LABEL) $(REPO_URI) $(CODENAME) $(COMPONENT)' |
		awk '$1 == "Packages" && $2 == "Debian" && $3 == "Debian" && $6 == "main" && $5 !~ /-/ { print $4, $5; exit }'
}
mirror_uri() { mirror_main | cut -d ' ' -f 1; }
mirror_suite() { mirror_main | cut -d ' ' -f 2; }
