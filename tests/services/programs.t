#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Logins, jobs, and programs of one's own in node, Python, Java and one static file, under their profiles and, started as stock images
# start them, under level hardened alone.
. "$(dirname "$0")/lib.sh"
stock_root
plan 165

# ---- sshd: a login by key, with and without a terminal ----

mkdir -m 711 "$TMP/keys" "$TMP/home"
mkdir -m 700 "$TMP/home/user" "$TMP/client"
caisson launch --policy svc-sshd -v "$TMP/keys:/srv/keys" -v "$TMP/client:/srv/client" "$root" -- /bin/sh -c '
	ssh-keygen -q -t ed25519 -N "" -f /srv/keys/host && ssh-keygen -q -t ed25519 -N "" -f /srv/client/key &&
	cp /srv/client/key.pub /srv/keys/user' > /dev/null 2>&1
printf '127.0.0.1 %s\n' "$(cat "$TMP/keys/host.pub")" > "$TMP/client/known"
chown -R 1000:1000 "$TMP/home/user" "$TMP/client"
sshd_conf() {
	cat <<-CONF
		HostKey /srv/keys/host
		AuthorizedKeysFile /srv/keys/%u
		PidFile /run/sshd.pid
		ListenAddress 127.0.0.1
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		UsePAM yes
		PrintMotd no
		SetEnv SAYS=$1
		Subsystem sftp /usr/lib/openssh/sftp-server
	CONF
}
key='-i /srv/client/key -o UserKnownHostsFile=/srv/client/known -o StrictHostKeyChecking=yes -o BatchMode=yes -o LogLevel=ERROR'
# login OPTIONS COMMAND: from inside, as the user.
login() { caisson exec -u 1000:1000 "$w" /usr/bin/ssh $key $1 127.0.0.1 "$2" 2>&1 | tr -d '\r'; }
copied() { caisson exec -u 1000:1000 "$w" /usr/bin/scp -q $key 127.0.0.1:kept /tmp/copied && inside /bin/busybox cat /tmp/copied; }
logged_in() { [ "$(login '' 'echo $SAYS')" = "$1" ]; }
sshd_case() {
	w=$MARK-sshd-$1
	for t in 1 2; do
		n="sshd, $1, start $t"
		sshd_conf "page-$t" > "$conf/sshd_config"
		ok "$n: launched" start "$1" -v "$TMP/keys:/srv/keys:ro" -v "$TMP/client:/srv/client:ro" -v "$TMP/home:/home" \
			-- /usr/sbin/sshd -D -e -f /srv/conf/sshd_config
		ok "$n: lets a key in" within 20 logged_in "page-$t"
		is "$n: as its user" "$(login '' 'id -u; id -g; pwd')" "$(printf '1000\n1000\n/home/user')"
		like "$n: with a terminal of the user's own" "$(login -tt 'tty; stat -c %u "$(tty)"')" '^/dev/pts/[0-9]+$'
		like "$n: who owns it" "$(login -tt 'stat -c owner=%u "$(tty)"')" '^owner=1000$'
		[ $t -eq 2 ] || login '' "echo $1 > kept"
		is "$n: finds its file again" "$(login '' 'cat kept')" "$1"
		is "$n: copies a file" "$(copied 2>&1)" "$1"
		confined "$n" sshd "$2" 0
		is "$n: leaves the session no capability in use" "$(login '' 'sed -n "s/^CapEff:.//p; s/^NoNewPrivs:.//p" /proc/self/status')" "$(printf '%s\n1' "$none")"
		sshd_conf "reloaded-$t" > "$conf/sshd_config"
		ok "$n: HUP" caisson kill "$w" HUP
		ok "$n: has read its configuration again" within 20 logged_in "reloaded-$t"
		stop "$n" TERM 10
	done
}
sshd_case svc-sshd 00000000000400c1
sshd_case hardened "$ten"

# ---- cron: a job at its start, as another user ----

mkdir "$TMP/cron.d"
echo '@reboot www-data /bin/busybox id -u > /tmp/job; /bin/busybox grep CapBnd /proc/self/status >> /tmp/job' > "$TMP/cron.d/job"
job() { inside /bin/busybox grep -q CapBnd /tmp/job; }
cron_case() {
	w=$MARK-cron-$1
	for t in 1 2; do
		n="cron, $1, start $t"
		ok "$n: launched" start "$1" --tmpfs /run --tmpfs /tmp -v "$TMP/cron.d:/etc/cron.d:ro" -- /usr/sbin/cron -f
		ok "$n: runs a job" within 20 job
		like "$n: as the job's user" "$(inside /bin/busybox cat /tmp/job 2>&1)" '^33$'
		confined "$n" cron "$2" 0
		stop "$n" TERM 10
	done
}
cron_case svc-cron 00000000000000c0
cron_case hardened "$ten"

# ---- programs ----

cat > "$conf/app.js" <<'JS'
const server = require("http").createServer((_, answer) => answer.end("from node\n")).listen(3000, "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
JS
cat > "$conf/app.py" <<'PY'
def app(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"from python\n"]
PY
# One source file, compiled as it starts; each answer is made by a thread of a pool, and it loads a library from /tmp as jars do.
cat > "$conf/App.java" <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.file.*;
import java.util.concurrent.Executors;

public class App {
	public static void main(String[] args) throws Exception {
		Path from = Path.of(System.getProperty("java.home"), "lib", "libjaas.so");
		Path library = Files.createTempFile("unpacked", ".so");
		Files.copy(from, library, StandardCopyOption.REPLACE_EXISTING);
		System.load(library.toString());
		HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 8080), 0);
		server.setExecutor(Executors.newFixedThreadPool(8));
		server.createContext("/", exchange -> {
			byte[] text = ("from java, " + Runtime.getRuntime().maxMemory() / 1048576 + " MiB\n").getBytes();
			exchange.sendResponseHeaders(200, text.length);
			exchange.getResponseBody().write(text);
			exchange.close();
		});
		Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(0)));
		server.start();
	}
}
JAVA
# program_case PROFILE COMM PORT TEXT RELOAD CAPS UID PROGRAM...
program_case() {
	w=$MARK-$2-$1
	_p=$1 _comm=$2 _port=$3 _text=$4 _reload=$5 _caps=$6 _uid=$7
	shift 7
	for t in 1 2; do
		n="$_comm, $_p, start $t"
		ok "$n: launched" start "$_p" -e HOME=/tmp -- "$@"
		ok "$n: serves" within 60 says "$_port" "$_text"
		if [ -n "$_reload" ]; then
			ok "$n: $_reload" caisson kill "$w" "$_reload"
			ok "$n: serves after it" within 20 says "$_port" "$_text"
		fi
		confined "$n" "$_comm" "$_caps" "$_uid"
		stop "$n" TERM 10
	done
}
java=$(echo "$root"/usr/lib/jvm/java-[0-9][0-9]-openjdk-*/bin/java)
java=${java#"$root"}
for p in own hardened; do
	caps=$ten uid=0
	of() { echo hardened; }
	if [ "$p" = own ]; then
		caps=$none uid=1000
		of() { echo "$1"; }
	fi
	program_case "$(of svc-node)" node 3000 'from node' '' "$caps" "$uid" /usr/bin/node /srv/conf/app.js
	# A worker that was born a moment ago misses gunicorn's TERM, and gunicorn waits for it this long.
	program_case "$(of svc-python)" python3 8000 'from python' HUP "$caps" "$uid" /usr/bin/python3 -m gunicorn --graceful-timeout 3 \
		--chdir /srv/conf -b 127.0.0.1:8000 -w 2 app:app
	# a quarter of the memory that svc-java gives
	[ "$p" = hardened ] && says='from java' || says='from java, 512 MiB'
	program_case "$(of svc-java)" java 8080 "$says" '' "$caps" "$uid" "$java" -XX:TieredStopAtLevel=1 /srv/conf/App.java
	[ "$p" = hardened ] || uid=65532
	program_case "$(of svc-go)" busybox 80 'served from inside' '' "$caps" "$uid" /bin/busybox httpd -f -p 127.0.0.1:80 -h /srv/www
done

leftovers_after
