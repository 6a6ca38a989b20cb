# Debian's dynamic loader: called by the kernel for a program, called by hand, and when it cannot do what it should.
loader=/lib/ld-linux-riscv64-lp64d.so.1
lua5.4 -e 'print("by the kernel")'
$loader /usr/bin/lua5.4 -e 'print("by hand")'
$loader --list /usr/bin/sqlite3 | sed 's/ (0x.*//'
LD_TRACE_LOADED_OBJECTS=1 lua5.4 | sed 's/ (0x.*//'
LD_LIBRARY_PATH=/nowhere LD_BIND_NOW=1 sqlite3 :memory: 'select "bound at once"'
LD_PRELOAD=/nowhere.so lua5.4 -e 'print("preloaded or not")' 2>&1
LD_SHOW_AUXV=1 lua5.4 -v | awk '{ print $1 }' | grep -E 'AT_(PHDR|PHENT|PHNUM|PAGESZ|BASE|ENTRY|RANDOM|EXECFN):'
$loader /nowhere 2>&1; echo "missing: $?"
$loader /etc/passwd 2>&1; echo "no program: $?"
mv /usr/lib/riscv64-linux-gnu/libreadline.so.8 /tmp; lua5.4 -v 2>&1; echo "without a library: $?"
mv $loader /tmp; lua5.4 -v 2>/dev/null; echo "without a loader: $?"; busybox echo "static programs go on"
