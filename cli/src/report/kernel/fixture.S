# A kernel of two functions, for the tests: a call that does not return is the last thing in the first, so the address
# to return to lies in the second.
#   gcc -g -c --debug-prefix-map=$PWD=. -o fixture.o fixture.S
#   ld --build-id=none -Ttext=0xffffffff80000000 -o fixture.elf fixture.o
.globl _start
.type _start, @function
_start:
        call other
.size _start, . - _start
.type other, @function
other:
        ud2
.size other, . - other
