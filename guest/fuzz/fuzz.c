/*
 * System calls with random numbers and random arguments:   fuzz SEED COUNT [trace]
 *
 * A kernel must survive them all. The program tries to survive too, so that one run makes many calls:
 *
 * 1. It is freestanding. It keeps its state on its stack and in .bss and gives the kernel only pointers into an arena
 *    with a guard behind it (and bad pointers), so that no call can overwrite that state.
 * 2. Calls that change the address space do so within the arena.
 * 3. Calls that end or stop the program are left out (exit, pause, ptrace, seccomp, rt_sigreturn); calls that wait get
 *    a short timeout, and every descriptor is made non-blocking. All signals that can be are ignored, and stay so.
 * 4. Descriptors 0 to 2 are never closed or written, so that the report arrives.
 *
 * What is left can still kill it (a child thread with a garbage stack, a lack of memory). The test then goes on with
 * another seed. With `trace` it prints each call before making it.
 *
 * Not for Linux as root: it would really do what it asks for.
 */
typedef unsigned long u64;
typedef long i64;

#define ARENA_SIZE (4ul << 20)
#define GUARD_SIZE (1ul << 20)
#define NONBLOCK 04000ul
#define NUMBERS 470

static u64 state;
static u64 arena;
static const char *const paths[] = { "/", "/dev/null", "/dev/zero", "/dev/random", "/proc/self/maps", "/tmp", "/tmp/a",
	"/tmp/b/c", "a", "..", "/bin/../tmp/a", "", "/proc/self/fd/0", "/dev/full" };
static struct { i64 seconds, nanoseconds; } soon = { 0, 1000 };

static i64 call(u64 number, const u64 *a)
{
	i64 result;
	register u64 r10 __asm__("r10") = a[3];
	register u64 r8 __asm__("r8") = a[4];
	register u64 r9 __asm__("r9") = a[5];
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static i64 call3(u64 number, u64 x, u64 y, u64 z)
{
	u64 a[6] = { x, y, z };
	return call(number, a);
}

static i64 call6(u64 number, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
	u64 a[6] = { a0, a1, a2, a3, a4, a5 };
	return call(number, a);
}

/* Text */

static void print(const char *text)
{
	u64 length = 0;
	while (text[length])
		length++;
	call3(1, 1, (u64)text, length);
}

static void print_number(u64 n)
{
	char text[24], *at = text + sizeof text;
	*--at = 0;
	do
		*--at = '0' + n % 10;
	while (n /= 10);
	print(at);
}

static u64 number(const char *text)
{
	u64 n = 0;
	while (text && *text >= '0' && *text <= '9')
		n = n * 10 + *text++ - '0';
	return n;
}

static void report(const char *what, u64 n)
{
	print("fuzz: ");
	print_number(n);
	print(what);
}

/* Chance */

static u64 random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static u64 below(u64 n)
{
	return (random() >> 11) % n;
}

static u64 bad_address(void)
{
	static const u64 bad[] = { 0, 1, 8, 4095, 0x7ffffffff000, 0x800000000000, 0xffff7fffffffffff, 0xffff800000000000,
		0xffffffff80000000, -4096ul, -1ul, 0x400000, 0xdeadbeef000 };
	return bad[below(sizeof bad / sizeof bad[0])];
}

static u64 arena_address(void)
{
	switch (below(4)) {
	case 0:
		return arena + (below(ARENA_SIZE) & ~4095ul);
	case 1:
		return arena + (below(ARENA_SIZE) & ~4095ul) + 4096 - below(64);
	case 2:
		return arena + below(4096);
	default:
		return arena + below(ARENA_SIZE);
	}
}

static u64 argument(void)
{
	switch (below(12)) {
	case 0:
		return 0;
	case 1:
	case 2:
		return below(40);
	case 3:
	case 4:
	case 5:
		return arena_address();
	case 6:
		return bad_address();
	case 7:
		return (1ul << below(64)) - below(3) + 1;
	case 8:
		return -below(200);
	case 9:
		return below(1 << 20);
	case 10:
		return random() & 0xffffffff;
	default:
		return random();
	}
}

/* Duties 2 to 4: what keeps the program alive. */

static int is_left_out(u64 n)
{
	static const unsigned short out[] = { 15 /* rt_sigreturn */, 34 /* pause */, 60 /* exit */, 101 /* ptrace */,
		130 /* rt_sigsuspend */, 231 /* exit_group */, 317 /* seccomp */, 310, 311 /* process_vm_* */, 65, 69, 70, 220
		/* semop, msgsnd, msgrcv, semtimedop: they wait */, 334 /* rseq */, 335, 336 /* uretprobe, uprobe: SIGILL */, 435 /* clone3 */,
		222 /* timer_create: its signal may be SIGKILL or SIGSTOP */ };
	for (unsigned i = 0; i < sizeof out / sizeof out[0]; i++)
		if (out[i] == (unsigned)n)
			return 1;
	return 0;
}

static u64 range(u64 *address)
{
	if (*address < arena || *address >= arena + ARENA_SIZE)
		*address = below(4) ? arena_address() : bad_address();
	if (*address < arena || *address >= arena + ARENA_SIZE) {
		if (*address == 0x400000)
			*address = 0;
		return below(2) ? 4096 : 0;
	}
	return below(arena + ARENA_SIZE - *address);
}

static void tame_memory(u64 n, u64 *a)
{
	switch (n) {
	case 9: /* mmap */
		if (a[3] & 0x10)
			a[1] = range(&a[0]);
		break;
	case 25: /* mremap */
		a[1] = range(&a[0]);
		if (a[3] & 2)
			a[2] = range(&a[4]);
		break;
	case 30: /* shmat */
		a[2] &= ~040000ul;
		break;
	case 10: case 11: case 26: case 28: case 149: case 150: case 216: case 325: case 329: case 453: case 462:
		a[1] = range(&a[0]);
		break;
	}
}

static void tame_waits(u64 n, u64 *a)
{
	switch (n) {
	case 7: a[2] &= 1; break;                                       /* poll */
	case 232: case 281: a[3] &= 1; break;                           /* epoll_wait, epoll_pwait */
	case 35: a[0] = (u64)&soon; break;                              /* nanosleep */
	case 230: a[0] &= 1, a[1] = 0, a[2] = (u64)&soon; break;                   /* clock_nanosleep: no CPU clock, it stands still */
	case 271: case 128: a[2] = (u64)&soon; break;                   /* ppoll, rt_sigtimedwait */
	case 23: case 270: case 208: case 333: a[4] = (u64)&soon; break;  /* select, pselect6, io_*getevents */
	case 202: case 441: case 449: a[3] = (u64)&soon; break;         /* futex, epoll_pwait2, futex_waitv */
	case 61: a[2] |= 1; break;                                      /* wait4: WNOHANG */
	case 247: a[3] |= 1; break;                                     /* waitid */
	case 73: a[1] |= 4; break;                                      /* flock: LOCK_NB */
	case 72: if (a[1] == 7 || a[1] == 38) a[1] = 6;                 /* fcntl: F_SETLKW, F_OFD_SETLKW */
		if (a[1] == 4) a[2] |= NONBLOCK;                        /* F_SETFL */
		break;
	case 16: if (a[1] == 0x5421) a[1] = 0; break;                   /* ioctl: FIONBIO */
	}
	if (n == 23 || n == 208)
		soon.nanoseconds = 1; /* a timeval's microseconds too */
}

/* Calls that make a descriptor become their variant that makes it non-blocking. */
static u64 tame_descriptors(u64 n, u64 *a)
{
	switch (n) {
	case 2: a[1] |= NONBLOCK; break;                                /* open */
	case 257: a[2] |= NONBLOCK; break;                              /* openat */
	case 85: return 3;                                              /* creat, which has no flags: close instead */
	case 22: a[1] = 0; n = 293;                                     /* pipe */ /* fall through */
	case 293: case 41: case 53: a[1] |= NONBLOCK; break;            /* pipe2, socket, socketpair */
	case 284: n = 290;                                              /* eventfd */ /* fall through */
	case 290: case 283: a[1] |= NONBLOCK; break;                    /* eventfd2, timerfd_create */
	case 282: n = 289;                                              /* signalfd */ /* fall through */
	case 289: a[3] |= NONBLOCK; break;                              /* signalfd4 */
	case 253: n = 294;                                              /* inotify_init */ /* fall through */
	case 294: case 300: a[0] |= NONBLOCK; break;                    /* inotify_init1, fanotify_init */
	case 43: n = 288;                                               /* accept */ /* fall through */
	case 288: a[3] |= NONBLOCK; break;                              /* accept4 */
	}
	return n;
}

static void tame_signals(u64 n, u64 *a)
{
	static const u64 harmless[] = { 0, 10, 65, 1000, -1ul };
	u64 signal = harmless[below(5)];

	switch (n) {
	case 13: a[1] = below(2) ? 0 : -4096ul; break;                  /* rt_sigaction */
	case 62: case 200: a[1] = signal; break;                        /* kill, tkill */
	case 129: case 424: a[1] = signal; break;                       /* rt_sigqueueinfo, pidfd_send_signal */
	case 234: case 297: a[2] = signal; break;                       /* tgkill, rt_tgsigqueueinfo */
	case 160: a[1] = below(2) ? 0 : -4096ul; break;                 /* setrlimit */
	case 302: a[2] = below(2) ? 0 : -4096ul; break;                 /* prlimit64 */
	case 157: if (a[0] == 22 || a[0] == 59) a[0] = 15; break;       /* prctl: seccomp, syscall user dispatch */
	case 56: a[0] = 17 | (a[0] & 0x01600000), a[1] = 0; break; /* clone: a process, not a thread; its end is no SIGSTOP */
	case 58: case 57: break;
	}
}

static int takes_descriptors(u64 n)
{
	/* getpid, alarm, brk and the like take none, and need their small numbers. */
	return n != 12 && n != 37 && n != 157 && n != 41 && n != 53 && n != 284 && n != 290;
}

/* A kernel looks at the low half only. */
static int is_standard(u64 descriptor)
{
	return (unsigned)descriptor <= 2;
}

static u64 tame(u64 n, u64 *a)
{
	tame_memory(n, a);
	tame_waits(n, a);
	tame_signals(n, a);
	n = tame_descriptors(n, a);
	if (takes_descriptors(n) && is_standard(a[0]))
		a[0] += 3;
	if ((n == 33 || n == 292 || n == 40 || n == 276) && is_standard(a[1]))/* dup2, dup3, sendfile, tee */
		a[1] += 3;
	if ((n == 275 || n == 326) && is_standard(a[2]))                /* splice, copy_file_range */
		a[2] += 3;
	return n;
}

static void set_up(void)
{
	u64 ignore[4] = { 1, 0, 0, 0 };

	arena = call6(9, 0, ARENA_SIZE + GUARD_SIZE, 3, 0x22, -1ul, 0);
	call3(10, arena + ARENA_SIZE, GUARD_SIZE, 0);
	for (u64 signal = 1; signal <= 64; signal++)
		call6(13, signal, (u64)ignore, 0, 8, 0, 0);
}

/* A fresh word or path somewhere in the arena, for as much of it as is still writable: the kernel writes it. */
static void stir(void)
{
	static u64 word;
	const char *from = (const char *)&word;
	u64 length = 8;

	word = argument();
	if (below(2)) {
		from = paths[below(sizeof paths / sizeof paths[0])];
		for (length = 0; from[length]; length++)
			;
		length++;
	}
	/* A pipe through the kernel copies without a fault of ours, whatever became of the arena. */
	static int ends[2], made;
	if (!made)
		made = call3(293, (u64)ends, NONBLOCK, 0) == 0 && call3(33, ends[0], 900, 0) == 900 && call3(33, ends[1], 901, 0) == 901;
	if (made && call3(1, 901, (u64)from, length) == (i64)length)
		call3(0, 900, arena + (below(ARENA_SIZE) & ~(below(2) ? 4095ul : 7ul)), length);
}

static void one_call(int trace)
{
	u64 a[6], n = below(10) ? below(NUMBERS) : argument();

	for (int i = 0; i < 6; i++)
		a[i] = argument();
	n = tame(n, a);
	if (is_left_out(n))
		return;
	if (trace) {
		report(":", n);
		for (int i = 0; i < 6; i++) {
			print(" ");
			print_number(a[i]);
		}
		print("\n");
	}
	i64 result = call(n, a);
	if (result == 0 && (n == 56 || n == 57 || n == 58))
		call3(60, 0, 0, 0); /* the child */
	if (below(16) == 0)
		stir();
}

__attribute__((used, noreturn)) static void start(u64 *stack)
{
	u64 argc = stack[0], count = number(argc > 2 ? (char *)stack[3] : "1000000");

	state = number(argc > 1 ? (char *)stack[2] : "1") * 0x9e3779b97f4a7c15 | 1;
	set_up();
	for (u64 made = 0; made < count; made++) {
		if (made % 10000 == 0)
			report(" calls\n", made);
		one_call(argc > 3);
	}
	report(" calls, and alive\n", count);
	call3(231, 0, 0, 0);
	__builtin_unreachable();
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
