#!/usr/bin/python3
"""PHP, which opens its extensions with RTLD_DEEPBIND: php and php-fpm."""

import glob

from harness import another_user, main, scenario
from processes import accepts, free_port

EXTENSIONS = "mysqlnd pdo pdo_sqlite sqlite3 phar zend opcache".split()

WORK = r"""<?php
$db = new PDO('sqlite::memory:');
$db->exec('CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT)');
$add = $db->prepare('INSERT INTO t(body) VALUES(?)');
for ($i = 0; $i < 300; $i++) $add->execute([str_repeat(chr(97 + $i % 26), 3000 + $i * 20)]);
$sum = 0;
foreach ($db->query('SELECT * FROM t ORDER BY body') as $row) $sum += strlen($row['body']);
echo "rows $sum\n";
$lines = explode("\n", str_repeat("some words to sort\nothers\n", 4000));
sort($lines);
echo md5(implode(',', $lines)), "\n";
preg_match_all('/\w+/', str_repeat('one two ', 9000), $found);
echo count($found[0]), ' ', json_encode(array_slice($found[0], 0, 3)), "\n";
echo strlen(gzuncompress(gzcompress(str_repeat('packed ', 20000)))), "\n";
"""

ARCHIVE = r"""<?php
$phar = new Phar('made.phar');
for ($i = 0; $i < 20; $i++) $phar->addFromString("f$i.txt", str_repeat("$i,", 5000));
$phar->compressFiles(Phar::GZ);
foreach (new Phar('made.phar') as $file) $sizes[] = $file->getSize();
echo array_sum($sizes), "\n";
"""

FPM = """[global]
error_log = fpm.log
daemonize = no
[www]
listen = 127.0.0.1:%(port)d
user = %(user)s
pm = static
pm.max_children = 2
"""

NGINX = """daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
user %(user)s;
events {} http { access_log off; fastcgi_temp_path t1;
client_body_temp_path t2; proxy_temp_path t3; uwsgi_temp_path t4;
scgi_temp_path t5;
server { listen 127.0.0.1:%(front)d; location / {
fastcgi_param SCRIPT_FILENAME %(root)s/work.php;
fastcgi_param REQUEST_METHOD GET;
fastcgi_pass 127.0.0.1:%(port)d; } } }
"""

SERVERS = glob.glob("/usr/sbin/php-fpm*")


@scenario(band=True, reporters=["php"])
def php_with_its_extensions(run):
    modules = run.run("php", "-m").decode().lower()
    for name in EXTENSIONS:
        run.require(name in modules, "php has no " + name)
    run.write("work.php", WORK)
    run.write("archive.php", ARCHIVE)
    for conf in ("opcache.enable_cli=1", "opcache.enable_cli=0"):
        run.run("php", "-d", conf, "work.php")
    run.run("php", "-d", "phar.readonly=0", "archive.php")


@scenario(band=True)
def php_fpm_behind_nginx(run):
    user = another_user("www-data")
    values = {"port": free_port(), "front": free_port(), "root": run.dir,
              "user": user.pw_name if user else "nobody"}
    run.write("work.php", WORK)
    run.write("fpm.conf", FPM % values)
    run.write("nginx.conf", NGINX % values)
    pools = run.start(SERVERS[0], "-R", "-y", run.path("fpm.conf"), "-p",
                      run.dir, ready=lambda: accepts(values["port"]))
    front = run.start("nginx", "-p", run.dir, "-c", run.path("nginx.conf"),
                      "-e", run.path("error.log"),
                      ready=lambda: accepts(values["front"]))
    url = "http://127.0.0.1:%d/" % values["front"]
    for _ in range(4):
        run.run("curl", "-sS", "--fail", url)
    run.run("curl", "-sS", "--fail", "-Z", url + "[1-60]", compare="")
    run.stop(front)
    run.stop(pools)


if __name__ == "__main__":
    main("php", "nginx", "curl", also=SERVERS[:1] or ["/usr/sbin/php-fpm"])
