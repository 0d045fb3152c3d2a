/*
 * System calls with arguments of the right types and the wrong values:   typed SEED COUNT [trace]
 *
 * A supervisor runs batches. A batch is three processes that share pipes, sockets, counters and a page of memory, each with a
 * seed of its own; each makes BATCH calls out of the table below. What a call gets is chosen by what it takes: descriptors of
 * every kind, live and dead; buffers that are whole, that end at the end of a page, that reach into a read-only page, into
 * nothing, into the kernel; sizes at the edges; flags of the real sets, and random ones.
 *
 * 1. Nothing may be written outside what a call was given: buffers lie in an arena of a known pattern between a read-only
 *    page and a page that is not there, and the arena is looked at after each call: near the buffers, and from time to time
 *    all of it.
 * 2. Nothing may hang: a timer's signal interrupts what waits, and the supervisor ends a batch that makes no progress. One
 *    that does not end then is told as "HANGS".
 * 3. A process may kill itself. It may not reach the supervisor: it lives in a session of its own and knows no other numbers.
 * 4. Nothing may be lost: each batch is over before the next begins, and so must be what it had.
 *
 * It is freestanding: no call can spoil a C library's state.
 */
typedef unsigned long u64;
typedef long i64;
typedef unsigned char u8;

enum { PAGE = 4096, ARENA = 6 * PAGE, BATCH = 20000, LIVE = 24 };
enum { PATIENCE = 200 /* naps of 10 ms without progress */ };

/* Calls */

static i64 call6(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	i64 result;
	register u64 r10 __asm__("r10") = d;
	register u64 r8 __asm__("r8") = e;
	register u64 r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static i64 call3(u64 number, u64 a, u64 b, u64 c)
{
	return call6(number, a, b, c, 0, 0, 0);
}

enum { READ = 0, WRITE = 1, MMAP = 9, MPROTECT = 10, RT_SIGACTION = 13, NANOSLEEP = 35, SETITIMER = 38, GETPID = 39, SOCKETPAIR = 53,
	FORK = 57, WAIT4 = 61, KILL = 62, SETSID = 112, EXIT_GROUP = 231, OPENAT = 257, EPOLL_CREATE1 = 291, PIPE2 = 293,
	EVENTFD2 = 290, DUP3 = 292, TIMERFD_CREATE = 283 };

static void print(const char *text)
{
	u64 length = 0;
	while (text[length])
		length++;
	call3(WRITE, 1, (u64)text, length);
}

static void print_number(u64 n, u64 base)
{
	char text[24], *at = text + sizeof text;
	*--at = 0;
	do
		*--at = "0123456789abcdef"[n % base];
	while (n /= base);
	print(at);
}

static u64 number(const char *text)
{
	u64 n = 0;
	while (text && *text >= '0' && *text <= '9')
		n = n * 10 + (u64)(*text++ - '0');
	return n;
}

/* Chance */

static u64 state;

static u64 chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1d;
}

static u64 below(u64 n)
{
	return (chance() >> 16) % n;
}

#define ONE_OF(array) (array)[below(sizeof(array) / sizeof *(array))]

/* What the processes of a batch and the supervisor share. */

struct last {
	u64 calls, number, arguments[6];
};
static volatile struct {
	struct last last[3];
	i64 pids[3];
	u64 violations;
	u64 page[256];
} *shared;
static int which; /* of the three */

/* The arena: guard, read-only page, pattern, read-only page, guard. */

static u8 *arena;

/* Its first and its last page are read-only. */
enum { WRITABLE_START = PAGE, WRITABLE_END = ARENA - PAGE };

/* After how many calls all of it is looked at, and not just what is near the pieces. */
#ifndef LOOK_AT_ALL
#define LOOK_AT_ALL 64
#endif

static u8 pattern(u64 at)
{
	return (u8)(at * 0x9d + (at >> 8) * 0x3b + 7);
}

/* What the call that is being made may write: pieces of the arena. */
static struct piece {
	u64 start, end;
} pieces[40];
static int piece_count;

static void refill(u64 start, u64 end)
{
	for (u64 at = start; at < end; at++)
		arena[at] = pattern(at);
}

static void violation(u64 start, u64 end)
{
	const volatile struct last *last = &shared->last[which];
	print("fuzz: VIOLATION at arena+");
	print_number(start, 16);
	print(" to ");
	print_number(end, 16);
	print(", by or before call ");
	print_number(last->number, 10);
	for (int i = 0; i < 6; i++) {
		print(" ");
		print_number(last->arguments[i], 16);
	}
	print(", arena ");
	print_number((u64)arena, 16);
	print("\n");
	__atomic_add_fetch(&shared->violations, 1, __ATOMIC_RELAXED);
	if (end > WRITABLE_START && start < WRITABLE_END)
		refill(start < WRITABLE_START ? WRITABLE_START : start, end > WRITABLE_END ? WRITABLE_END : end);
}

static void look(u64 start, u64 end)
{
	for (u64 at = start; at < end; at++)
		if (arena[at] != pattern(at)) {
			u64 first = at;
			while (at < end && arena[at] != pattern(at))
				at++;
			violation(first, at);
		}
}

/* The arena is as it should be after a call: the pieces are refilled first. */
static void check(void)
{
	static unsigned calls;
	for (int i = 0; i < piece_count; i++)
		refill(pieces[i].start, pieces[i].end);
	for (int i = 0; i < piece_count; i++) {
		u64 start = pieces[i].start, end = pieces[i].end;
		look(start < 64 ? 0 : start - 64, start);
		look(end, end + 64 > ARENA ? ARENA : end + 64);
	}
	if (++calls % LOOK_AT_ALL == 0)
		look(0, ARENA);
	piece_count = 0;
}

static void allow(u64 address, u64 length)
{
	u64 start = address - (u64)arena, end = start + length;
	if (address < (u64)arena || start >= WRITABLE_END)
		return;
	if (end < start || end > WRITABLE_END)
		end = WRITABLE_END;
	if (start < WRITABLE_START)
		start = WRITABLE_START;
	if (start < end && piece_count < 40)
		pieces[piece_count++] = (struct piece){ start, end };
}

static void put(u64 address, const void *from, u64 length)
{
	u64 at = address - (u64)arena;
	if (address < (u64)arena || at < WRITABLE_START || at + length > WRITABLE_END)
		return;
	allow(address, length); /* it is not pattern now */
	for (u64 i = 0; i < length; i++)
		arena[at + i] = ((const u8 *)from)[i];
}

/* A place for `length` bytes: good ones mostly. */
static u64 place(u64 length)
{
	static const u64 bad[] = { 0, 1, 4095, 0x7ffffffff000, 0x7fffffffefff, 0x800000000000, 0xffff7fffffffffff, 0xffff800000000000,
		0xffffffff80000000, 0xffffffff80200000, -4096ul, -8ul, -1ul };
	u64 room = WRITABLE_END - WRITABLE_START, base = (u64)arena;
	u64 fit = length < room ? length : room;
	switch (below(12)) {
	case 0:
		return ONE_OF(bad);
	case 1:
		return base + WRITABLE_END - fit;                       /* ends where writing ends */
	case 2:
		return base + WRITABLE_END - below(fit + 1);            /* reaches into the read-only page */
	case 3:
		return base + below(PAGE);                              /* begins in the read-only page in front */
	case 4:
		return base + ARENA - below(16);                        /* reaches into nothing */
	case 5:
		return base - 1 - below(16);                            /* begins in nothing */
	case 6:
		return base + 2 * PAGE - below(fit + 1);                /* over the border of two pages */
	default:
		return base + WRITABLE_START + below(room - fit + 1);
	}
}

/* Values by kind */

static int live[LIVE];

static u64 descriptor(void)
{
	static const u64 odd[] = { -1ul, 1000, 0x7fffffff, 0x80000000, -100ul, 1023, 1024, 64 };
	return below(8) ? (u64)ONE_OF(live) : ONE_OF(odd);
}

static u64 size(void)
{
	static const u64 edges[] = { 0, 1, 2, 7, 8, 9, 63, 64, 4095, 4096, 4097, 8192, 65535, 65536, 65537, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0x7ffff000, 0x7fffffffffffffff, 0x8000000000000000, -4096ul, -1ul };
	return below(3) ? below(300) : ONE_OF(edges);
}

static u64 integer(void)
{
	static const u64 edges[] = { 0, 1, 2, 3, -1ul, -2ul, 0x7fffffff, 0x80000000, 0xffffffff, 1ul << 32, 1ul << 63, ~(1ul << 63) };
	return below(2) ? below(20) : below(2) ? ONE_OF(edges) : chance();
}

static u64 signal_number(void)
{
	static const u64 signals[] = { 0, 1, 10, 12, 17, 18, 34, 35, 64, 65, -1ul, 28 };
	return ONE_OF(signals);
}

static u64 process_number(void)
{
	static const u64 odd[] = { 0, 0x7fffffff, 0x3fffff, 999999 };
	return below(2) ? (u64)call3(GETPID, 0, 0, 0) : ONE_OF(odd);
}

/* A struct f_owner_ex: kind, number */
static u64 owner(void)
{
	static int owner[2];
	owner[0] = (int)below(4), owner[1] = (int)process_number();
	return (u64)owner;
}

static u64 path(void)
{
	static const char *const names[] = { "/", "/tmp", "/tmp/f", "/tmp/f2", "/tmp/d", "/tmp/d/e", "/tmp/l", "/dev/null", "/dev/zero",
		"/proc/self/maps", "/proc/self/stat", "/proc/self/fd/5", ".", "..", "", "f", "/tmp/f/x", "/tmp//d/../f", "/tmp/d/",
		"/proc/self/exe", "/proc/self/cwd/tmp", "/sys", "/tmp/fifo", "/tmp/socket" };
	const char *name = ONE_OF(names);
	u64 length = 0;
	if (below(24) == 0) {
		/* As long as can be, or longer, and perhaps without an end. */
		static char longest[PAGE + 32];
		u64 count = 4080 + below(40), at = (u64)arena + WRITABLE_END - sizeof longest + below(32);
		for (u64 i = 0; i < count; i++)
			longest[i] = i % 200 ? 'a' : '/';
		longest[count] = 0;
		put(at, longest, below(2) ? count + 1 : (u64)arena + WRITABLE_END - at);
		return at;
	}
	while (name[length])
		length++;
	u64 at = place(length + 1);
	put(at, name, length + 1);
	return at;
}

static u64 words(int count)
{
	u64 at = place((u64)count * 8);
	for (int i = 0; i < count; i++) {
		u64 word = below(2) ? below(1000) : integer();
		put(at + (u64)i * 8, &word, 8);
	}
	return at;
}

static u64 soon(void)
{
	u64 time[2] = { below(8) ? 0 : integer(), below(8) ? below(100000) : integer() };
	u64 at = place(16);
	if (time[0] > 0)
		time[0] &= below(2) ? -1ul << 63 : 0;
	put(at, time, 16);
	return at;
}

/* A set without the signal of the timer and the signals of faults. */
static u64 signal_set(void)
{
	u64 set = chance() & ~(1ul << 13) & ~(1ul << 10) & ~(1ul << 6) & ~(1ul << 7) & ~(1ul << 3);
	u64 at = place(8);
	put(at, &set, 8);
	return at;
}

static u64 signal_action(void)
{
	/* Never what happens to lie somewhere: a handler at no address would end the batch. */
	u64 action[4] = { below(32) != 0, chance() & 0xd8000007, 0, 0 };
	u64 at = (u64)arena + WRITABLE_START + below(PAGE);
	put(at, action, 32);
	return below(8) ? at : below(2) ? 0 : -4096ul;
}

static u64 vectors(u64 *count, int writes)
{
	u64 n = below(12) ? below(8) : integer();
	u64 at = place((n > 8 ? 8 : n) * 16);
	*count = n;
	for (u64 i = 0; i < n && i < 8; i++) {
		u64 length = below(16) ? below(200) : size(), vector[2] = { place(length), length };
		put(at + i * 16, vector, 16);
		if (writes)
			allow(vector[0], length);
	}
	return at;
}

static u64 polled(u64 *count)
{
	u64 n = below(12) ? below(8) : integer();
	u64 at = place((n > 8 ? 8 : n) * 8);
	*count = n;
	for (u64 i = 0; i < n && i < 8; i++) {
		struct {
			int fd;
			short asked, answer;
		} one = { (int)descriptor(), (short)chance(), 0 };
		put(at + i * 8, &one, 8);
	}
	allow(at, n * 8 < n ? 0 : n * 8);
	return at;
}

static u64 flags_of(const u64 *set)
{
	u64 flags = 0;
	if (below(10) == 0)
		return chance() >> below(64);
	for (; *set != -1ul; set++)
		if (below(3) == 0)
			flags |= *set;
	return flags;
}

/* The kinds of arguments: a letter each.
 *   d descriptor   D directory descriptor   p path   s size   i integer   n small number   g signal   P process   m mode
 *   o flags of open   f flags of *at   q other flags   S set in   A action in   t time in   0 nothing
 *   r bytes in, as many as the next size   w bytes out, as many as the next size   v vectors in   V vectors out   c their count
 *   l polled   1 out, 8 bytes   2 out, 16   4 out, 32   9 out, 144   7 out, 512   R words in   x mapping address   e epoll event
 *   k the size of a set: 8 mostly
 */
static const struct entry {
	u64 number;
	const char *kinds;
} table[] = {
	{ 0, "dws" }, { 1, "drs" }, { 2, "pom" }, { 3, "D" }, { 4, "p9" }, { 5, "d9" }, { 6, "p9" }, { 7, "lcn" }, { 8, "din" }, { 9, "xsnqdi" },
	{ 10, "xsn" }, { 11, "xs" }, { 12, "0" }, { 13, "gA4k" }, { 14, "nS1k" }, { 16, "di7" }, { 17, "dwsi" }, { 18, "drsi" }, { 19, "dVc" },
	{ 20, "dvc" }, { 21, "pn" }, { 22, "1" }, { 24, "" }, { 25, "xssnx" }, { 26, "xsn" }, { 27, "xs7" }, { 28, "xsn" }, { 32, "d" },
	{ 33, "dd" }, { 35, "t2" }, { 36, "n4" }, { 39, "" }, { 40, "dd1s" }, { 41, "nqn" }, { 42, "dRn" }, { 43, "dRR" }, { 44, "drsnRn" },
	{ 45, "dwsnRR" }, { 46, "dRn" }, { 47, "dRn" }, { 48, "dn" }, { 49, "dRn" }, { 50, "dn" }, { 51, "d7R" }, { 52, "d7R" }, { 53, "nqn1" },
	{ 54, "dnnRn" }, { 55, "dnn7R" }, { 61, "P1qo" }, { 62, "Pg" }, { 63, "7" }, { 72, "dni" }, { 73, "dn" }, { 74, "d" }, { 75, "d" },
	{ 76, "pi" }, { 77, "di" }, { 78, "dws" }, { 79, "ws" }, { 80, "p" }, { 81, "d" }, { 82, "pp" }, { 83, "pm" }, { 84, "p" }, { 85, "pm" },
	{ 86, "pp" }, { 87, "p" }, { 88, "pp" }, { 89, "pws" }, { 90, "pm" }, { 91, "dm" }, { 92, "pii" }, { 93, "dii" }, { 94, "pii" }, { 95, "m" },
	{ 96, "22" }, { 97, "n2" }, { 98, "n9" }, { 99, "7" }, { 100, "4" }, { 102, "" }, { 104, "" }, { 109, "PP" }, { 110, "" }, { 111, "" },
	{ 115, "nR" }, { 118, "111" }, { 120, "111" }, { 121, "P" }, { 124, "P" }, { 125, "27" }, { 127, "1k" }, { 128, "S7tk" }, { 130, "Sk" },
	{ 131, "R4" }, { 132, "pR" }, { 133, "pmi" }, { 137, "p7" }, { 138, "d7" }, { 140, "nP" }, { 141, "nPn" }, { 142, "PR" }, { 143, "P1" },
	{ 144, "PnR" }, { 145, "P" }, { 146, "n" }, { 147, "n" }, { 148, "P2" }, { 149, "xs" }, { 150, "xs" }, { 157, "n2222" }, { 158, "n1" },
	{ 161, "p" }, { 186, "" }, { 187, "dis" }, { 188, "pprsn" }, { 191, "ppws" }, { 194, "pws" }, { 201, "1" }, { 202, "RnitRi" },
	{ 203, "PnR" }, { 204, "Ps7" }, { 213, "n" }, { 217, "dws" }, { 218, "1" }, { 221, "disn" }, { 222, "n77" }, { 223, "nn44" }, { 224, "n4" },
	{ 225, "n" }, { 226, "n" }, { 228, "n2" }, { 229, "n2" }, { 230, "nnt2" }, { 232, "d7nn" }, { 233, "dnde" }, { 234, "PPg" }, { 235, "pR" },
	{ 247, "nP7q7" }, { 257, "Dpom" }, { 258, "Dpm" }, { 259, "Dpmi" }, { 260, "Dpiif" }, { 261, "DpR" }, { 262, "Dp9f" }, { 263, "Dpf" },
	{ 264, "DpDp" }, { 265, "DpDpf" }, { 266, "pDp" }, { 267, "Dpws" }, { 268, "Dpm" }, { 269, "Dpn" }, { 270, "nRRRtR" }, { 271, "lctSk" },
	{ 273, "Rs" }, { 274, "P11" }, { 275, "d1d1sn" }, { 276, "ddsn" }, { 277, "diin" }, { 280, "DpRf" }, { 281, "d7nnSk" }, { 282, "dSk" },
	{ 283, "nq" }, { 284, "n" }, { 285, "dnii" }, { 286, "dnR4" }, { 287, "d4" }, { 288, "dRRq" }, { 289, "dSkq" }, { 290, "nq" }, { 291, "q" },
	{ 292, "ddq" }, { 293, "1q" }, { 295, "dVcii" }, { 296, "dvcii" }, { 297, "PPgR" }, { 302, "PnR2" }, { 306, "d" }, { 309, "11R" },
	{ 314, "PRn" }, { 315, "P7sn" }, { 316, "DpDpn" }, { 318, "wsn" }, { 319, "pq" }, { 324, "nnn" }, { 326, "d1d1sn" }, { 327, "dVciin" },
	{ 328, "dvciin" }, { 332, "Dpfi7" }, { 334, "Rnnn" }, { 424, "dgRn" }, { 434, "Pq" }, { 436, "nnn" }, { 437, "DpRs" }, { 438, "ddn" },
	{ 439, "Dpnf" }, { 441, "d7ntSk" }, { 452, "Dpmf" }, { 1000, "iiiiii" },
};

static u64 value(const char *kinds, int at, u64 *arguments)
{
	static const u64 open_flags[] = { 1, 2, 0100, 0200, 0400, 01000, 02000, 010000, 040000, 0200000, 0400000, 02000000, 010000000,
		020200000, -1ul };
	static const u64 at_flags[] = { 0x100, 0x200, 0x400, 0x800, 0x1000, -1ul };
	static const u64 other_flags[] = { 1, 2, 4, 8, 0x10, 0x20, 04000, 02000000, 0x8000, 0x100000, -1ul };
	u64 length;
	switch (kinds[at]) {
	case 'd':
	case 'D':
		return kinds[at] == 'D' && below(2) ? -100ul : descriptor();
	case 'p':
		return path();
	case 's':
		return size();
	case 'n':
		return below(12) ? below(12) : integer();
	case 'g':
		return signal_number();
	case 'P':
		return process_number();
	case 'm':
		return below(8) ? below(010000) : chance();
	case 'o':
		return flags_of(open_flags) | (below(50) ? 04000 : 0);
	case 'f':
		return flags_of(at_flags);
	case 'q':
		return flags_of(other_flags) | (below(50) ? 04000 : 0);
	case 'S':
		return signal_set();
	case 'A':
		return signal_action();
	case 't':
		return soon();
	case 'r':
		return place(below(300));
	case 'w':
		length = kinds[at + 1] == 's' ? (arguments[at + 1] = size()) : 300;
		arguments[at] = place(length);
		allow(arguments[at], length);
		return arguments[at];
	case 'v':
	case 'V':
		return vectors(&arguments[at + 1], kinds[at] == 'V');
	case 'l':
		return polled(&arguments[at + 1]);
	case '1':
	case '2':
	case '4':
	case '9':
	case '7':
		length = kinds[at] == '1' ? 8 : kinds[at] == '2' ? 16 : kinds[at] == '4' ? 32 : kinds[at] == '9' ? 144 : 512;
		arguments[at] = below(8) ? place(length) : 0;
		allow(arguments[at], length);
		return arguments[at];
	case 'R':
	case 'e':
		arguments[at] = below(8) ? words(8) : 0;
		allow(arguments[at], 128);
		return arguments[at];
	case 'x':
		/* Far from the arena, the program and its stack. */
		return below(6) ? 0x10000000000 + below(64) * PAGE + (below(8) ? 0 : below(PAGE)) : ~below(PAGE * 4ul) & ~(1ul << 63) >> below(16);
	case 'k':
		return below(12) ? 8 : integer();
	default:
		return integer();
	}
}

/* What would end the process, reach others or make it wait for good. */
static void tame(u64 n, u64 *a)
{
	if (n == 9) { /* mmap: only where 'x' says, and never so much that it takes all */
		if ((a[0] >> 40) != 1)
			a[3] &= ~0x100010ul;
		a[1] %= 1 << 20;
	}
	if (n == 25) {
		a[1] %= 1 << 20, a[2] %= 1 << 20;
		if ((a[0] >> 40) != 1 || (a[4] >> 40) != 1)
			a[3] &= 1;
	}
	if ((n == 10 || n == 11 || n == 28) && (a[0] >> 40) != 1)
		a[0] = 0x10000000000;
	if ((n == 10 || n == 11 || n == 28) && a[1] > 1 << 20)
		a[1] %= 1 << 20;
	if (n == 13 && (a[0] == 14 || a[0] == 11))
		a[0] = 10;
	if ((n == 33 || n == 292) && (unsigned)a[1] < 3)
		a[1] += 3;
	if ((n == 3 || n == 436) && (unsigned)a[0] < 3)
		a[0] += 5; /* the report goes through 1 */
	if (n == 436)
		a[1] = a[0] + below(4);
	if (n == 1 || n == 18 || n == 20 || n == 296 || n == 328 || n == 44 || n == 46)
		if ((unsigned)a[0] < 3)
			a[0] += 5;
	if (n == 62 || n == 109)
		a[0] = (unsigned)a[0] <= 1 ? a[0] * 999999 : a[0];
	if (n == 72 && (unsigned)a[1] == 8)
		a[2] = process_number(); /* F_SETOWN: signals to those whom we know */
	if (n == 72 && (unsigned)a[1] == 15)
		a[2] = owner(); /* F_SETOWN_EX */
	if (n == 302 && (unsigned)a[1] == 0)
		a[1] = 7; /* no limit of CPU time */
	if (n == 38)
		a[0] |= 1;
	if (n == 157 && (a[0] == 22 || a[0] == 59 || a[0] == 15))
		a[0] = 16;
	if (n == 158 && (unsigned)a[0] == 0x1002)
		a[0] = 0x1003;
	if (n == 77 || n == 76 || n == 285)
		a[n == 285 ? 3 : 1] %= 1 << 20; /* files stay small */
	if (n == 18 || n == 296 || n == 328)
		a[3] %= 1 << 20;
	if (n == 8)
		a[1] = below(4) ? a[1] % (1 << 20) : a[1];
}

static void one_call(int trace)
{
	const struct entry *entry = &ONE_OF(table);
	volatile struct last *last = &shared->last[which];
	u64 a[8] = { 0 };
	for (int at = 0; at < 6 && entry->kinds[at]; at++)
		if (at == 0 || (entry->kinds[at] != 'c' && !(entry->kinds[at] == 's' && entry->kinds[at - 1] == 'w')))
			a[at] = value(entry->kinds, at, a);
	tame(entry->number, a);
	last->number = entry->number;
	for (int i = 0; i < 6; i++)
		last->arguments[i] = a[i];
	if (trace) {
		print_number((u64)which, 10);
		print(": ");
		print_number(entry->number, 10);
		for (int i = 0; i < 6; i++) {
			print(" ");
			print_number(a[i], 16);
		}
		print("\n");
	}
	call6(entry->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	last->calls++;
	check();
}

/* A batch */

__asm__("restorer:\n\tmov $15, %eax\n\tsyscall\nhandler:\n\tret\n");
extern char restorer[], handler[];

static void set_timer(void)
{
	u64 action[4] = { (u64)handler, 0x04000000, (u64)restorer, 0 }, times[4] = { 0, 2000, 0, 2000 }, ignore[4] = { 1 };
	for (u64 signal = 1; signal <= 64; signal++)
		if (signal != 11)
			call6(RT_SIGACTION, signal, (u64)ignore, 0, 8, 0, 0);
	call6(RT_SIGACTION, 14, (u64)action, 0, 8, 0, 0);
	call3(SETITIMER, 0, (u64)times, 0);
}

static void open_descriptors(void)
{
	int ends[2], n = 0;
	static const char *const files[] = { "/tmp/f", "/tmp/f2", "/tmp", "/", "/dev/null", "/dev/zero", "/proc/self/maps", "/proc/self" };
	for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
		live[n++] = (int)call6(OPENAT, -100ul, (u64)files[i], i < 2 ? 02 | 0100 | 04000 : 04000, 0644, 0, 0);
	for (int i = 0; i < 2; i++)
		if (call3(PIPE2, (u64)ends, 04000, 0) == 0)
			live[n++] = ends[0], live[n++] = ends[1];
	for (u64 type = 1; type <= 2; type++)
		if (call6(SOCKETPAIR, 1, type | 04000, 0, (u64)ends, 0, 0) == 0)
			live[n++] = ends[0], live[n++] = ends[1];
	live[n++] = (int)call3(EVENTFD2, 0, 04000, 0);
	live[n++] = (int)call3(EPOLL_CREATE1, 0, 0, 0);
	live[n++] = (int)call3(TIMERFD_CREATE, 1, 04000, 0);
	while (n < LIVE)
		live[n] = n, n++;
}

static void make_arena(void)
{
	u64 start = (u64)call6(MMAP, 0, ARENA + 2 * PAGE, 3, 0x22, -1ul, 0);
	arena = (u8 *)start + PAGE;
	refill(0, ARENA);
	call3(MPROTECT, start, PAGE, 0);
	call3(MPROTECT, (u64)arena, PAGE, 1);
	call3(MPROTECT, (u64)arena + ARENA - PAGE, PAGE, 1);
	call3(MPROTECT, (u64)arena + ARENA, PAGE, 0);
}

__attribute__((noreturn)) static void work(u64 seed, int number_of_calls, int trace)
{
	state = seed;
	for (int i = 0; i < 8; i++)
		chance();
	make_arena();
	set_timer();
	for (int i = 0; i < number_of_calls; i++)
		one_call(trace);
	call3(EXIT_GROUP, 0, 0, 0);
	__builtin_unreachable();
}

__attribute__((noreturn)) static void batch(u64 seed, int number_of_calls, int trace)
{
	call3(SETSID, 0, 0, 0);
	open_descriptors();
	for (which = 0; which < 2; which++) {
		i64 pid = call3(FORK, 0, 0, 0);
		if (pid == 0)
			break;
		shared->pids[which] = pid;
	}
	work((seed * 3 + (u64)which + 1) * 0x9e3779b97f4a7c15, number_of_calls, trace);
}

static u64 progress(void)
{
	return shared->last[0].calls + shared->last[1].calls + shared->last[2].calls;
}

static void nap(void)
{
	u64 time[2] = { 0, 10000000 };
	call3(NANOSLEEP, (u64)time, 0, 0);
}

/* Sends a signal to each process of the batch, whatever group it has moved to; returns how many there still are. */
static int tell_all(u64 signal)
{
	int there = 0;
	for (int i = 0; i < 3; i++)
		there += shared->pids[i] > 0 && call3(KILL, (u64)shared->pids[i], signal, 0) == 0;
	return there;
}

/* Naps; returns whether the whole batch is gone after it. */
static int is_over(void)
{
	nap();
	while (call6(WAIT4, -1ul, 0, 1, 0, 0, 0) > 0)
		;
	return tell_all(0) == 0;
}

/* Lets a batch run to its end, or ends it; returns whether it can be ended at all. */
static int supervise(void)
{
	u64 seen = 0;
	for (int idle = 0; idle < PATIENCE; idle++) {
		if (is_over())
			return 1;
		if (progress() != seen)
			idle = 0;
		seen = progress();
	}
	for (int tries = 0; tries < PATIENCE; tries++) {
		tell_all(9);
		if (is_over())
			return 1;
	}
	return 0;
}

__attribute__((used, noreturn)) static void start(u64 *stack)
{
	u64 argc = stack[0], seed = number(argc > 1 ? (char *)stack[2] : "1"), count = number(argc > 2 ? (char *)stack[3] : "100000");
	u64 made = 0, batches = 0, ends_well = 1;
	shared = (void *)call6(MMAP, 0, 2 * PAGE, 3, 0x21, -1ul, 0);
	while (made < count && ends_well) {
		u64 left = (count - made) / 3 + 1;
		for (int i = 0; i < 3; i++)
			shared->last[i].calls = 0, shared->pids[i] = 0;
		i64 pid = call3(FORK, 0, 0, 0);
		if (pid == 0)
			batch(seed * 1000003 + batches, left < BATCH ? (int)left : BATCH, argc > 3);
		if (pid < 0) {
			print("fuzz: no process can be made: something is not given back\n");
			call3(EXIT_GROUP, 1, 0, 0);
		}
		shared->pids[2] = pid;
		ends_well = (u64)supervise();
		made += progress();
		if (++batches % 10 == 0 || !ends_well) {
			print("fuzz: ");
			print_number(made, 10);
			print(" calls\n");
		}
	}
	for (int i = 0; !ends_well && i < 3; i++) {
		print("fuzz: HANGS in call ");
		print_number(shared->last[i].number, 10);
		for (int k = 0; k < 6; k++) {
			print(" ");
			print_number(shared->last[i].arguments[k], 16);
		}
		print("\n");
	}
	print("fuzz: seed ");
	print_number(seed, 10);
	print(", ");
	print_number(made, 10);
	print(" calls in ");
	print_number(batches, 10);
	print(" batches, ");
	print_number(shared->violations, 10);
	print(" violations, ");
	print(ends_well ? "alive\n" : "hanging\n");
	call3(EXIT_GROUP, ends_well && shared->violations == 0 ? 0 : 1, 0, 0);
	__builtin_unreachable();
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
