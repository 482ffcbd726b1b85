# programs.sh - the programs of the survey, each with a piece of real work.
# shellcheck shell=bash disable=SC2016,SC2154
#
# A function program_NAME does the work of one program in an empty folder and
# starts the program itself through "counted". Servers are started on the
# loopback interface, on the port in $port, and are ended by stop_servers.
# The comment above a function names its package and its part: "fit" programs
# choose the size classes, "judge" programs are kept apart to judge them.
# run reads these comments.

# --- samples -----------------------------------------------------------------

# A text of about 4 MB and a tree of small files, the same on every machine.
sample_text() {
    find /usr/share/common-licenses /usr/share/perl/5* -type f 2>/dev/null |
        sort | xargs cat | head -c 4000000
}

sample_tree() {
    mkdir tree && find /usr/share/perl/5* -name '*.pm' -size -40k | sort |
        head -n 400 | xargs cp --backup=numbered -t tree
}

sample_image() {
    convert -size 1200x900 plasma:red-blue -seed 7 "$1"
}

certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
        -days 2 -subj /CN=localhost 2>/dev/null
}

wait_for_port() {
    local i
    for ((i = 0; i < 100; i++)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.1
    done
    return 1
}

# --- interpreters ------------------------------------------------------------

# python3 fit
program_python() {
    sample_text >text
    counted python3 -c '
import json, re, hashlib
text = open("text", errors="replace").read()
words = {}
for line in open("text", errors="replace"):
    for word in re.findall(r"\w+", line):
        words[word] = words.get(word, 0) + 1
blob = json.dumps(words)
json.loads(blob)
with open("text", "rb") as file:
    while chunk := file.read(16384):
        hashlib.sha256(chunk)
'
}

# perl fit
program_perl() {
    sample_text >text
    counted perl -ne '$n{$_}++ for /\w+/g; push @l, $_; END {
        print scalar(@l), "\n"; print join("", sort @l[0..9999]) }' text
}

# ruby judge
program_ruby() {
    sample_text >text
    counted ruby -e 't = File.read("text", encoding: "BINARY")
        h = Hash.new(0); t.scan(/\w+/n) { |w| h[w] += 1 }
        puts h.sort_by { |k, v| -v }.first(10).inspect
        File.open("text") { |f| while (b = f.read(16384)); b.hash; end }'
}

# lua5.4 fit
program_lua() {
    sample_text >text
    counted lua5.4 -e 'local n = {}
        for line in io.lines("text") do n[#n + 1] = line:upper() end
        print(#table.concat(n, "\n"))'
}

# php-cli judge
program_php() {
    sample_text >text
    counted php -r '$t = file_get_contents("text");
        $w = array_count_values(str_word_count($t, 1)); arsort($w);
        echo count($w), "\n"; $f = fopen("text", "r");
        while (($b = fread($f, 16384)) !== false && $b !== "") md5($b);'
}

# r-base-core fit
program_r() {
    counted Rscript -e 'x <- lapply(1:2000, function(i) runif(900))
        m <- sapply(x, mean); s <- vapply(x, function(v) sd(v), 0)
        print(summary(lm(m ~ s))$r.squared)'
}

# tcl judge
program_tcl() {
    sample_text >text
    echo 'set f [open text]; set n 0
while {[gets $f line] >= 0} { incr n; append all $line }
puts "$n [string length $all]"' >job.tcl
    counted tclsh job.tcl
}

# guile-3.0 judge
program_guile() {
    sample_text >text
    GUILE_AUTO_COMPILE=0 counted guile -c '(use-modules (ice-9 rdelim))
        (call-with-input-file "text" (lambda (p)
          (let loop ((n 0)) (let ((l (read-line p)))
            (if (eof-object? l) (display n) (loop (+ n 1)))))))'
}

# nodejs judge
program_node() {
    sample_text >text
    counted node -e 'const fs = require("fs"), crypto = require("crypto");
        fs.createReadStream("text").on("data",
            b => crypto.createHash("sha1").update(b).digest());
        for (let i = 0; i < 3000; i++) Buffer.alloc(9000 + i % 7000).fill(1);'
}

# sbcl judge
program_sbcl() {
    sample_text >text
    counted sbcl --noinform --non-interactive --eval '(with-open-file
        (s "text" :external-format :latin-1) (loop for l = (read-line s nil)
        while l sum (length l) into n finally (print n)))'
}

# --- data bases and stores ---------------------------------------------------

# sqlite3 fit
program_sqlite() {
    counted sqlite3 data.db 'CREATE TABLE d(id INTEGER PRIMARY KEY, t, b);
        WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n
            WHERE i < 20000) INSERT INTO d SELECT i, hex(randomblob(20)),
            zeroblob(2500 + i * 7919 % 6000) FROM n;
        CREATE INDEX x ON d(t);
        SELECT count(*), sum(length(b)) FROM d WHERE t > "8";
        SELECT count(*) FROM (SELECT t, b FROM d ORDER BY t LIMIT 5000);'
}

# memcached judge
program_memcached() {
    serve memcached -u nobody -l 127.0.0.1 -p "$port"
    wait_for_port "$port"
    python3 - "$port" <<'END'
import socket, sys
held = [socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        for _ in range(200)]
for turn in range(20):
    for s in held:
        s.sendall(b"set k%d 0 0 9000\r\n%s\r\n" % (turn, b"x" * 9000))
        s.recv(100)
        s.sendall(b"get k%d\r\n" % turn)
        got = 0
        while got < 9000:
            got += len(s.recv(65536))
END
}

# postgresql fit
program_postgres() {
    local tools
    tools=$(echo /usr/lib/postgresql/*/bin)
    chmod 777 . && mkdir data && chown postgres data
    runuser -u postgres -- "$tools/initdb" -D data >/dev/null
    chmod 666 "$SURVEY_OUT"
    serve runuser -u postgres -- env LD_PRELOAD="$survey_library" \
        "$tools/postgres" -D data -p "$port" -k "$PWD" -h 127.0.0.1
    wait_for_port "$port"
    runuser -u postgres -- pgbench -q -i -s 2 -p "$port" -h 127.0.0.1 postgres
    runuser -u postgres -- pgbench -c 4 -t 500 -p "$port" -h 127.0.0.1 postgres
    runuser -u postgres -- pgbench -S -c 4 -t 1500 -p "$port" -h 127.0.0.1 \
        postgres
}

# mariadb-server fit
program_mariadb() {
    mkdir data && mariadb-install-db --no-defaults --user=root \
        --datadir="$PWD/data" --auth-root-authentication-method=normal \
        >/dev/null 2>&1
    serve mariadbd --no-defaults --user=root --datadir="$PWD/data" \
        --port="$port" --bind-address=127.0.0.1 --socket="$PWD/s"
    wait_for_port "$port"
    mariadb-slap --no-defaults -S "$PWD/s" -u root --concurrency=8 \
        --number-of-queries=2000 --auto-generate-sql \
        --auto-generate-sql-load-type=mixed --number-char-cols=4
}

# --- servers -----------------------------------------------------------------

fetch_often() {
    local i
    for ((i = 0; i < $2; i++)); do
        curl -sk -o /dev/null "$1"
    done
    curl -sk -o /dev/null "$1?[1-$2]"
}

# nginx fit
program_nginx() {
    certificate
    head -c 1000000 /dev/urandom >file && chmod 755 .
    printf 'daemon off; worker_processes 1; pid n.pid; error_log e.log;
events {} http { access_log off; server { listen 127.0.0.1:%s ssl;
ssl_certificate cert.pem; ssl_certificate_key key.pem; root .; } }' "$port" \
        >nginx.conf
    serve nginx -p "$PWD" -e e.log -c nginx.conf
    wait_for_port "$port"
    fetch_often "https://127.0.0.1:$port/file" 60
}

# lighttpd judge
program_lighttpd() {
    head -c 300000 /dev/urandom >file
    printf 'server.document-root = "%s"\nserver.port = %s\n' "$PWD" "$port" \
        >l.conf
    printf 'server.bind = "127.0.0.1"\n' >>l.conf
    serve lighttpd -D -f l.conf
    wait_for_port "$port"
    fetch_often "http://127.0.0.1:$port/file" 100
}

# apache2 judge
program_apache() {
    certificate
    head -c 1000000 /dev/urandom >file && chmod 755 .
    printf 'ServerRoot %s\nPidFile a.pid\nErrorLog e.log\nListen 127.0.0.1:%s
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
DocumentRoot %s\nSSLEngine on\nSSLCertificateFile cert.pem
SSLCertificateKeyFile key.pem\nServerName localhost\n' \
        "$PWD" "$port" "$PWD" >a.conf
    serve apache2 -X -f "$PWD/a.conf"
    wait_for_port "$port"
    fetch_often "https://127.0.0.1:$port/file" 60
}

# haproxy judge
program_haproxy() {
    printf 'defaults\n mode http\n timeout client 5s\n timeout server 5s
 timeout connect 5s\nfrontend f\n bind 127.0.0.1:%s\n' "$port" >h.cfg
    printf ' http-request return status 200 content-type text/plain string "%s"
' "$(head -c 900 </dev/zero | tr '\0' x)" >>h.cfg
    serve haproxy -db -f h.cfg
    wait_for_port "$port"
    fetch_often "http://127.0.0.1:$port/" 200
}

# unbound judge
program_unbound() {
    printf 'server:\n interface: 127.0.0.1@%s\n chroot: ""\n username: ""
 directory: "%s"\n pidfile: ""\n use-syslog: no\n do-daemonize: no
 local-zone: "a." static\n local-data: "x.a. A 192.0.2.1"
remote-control:\n control-enable: no\n' "$port" "$PWD" >u.conf
    serve unbound -d -c u.conf
    sleep 1
    seq 1 300 | sed 's/.*/x.a A/' >queries
    dig -p "$port" @127.0.0.1 +tries=1 +timeout=1 -f queries >/dev/null
}

# squid judge
program_squid() {
    printf 'http_port 127.0.0.1:%s accel defaultsite=localhost no-vhost
cache_peer 127.0.0.1 parent %s 0 no-query originserver
http_access allow all\npid_filename none\ncache_log %s/c.log
access_log none\ncoredump_dir %s\n' "$port" "$((port + 1))" "$PWD" "$PWD" \
        >s.conf
    chmod 777 . && chmod 666 "$SURVEY_OUT"
    head -c 300000 /dev/urandom >file
    python3 -m http.server --bind 127.0.0.1 "$((port + 1))" >/dev/null 2>&1 &
    serve squid -N -f s.conf
    wait_for_port "$port"
    fetch_often "http://127.0.0.1:$port/file" 60
}

# mosquitto judge
program_mosquitto() {
    serve mosquitto -p "$port"
    wait_for_port "$port"
    head -c 9000 /dev/urandom | base64 -w0 >message
    mosquitto_sub -p "$port" -t t -C 300 >/dev/null &
    local reader=$!
    sleep 0.3
    for ((i = 0; i < 300; i++)); do cat message; echo; done |
        mosquitto_pub -p "$port" -t t -l -q 1
    wait "$reader"
}

# openssl fit
program_openssl() {
    certificate
    serve openssl s_server -accept "127.0.0.1:$port" -cert cert.pem \
        -key key.pem -WWW -quiet
    head -c 1000000 /dev/urandom >file
    wait_for_port "$port"
    fetch_often "https://127.0.0.1:$port/file" 40
}

# curl fit
program_curl() {
    certificate
    openssl s_server -accept "127.0.0.1:$port" -cert cert.pem -key key.pem \
        -WWW -quiet &
    servers+=($!)
    head -c 20000000 /dev/urandom >file
    wait_for_port "$port"
    counted curl -sk -o out "https://127.0.0.1:$port/file"
}

# openssh-client fit
program_ssh_keygen() {
    for ((i = 0; i < 20; i++)); do
        counted ssh-keygen -q -t ed25519 -N '' -f "k$i"
    done
}

# --- version control, builds, archives ---------------------------------------

# git fit
program_git() {
    git init -q . && git config user.email a@b && git config user.name a
    sample_tree
    for ((i = 0; i < 20; i++)); do
        find tree -type f | sed -n "$((i + 1))~20p" | xargs sed -i "1i # $i"
        counted git add tree
        counted git commit -q -m "$i"
    done
    counted git log --stat -p >/dev/null
    counted git gc -q
    counted git clone -q . copy
}

# mercurial judge
program_mercurial() {
    sample_tree
    counted hg init -q .
    counted hg add -q tree
    counted hg commit -q -u a -m one
    counted hg log -p >/dev/null
}

# subversion judge
program_subversion() {
    sample_tree
    counted svnadmin create store
    counted svn import -q -m one tree "file://$PWD/store"
    counted svn checkout -q "file://$PWD/store" work
    counted svn log -v "file://$PWD/store" >/dev/null
}

# gcc fit
program_gcc() {
    printf '#include <stdio.h>\n' >a.c
    for ((i = 0; i < 1500; i++)); do
        printf 'int f%d(int a) { int s = 0; for (int i = 0; i < a; i++)
    s += i * %d ^ a; printf("%%d", s); return s; }\n' "$i" "$i"
    done >>a.c
    counted gcc -O2 -c a.c
}

# clang judge
program_clang() {
    printf '#include <map>\n#include <string>\n#include <vector>
std::map<std::string, std::vector<int>> m;\n' >a.cc
    printf 'int f(int a) { m["x"].push_back(a); return (int)m.size(); }\n' \
        >>a.cc
    counted clang++ -O2 -c a.cc
}

# cmake judge
program_cmake() {
    printf 'cmake_minimum_required(VERSION 3.10)\nproject(x C)
add_executable(x x.c)\n' >CMakeLists.txt
    echo 'int main(void) { return 0; }' >x.c
    counted cmake -G Ninja -S . -B out >/dev/null
    counted ninja -C out >/dev/null
}

# tar fit
program_tar() {
    sample_tree
    counted tar cf a.tar tree
    counted tar xf a.tar
    counted cp -r tree copy
    counted find / -xdev -name 'x*' >/dev/null 2>&1
    counted du -s /usr/share >/dev/null
}

# gzip fit
program_gzip() {
    sample_text >text
    counted gzip -k text
    counted gzip -dc text.gz >/dev/null
    counted xz -1 -k text
    counted xz -dc text.xz >/dev/null
    counted zstd -q text -o text.zst
    counted bzip2 -k text
}

# p7zip-full judge
program_7z() {
    sample_tree
    counted 7z a -mx=3 a.7z tree >/dev/null
    counted 7z x -oout a.7z >/dev/null
}

# rsync fit
program_rsync() {
    sample_tree
    counted rsync -a tree/ copy/
    echo more | tee -a tree/* >/dev/null
    counted rsync -ac tree/ copy/
}

# --- text --------------------------------------------------------------------

# grep fit
program_text_tools() {
    sample_text >text
    sample_tree
    counted sort text >sorted
    counted sed 's/the/THE/g' text >/dev/null
    counted grep -r sub tree >/dev/null
    counted awk '{ n[$1]++ } END { for (k in n) print k, n[k] }' text >/dev/null
    counted diff sorted text >/dev/null
    counted bash -c 'x=$(head -c 20000 text); for i in $(seq 300); do
        y=$(echo "$x" | head -c 5000); done'
}

# ripgrep judge
program_ripgrep() {
    sample_tree
    counted rg -c 'sub \w+' tree /usr/share/perl >/dev/null
}

# emacs-nox judge
program_emacs() {
    sample_text >text.txt
    counted emacs -Q --batch text.txt --eval '(progn (upcase-region
        (point-min) (point-max)) (sort-lines nil (point-min) 100000)
        (write-file "out.txt"))' 2>/dev/null
}

# vim judge
program_vim() {
    sample_text >text
    counted vim -u NONE -es -c '%s/the/THE/ge' -c 'sort' -c 'w! out' \
        -c 'qa!' text
}

# groff judge
program_groff() {
    zcat /usr/share/man/man1/*.gz 2>/dev/null | head -c 800000 >pages
    counted groff -man -Tascii pages >/dev/null 2>&1
}

# jq judge
program_jq() {
    python3 -c '
import json
print(json.dumps([{"id": i, "text": "x" * (i % 5000)} for i in range(3000)]))
' >in.json
    counted jq '[.[] | select(.id % 3 == 0) | .text | length] | add' in.json
}

# libxml2-utils judge
program_xml() {
    python3 -c '
print("<r>" + "".join("<a n=\"%d\">%s</a>" % (i, "y" * (i % 3000))
                      for i in range(3000)) + "</r>")' >in.xml
    counted xmllint --format in.xml >/dev/null
    counted xmllint --xpath 'count(//a[@n > 500])' in.xml
}

# miller judge
program_datamash() {
    seq 1 200000 | awk '{ print $1 "\t" $1 % 7 "\t" $1 * 3 }' >in.tsv
    counted datamash -g 2 sum 1 mean 3 <in.tsv -s
}

# --- media and documents -----------------------------------------------------

# imagemagick judge
program_imagemagick() {
    sample_image in.png
    counted convert in.png -resize 50% -blur 0x2 out.jpg
    counted convert in.png -rotate 30 out.webp
}

# ffmpeg fit
program_ffmpeg() {
    counted ffmpeg -v error -f lavfi -i testsrc=d=4:s=640x360 \
        -f lavfi -i sine=d=4 -c:v mpeg4 -c:a aac out.mp4
    counted ffmpeg -v error -i out.mp4 -f null -
}

# sox judge
program_sox() {
    counted sox -n a.wav synth 20 sine 300-3000
    counted sox a.wav b.flac rate 22050
    counted flac -s -f a.wav -o c.flac
}

# ghostscript fit
program_ghostscript() {
    echo '/Courier findfont 12 scalefont setfont 1 1 60 { 0 1 50 { 10 mul 50 exch
moveto (hello) show } for showpage } for' >a.ps
    counted gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=a.pdf a.ps
    counted gs -q -dBATCH -dNOPAUSE -sDEVICE=png16m -r72 -sOutputFile=%d.png \
        a.pdf
}

# poppler-utils judge
program_poppler() {
    echo '/Courier findfont 12 scalefont setfont 1 1 60 { 0 1 50 { 10 mul 50 exch
moveto (hello) show } for showpage } for' >a.ps
    gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=a.pdf a.ps
    counted pdftotext a.pdf
    counted pdftoppm -r 50 a.pdf p
    counted qpdf --linearize a.pdf b.pdf
}

# librsvg2-bin judge
program_rsvg() {
    python3 -c '
print("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"600\">"
      + "".join("<circle cx=\"%d\" cy=\"%d\" r=\"9\"/>" % (i % 800, i % 600)
                for i in range(5000)) + "</svg>")' >a.svg
    counted rsvg-convert a.svg -o a.png
}

# graphviz judge
program_graphviz() {
    python3 -c '
print("digraph g {")
for i in range(400):
    print("a%d -> a%d;" % (i, i * 7 % 400))
print("}")' >a.dot
    counted dot -Tsvg a.dot -o a.svg
}

# gnuplot-nox judge
program_gnuplot() {
    seq 1 50000 | awk '{ print $1, sin($1 / 1000) }' >d
    counted gnuplot -e 'set term png; set out "a.png"; plot "d" with lines'
}

# libtiff-tools judge
program_tiff() {
    sample_image in.tif
    counted tiffcp -c lzw in.tif out.tif
    counted tiffcp -c zip -t in.tif tiled.tif
}

# --- science and networks ----------------------------------------------------

# samtools judge
program_samtools() {
    python3 -c '
import random
random.seed(3)
print("@HD\tVN:1.6\n@SQ\tSN:c\tLN:1000000")
for i in range(40000):
    print("r%d\t0\tc\t%d\t60\t100M\t*\t0\t0\t%s\t%s" % (
        i, random.randrange(1, 990000),
        "".join(random.choices("ACGT", k=100)), "I" * 100))' >a.sam
    counted samtools sort -o a.bam a.sam
    counted samtools index a.bam
    counted samtools depth a.bam >/dev/null
}

# osmium-tool judge
program_osmium() {
    python3 -c '
print("<osm version=\"0.6\">" + "".join(
    "<node id=\"%d\" version=\"1\" lat=\"%f\" lon=\"%f\"/>" % (
        i, i / 1e4, i / 2e4) for i in range(1, 60000)) + "</osm>")' >a.osm
    counted osmium cat -O -o a.osm.pbf a.osm
    counted osmium fileinfo -e a.osm.pbf >/dev/null
}

# tshark judge
program_tshark() {
    python3 -c '
import struct, sys
w = sys.stdout.buffer.write
w(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
for i in range(20000):
    p = (b"\0" * 12 + b"\x08\0" + bytes.fromhex(
        "4500003c00004000400600000a0000010a000002") + b"\0" * 40)
    w(struct.pack("<IIII", i, 0, len(p), len(p)) + p)' >a.pcap
    counted tshark -r a.pcap -q -z io,stat,1000 >/dev/null 2>&1
}
