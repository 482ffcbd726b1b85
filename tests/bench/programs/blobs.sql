-- sqlite3 with blobs of 3-5 KB in memory: insert, renew, delete, read.
CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB);
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 60000)
  INSERT INTO t SELECT i, randomblob(3000 + abs(random()) % 2000) FROM c;
UPDATE t SET b = randomblob(3000 + abs(random()) % 2000) WHERE id % 3 = 0;
DELETE FROM t WHERE id % 5 = 0;
SELECT count(*), sum(length(b)) > 0 FROM t;
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000)
  INSERT INTO t SELECT 100000 + i, randomblob(3000 + abs(random()) % 2000)
  FROM c;
SELECT count(*) FROM t WHERE substr(b, 100, 1) > x'80';
