# One database, in the directory given: journals of every kind, a transaction rolled back, what other processes see.
cd "$1" || exit 1; rm -f base.db*
sqlite3 base.db <<'END'
.bail on
create table item(id integer primary key, name text not null, price real, tag text);
begin; with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
insert into item select i, 'item ' || i, i * 1.25, case when i % 3 then 'odd' else 'third' end from n; commit;
create index by_tag on item(tag, price);
select count(*), sum(price), avg(id), max(name) from item;
select tag, count(*) from item group by tag order by tag;
explain query plan select name from item where tag = 'third' and price > 1200;
select name from item where tag = 'third' and price > 1240 order by price desc;
begin; delete from item; select count(*) from item; rollback; select count(*) from item;
update item set price = price * 2 where id <= 10; select total(price) from item where id <= 10;
insert or ignore into item values(1, 'twice', 0, ''); select changes();
insert into item values(1, 'twice', 0, '');
END
echo "constraint: $?"
ls base.db*
for mode in delete truncate persist memory wal off; do
  sqlite3 base.db "pragma journal_mode=$mode; create table t_$mode(x); begin; insert into t_$mode select price from item; commit; select count(*), sum(x) from t_$mode; pragma integrity_check;"
  echo "$mode: $?"
done
sqlite3 base.db 'pragma journal_mode=wal; insert into t_wal values(1);' '.system ls base.db*' 'pragma wal_checkpoint(truncate); select count(*) from t_wal;'
sqlite3 base.db 'pragma mmap_size=1048576; select count(*) from item; pragma journal_mode=delete;'
sqlite3 base.db 'begin exclusive; select 1;' '.system sqlite3 base.db "insert into item values(5000, 0, 0, 0)"; echo "locked: $?"' 'commit;'
sqlite3 base.db 'begin; select count(*) from item;' '.system sqlite3 base.db "begin immediate; update item set price = 0 where id = 1; commit"; echo "writer beside a reader: $?"' 'commit;'
for n in 1 2 3 4; do sqlite3 -cmd '.timeout 20000' base.db "insert into item(name) values('process $n')" & done; wait
sqlite3 base.db "select count(*) from item where name like 'process%'; pragma integrity_check; delete from item where id > 1000;"
sqlite3 base.db .dump | sha256sum; sqlite3 base.db 'vacuum; pragma page_count; pragma quick_check; pragma page_size;'; stat -c %s base.db
sqlite3 base.db '.dump item' | sqlite3 copy.db && sqlite3 copy.db 'select count(*) from item'; sqlite3 -csv -header base.db 'select id, name from item limit 2'; sqlite3 -json base.db 'select id, tag from item limit 1'
sqlite3 base.db "attach 'copy.db' as other; select count(*) from item join other.item using (id); detach other; drop table item; select name from sqlite_schema order by 1;"
sqlite3 base.db '.backup backup.db' && [ "$(sqlite3 base.db .dump | md5sum)" = "$(sqlite3 backup.db .dump | md5sum)" ] && echo backup; sqlite3 nothing/base.db 'select 1' 2>&1; head -c 5000 /dev/zero >bad.db; sqlite3 bad.db 'select * from t' 2>&1; echo "not a database: $?"
sqlite3 :memory: "create virtual table f using fts5(body); insert into f values('the quick fox'), ('a lazy dog'); select rowid from f where f match 'lazy'; select json_extract('{\"a\":[1,2]}', '\$.a[1]'), hex(randomblob(4)) like '________', strftime('%Y', 0, 'unixepoch'), sqrt(2);"
sqlite3 base.db 'select * from missing'; status=$?; rm -f base.db* copy.db backup.db bad.db; exit $status
