# The C compiler, its assembler and its linker, and what they make: statuses, warnings, sections, a shared library.
set -e
cd /tmp
cat > hello.c <<'END'
#include <math.h>
#include <stdio.h>
#include <string.h>
int twice(int);
int main(int count, char **arguments) {
    printf("%d %.6f %s %d\n", twice(21), sqrt(2.0), strrchr(arguments[0], '/'), count);
    return 3;
}
END
echo 'int twice(int x) { return 2 * x; }' > twice.c
gcc -O2 -Wall -fPIC -shared twice.c -o libtwice.so
gcc -O2 -Wall -g hello.c -o hello -L. -ltwice -lm -Wl,-rpath,/tmp
./hello a b || echo "status $?"
gcc -O2 -pipe -static hello.c twice.c -o hello-static -lm
./hello-static || echo "status $?"
gcc -O1 -flto hello.c twice.c -o hello-lto -lm
./hello-lto || echo "status $?"
for file in libtwice.so hello hello-static; do cksum < $file; done
gcc -S -O2 twice.c -o - | cksum
echo 'int main(void) { return missing; }' > wrong.c
gcc wrong.c -o wrong || echo "status $?"
ar rcs libtwice.a libtwice.so && ar t libtwice.a
nm -D libtwice.so | grep twice
objdump -d libtwice.so --disassemble=twice | tail -n 3
gcc -E -dM - < /dev/null | grep -c __x86_64__
