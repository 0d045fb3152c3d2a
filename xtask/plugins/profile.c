/*
 * A plugin of QEMU that counts how often each instruction of the kernel is executed, in a part of a run.
 *
 *   -plugin FILE.so,out=FILE,begin=HEX,end=HEX
 *
 * The part begins when the instruction at `begin` is executed and ends at `end`; of several such parts the last one counts.
 * At the end of the run `out` gets a line "ADDRESS COUNT" for each instruction of the upper half of the address space, and
 * "user COUNT" for all of the lower half together.
 *
 * The declarations are the part of QEMU's plugin interface, version 1, that is used here: distributions ship no header.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*tb_callback)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*insn_callback)(unsigned int, void *);
typedef void (*exit_callback)(qemu_plugin_id_t, void *);
enum { NO_REGISTERS = 0, ADD_U64 = 0 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_callback);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, exit_callback, void *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, insn_callback, int, void *);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = 1;

/* A hash table by address. Entry 0 is for the lower half. */
enum { ENTRIES = 1 << 20 };
struct entry {
	uint64_t address, count, at_begin, in_part;
};
static struct entry *entries;
static uint64_t begin, end;
static char out[4096] = "profile.out";

static struct entry *entry_of(uint64_t address)
{
	if (!(address >> 63))
		return entries;
	uint64_t slot = address * 0x9e3779b97f4a7c15u >> 44;
	for (;; slot++) {
		struct entry *entry = &entries[slot % (ENTRIES - 1) + 1];
		if (!entry->address)
			entry->address = address;
		if (entry->address == address)
			return entry;
	}
}

static void part_begins(unsigned int cpu, void *data)
{
	(void)cpu, (void)data;
	for (int i = 0; i < ENTRIES; i++)
		entries[i].at_begin = entries[i].count;
}

static void part_ends(unsigned int cpu, void *data)
{
	(void)cpu, (void)data;
	for (int i = 0; i < ENTRIES; i++)
		entries[i].in_part = entries[i].count - entries[i].at_begin;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
		struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
		uint64_t address = qemu_plugin_insn_vaddr(instruction);
		qemu_plugin_register_vcpu_insn_exec_inline(instruction, ADD_U64, &entry_of(address)->count, 1);
		if (address == begin)
			qemu_plugin_register_vcpu_insn_exec_cb(instruction, part_begins, NO_REGISTERS, 0);
		if (address == end)
			qemu_plugin_register_vcpu_insn_exec_cb(instruction, part_ends, NO_REGISTERS, 0);
	}
}

static void write_out(qemu_plugin_id_t id, void *data)
{
	FILE *file = fopen(out, "w");
	(void)id, (void)data;
	if (!file)
		return;
	fprintf(file, "user %lu\n", entries[0].in_part);
	for (int i = 1; i < ENTRIES; i++)
		if (entries[i].in_part)
			fprintf(file, "%016lx %lu\n", entries[i].address, entries[i].in_part);
	fclose(file);
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int count, char **arguments)
{
	(void)info;
	for (int i = 0; i < count; i++) {
		if (!strncmp(arguments[i], "out=", 4))
			snprintf(out, sizeof out, "%s", arguments[i] + 4);
		else if (!strncmp(arguments[i], "begin=", 6))
			begin = strtoull(arguments[i] + 6, 0, 16);
		else if (!strncmp(arguments[i], "end=", 4))
			end = strtoull(arguments[i] + 4, 0, 16);
	}
	entries = calloc(ENTRIES, sizeof *entries);
	if (!entries)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, write_out, 0);
	return 0;
}
