/*
 * Timers and clocks: setitimer, alarm, timer_create, timerfd, CPU time, RLIMIT_CPU (time(7)).
 *
 * Nothing here depends on how fast the machine is, but on what must be so whatever happens in between.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000L

static volatile sig_atomic_t count;

static void on_signal(int signal)
{
	(void)signal;
	count++;
}

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static void handle(int signal)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(signal, &action, NULL);
	count = 0;
}

static long long now(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) ? -1 : t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Waits for signals that are blocked but here. */
static void wait_for(int signal, int times)
{
	sigset_t block, old;

	sigemptyset(&block);
	sigaddset(&block, signal);
	sigprocmask(SIG_BLOCK, &block, &old);
	while (count < times)
		sigsuspend(&old);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void interval_timers(void)
{
	struct itimerval ten = { .it_value = { 0, 10000 }, .it_interval = { 0, 10000 } }, off = { 0 }, told;
	long long before = now(CLOCK_MONOTONIC);
	unsigned seconds;

	handle(SIGALRM);
	check("an interval timer is set", setitimer(ITIMER_REAL, &ten, NULL) == 0);
	wait_for(SIGALRM, 3);
	check("it does not go off early", now(CLOCK_MONOTONIC) - before >= 30 * MS);
	getitimer(ITIMER_REAL, &told);
	check("its interval is told", told.it_interval.tv_usec == 10000 && told.it_value.tv_usec <= 10000);
	setitimer(ITIMER_REAL, &off, &told);
	check("and what was left", told.it_interval.tv_usec == 10000);
	getitimer(ITIMER_REAL, &told);
	check("then it is off", told.it_value.tv_sec == 0 && told.it_value.tv_usec == 0);
	check("alarm tells nothing at first", alarm(100) == 0);
	check("then what was left", (seconds = alarm(0)) > 0 && seconds <= 100);
	check("there is no fourth timer", setitimer(3, &ten, NULL) == -1 && errno == EINVAL);
	ten.it_value.tv_usec = 1000000;
	check("a second of microseconds is too much", setitimer(ITIMER_REAL, &ten, NULL) == -1 && errno == EINVAL);
}

static void cpu_timers(int which, int signal, const char *name)
{
	struct itimerval five = { .it_value = { 0, 5000 }, .it_interval = { 0, 5000 } }, off = { 0 };
	char what[80];

	handle(signal);
	setitimer(which, &five, NULL);
	while (count < 3)
		;
	setitimer(which, &off, NULL);
	snprintf(what, sizeof what, "%s goes off while it works", name);
	check(what, count >= 3);
}

static timer_t create(clockid_t clock, int notify, int signal, int value)
{
	struct sigevent event = { .sigev_notify = notify, .sigev_signo = signal, .sigev_value.sival_int = value };
	timer_t timer;

	return timer_create(clock, &event, &timer) ? (timer_t)-1 : timer;
}

static void set(timer_t timer, long first, long interval)
{
	struct itimerspec setting = { { 0, interval }, { 0, first } };

	timer_settime(timer, 0, &setting, NULL);
}

static void posix_timers(void)
{
	int rt = SIGRTMIN + 1;
	struct itimerspec left, hour = { { 0, 0 }, { 3600, 0 } };
	struct timespec pause = { 0, 30 * MS };
	siginfo_t info = { 0 };
	sigset_t wanted;
	timer_t timer, other;
	int taken;

	sigemptyset(&wanted);
	sigaddset(&wanted, rt);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	timer = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, rt, 42);
	set(timer, MS, 0);
	check("a timer sends its signal", sigwaitinfo(&wanted, &info) == rt);
	check("and says what it is", info.si_code == SI_TIMER && info.si_value.sival_int == 42 && info.si_overrun == 0);
	timer_gettime(timer, &left);
	check("then it is off", left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
	set(timer, MS, MS);
	nanosleep(&pause, NULL);
	taken = sigwaitinfo(&wanted, &info);
	check("what is missed is counted", taken == rt && info.si_overrun >= 20);
	check("and told again", timer_getoverrun(timer) == info.si_overrun);
	check("it goes on", sigwaitinfo(&wanted, &info) == rt);
	nanosleep(&pause, NULL);
	timer_delete(timer);
	check("a deleted timer's signal is gone", sigtimedwait(&wanted, &info, &(struct timespec){ 0, 0 }) == -1);
	check("and so is the timer", timer_gettime(timer, &left) == -1 && errno == EINVAL);
	timer = create(CLOCK_REALTIME, SIGEV_NONE, 0, 0);
	timer_settime(timer, 0, &hour, NULL);
	timer_gettime(timer, &left);
	check("a timer may be asked instead", left.it_value.tv_sec >= 3000 && left.it_value.tv_sec <= 3600);
	other = create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, rt, 7);
	set(other, 5 * MS, 0);
	while (sigtimedwait(&wanted, &info, &(struct timespec){ 0, 0 }) != rt)
		;
	check("a timer may count CPU time", info.si_value.sival_int == 7);
	if (fork() == 0)
		_exit(timer_gettime(timer, &left) == -1 ? 0 : 1);
	wait(&taken);
	check("timers are not inherited", taken == 0);
	timer_delete(timer);
	timer_delete(other);
	check("a coarse clock has none", create(CLOCK_MONOTONIC_COARSE, SIGEV_SIGNAL, rt, 0) == (timer_t)-1);
	sigprocmask(SIG_UNBLOCK, &wanted, NULL);
}

static timer_t hasty;

static void set_again(int signal)
{
	(void)signal;
	count++;
	set(hasty, 10000, 10000);
}

/* A signal that was pending when the timer was set again is dropped, but never that of the new setting. */
static void set_by_its_handler(void)
{
	struct sigaction action = { .sa_handler = set_again };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2 };
	int signal = SIGRTMIN + 2;

	sigaction(signal, &action, NULL);
	timer_create(CLOCK_MONOTONIC, &event, &hasty);
	count = 0;
	set(hasty, 10000, 10000);
	wait_for(signal, 500);
	check("a timer that its handler sets goes on", count >= 500);
	timer_delete(hasty);
}

static void timer_descriptors(void)
{
	struct itimerspec fast = { { 0, MS }, { 0, MS } }, past = { { 0, 0 }, { 0, 1 } }, left;
	struct timespec pause = { 0, 30 * MS };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), waiting = timerfd_create(CLOCK_REALTIME, 0);
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	uint64_t times = 0;

	check("a timer that is not set says nothing", read(fd, &times, 8) == -1 && errno == EAGAIN && poll(&poller, 1, 0) == 0);
	timerfd_settime(fd, 0, &fast, NULL);
	check("poll waits for it", poll(&poller, 1, -1) == 1 && poller.revents == POLLIN);
	nanosleep(&pause, NULL);
	check("a read counts", read(fd, &times, 8) == 8 && times >= 25);
	check("a short read does not", read(fd, &times, 4) == -1 && errno == EINVAL);
	timerfd_gettime(fd, &left);
	check("the interval is told", left.it_interval.tv_nsec == MS && left.it_value.tv_nsec <= MS);
	timerfd_settime(waiting, TFD_TIMER_ABSTIME, &past, NULL);
	check("a time that has passed comes at once", read(waiting, &times, 8) == 8 && times == 1);
	fast.it_interval.tv_nsec = 0;
	timerfd_settime(waiting, 0, &fast, NULL);
	check("a read waits", read(waiting, &times, 8) == 8 && times == 1);
	check("no other file is a timer", timerfd_gettime(1, &left) == -1 && errno == EINVAL);
	check("CPU time has no descriptor", timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0) == -1 && errno == EINVAL);
	close(fd);
	close(waiting);
}

static void *burn(void *until)
{
	while (now(CLOCK_THREAD_CPUTIME_ID) < *(long long *)until)
		;
	return NULL;
}

static void clocks(void)
{
	static const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID };
	long long until = 5 * MS;
	struct timespec t;
	clockid_t clock;
	pthread_t thread;
	int forward = 1;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		long long last = now(all[i]);

		for (int n = 0; n < 1000; n++) {
			long long next = now(all[i]);

			forward &= last >= 0 && next >= last;
			last = next;
		}
	}
	check("no clock goes back", forward);
	pthread_create(&thread, NULL, burn, &until);
	pthread_join(thread, NULL);
	check("a process' CPU time has its threads'", now(CLOCK_PROCESS_CPUTIME_ID) >= until);
	clock_getcpuclockid(getpid(), &clock);
	check("it has a number of its own", now(clock) >= until);
	pthread_getcpuclockid(pthread_self(), &clock);
	check("as a thread's has", now(clock) > 0 && now(clock) <= now(CLOCK_PROCESS_CPUTIME_ID));
	check("there is no clock 12", clock_gettime(12, &t) == -1 && errno == EINVAL);
	check("nobody sleeps by the raw clock",
		clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &(struct timespec){ 0, 1 }, NULL) == EOPNOTSUPP);
	check("nor by their own CPU time", clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &(struct timespec){ 0, 1 }, NULL) == EINVAL);
	check("the monotonic clock is not set",
		clock_settime(CLOCK_MONOTONIC, &(struct timespec){ 1, 0 }) == -1 && errno == EINVAL);
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec = (t.tv_nsec + 5 * MS) % (1000 * MS);
	t.tv_sec += t.tv_nsec < 5 * MS;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	check("a sleep until a time does not end early", now(CLOCK_MONOTONIC) >= t.tv_sec * 1000000000LL + t.tv_nsec);
}

static void limits(void)
{
	int status;

	if (fork() == 0) {
		struct rlimit second = { 1, 3 };

		setrlimit(RLIMIT_CPU, &second);
		for (;;)
			;
	}
	wait(&status);
	check("the limit of CPU time is told", WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
	if (fork() == 0) {
		struct itimerval soon = { .it_value = { 0, 20000 } };

		setitimer(ITIMER_REAL, &soon, NULL);
		execl("/proc/self/exe", "timers", "wait", NULL);
		_exit(1);
	}
	wait(&status);
	check("an interval timer outlives exec", WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		for (;;)
			pause();
	setvbuf(stdout, NULL, _IONBF, 0);
	interval_timers();
	cpu_timers(ITIMER_VIRTUAL, SIGVTALRM, "a timer of the program's time");
	cpu_timers(ITIMER_PROF, SIGPROF, "a timer of all its time");
	posix_timers();
	set_by_its_handler();
	timer_descriptors();
	clocks();
	limits();
	return 0;
}
