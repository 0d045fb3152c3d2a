# Builds Lua from its sources in $(SRC): make -j4 -f …/lua.mk SRC=… CC=tcc AR='tcc -ar'
CC = tcc
AR = tcc -ar
CFLAGS = -O2 -I$(SRC) -DLUA_COMPAT_5_3 -DLUA_USE_POSIX
OBJECTS = $(patsubst $(SRC)/%.c,%.o,$(wildcard $(SRC)/*.c))
HERE = $(dir $(lastword $(MAKEFILE_LIST)))

all: lua

lua: run.o liblua.a
	$(CC) -o $@ run.o liblua.a -lm

liblua.a: $(OBJECTS)
	$(AR) rcs $@ $^

%.o: $(SRC)/%.c
	$(CC) $(CFLAGS) -c -o $@ $<

run.o: $(HERE)run.c
	$(CC) $(CFLAGS) -c -o $@ $<

.PHONY: all
