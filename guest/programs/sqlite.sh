# Tables, transactions, the write-ahead log, two processes at once, and a check of all that is in the file.
set -e
cd /tmp
sqlite3 --version | cut -c 1-4
sqlite3 a.db "pragma journal_mode=wal; create table t(id integer primary key, name text, size real);
  create index by_name on t(name); begin; with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
  insert into t select i, 'name' || (i * 7919 % 2003), i / 8.0 from n; commit;"
sqlite3 a.db "select count(*), sum(size), min(name), max(name) from t; begin; delete from t where id % 2; rollback;
  select count(*) from t; explain query plan select * from t where name = 'x';"
for i in 1 2 3 4; do
  sqlite3 -cmd '.timeout 60000' a.db "begin immediate; insert into t(id, name) values(10000 + $i, 'process $i'); commit;" &
done
wait
sqlite3 a.db "select name from t where name like 'process %' order by name; pragma wal_checkpoint(truncate); pragma integrity_check;"
sqlite3 a.db .dump | cksum
sqlite3 a.db "pragma mmap_size=1048576; select count(*) from t; pragma journal_mode=delete; vacuum; pragma integrity_check;"
ls a.db*
sqlite3 :memory: "create table m(a, b); insert into m values(1, 'x'), (2, 'y'); select json_group_array(json_object('a', a, 'b', b)) from m;"
sqlite3 a.db "create table t(x)" || echo "status $?"
