// Boost.Context and Boost.Fiber, measured as the others.
#include <boost/context/detail/fcontext.hpp>
#include <boost/context/fixedsize_stack.hpp>
#include <boost/fiber/all.hpp>
#include <boost/fiber/pooled_fixedsize_stack.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

namespace fibers = boost::fibers;
namespace detail = boost::context::detail;
using Clock = std::chrono::steady_clock;

static double since(Clock::time_point start) {
	return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

static void take(const std::function<double(long)> &run) {
	long n = 16;
	for (;; n *= 4) {
		double t = run(n);
		if (t * 4 >= 8e6 || n > 1L << 30) {
			n = std::max(16L, long(n * 8e6 / (t + 1)));
			break;
		}
	}
	for (int i = 0; i < 15; i++)
		std::printf("%.3f ", run(n) / n);
}

static void other(detail::transfer_t t) {
	for (;;)
		t = detail::jump_fcontext(t.fctx, t.data);
}

static double yields(long n) {
	auto start = Clock::now();
	fibers::fiber f([=] {
		for (long i = 0; i < n / 2; i++)
			boost::this_fiber::yield();
	});
	for (long i = 0; i < n / 2; i++)
		boost::this_fiber::yield();
	f.join();
	return since(start);
}

static double hop(long n) {
	fibers::unbuffered_channel<long> ping, pong;
	fibers::fiber f([&] {
		for (long v; ping.pop(v) == fibers::channel_op_status::success;)
			pong.push(v);
	});
	auto start = Clock::now();
	for (long i = 0; i < n / 2; i++) {
		long v;
		ping.push(i);
		pong.pop(v);
	}
	double t = since(start);
	ping.close();
	f.join();
	return t;
}

static double mutex(long n) {
	fibers::mutex lock;
	auto turns = [&] {
		for (long i = 0; i < n / 2; i++) {
			lock.lock();
			boost::this_fiber::yield();
			lock.unlock();
			boost::this_fiber::yield();
		}
	};
	auto start = Clock::now();
	fibers::fiber f(turns);
	turns();
	f.join();
	return since(start);
}

// Resident memory and page tables, in bytes.
static long memory() {
	long sum = 0, kilobytes;
	char line[256];
	std::FILE *file = std::fopen("/proc/self/status", "r");
	while (std::fgets(line, sizeof line, file))
		if (std::sscanf(line, "VmRSS: %ld", &kilobytes) == 1 || std::sscanf(line, "VmPTE: %ld", &kilobytes) == 1)
			sum += kilobytes;
	std::fclose(file);
	return sum * 1024;
}

static void parked(long n) {
	long before = memory();
	fibers::mutex lock;
	fibers::condition_variable bell;
	bool rung = false;
	std::vector<fibers::fiber> all;
	all.reserve(n);
	for (long i = 0; i < n; i++)
		all.emplace_back(fibers::launch::dispatch, std::allocator_arg, fibers::fixedsize_stack(64 << 10), [&] {
			std::unique_lock<fibers::mutex> guard(lock);
			bell.wait(guard, [&] { return rung; });
		});
	std::printf("%.0f", double(memory() - before) / n);
	std::fflush(stdout);
	std::_Exit(0);
}

// Children run at once, so that the tree is walked depth first: breadth first, it would need a million stacks.
static void node(long first, long size, fibers::buffered_channel<long> &result, fibers::pooled_fixedsize_stack &pool) {
	if (size == 1) {
		result.push(first);
		return;
	}
	fibers::buffered_channel<long> children(16);
	for (long i = 0; i < 10; i++)
		fibers::fiber(fibers::launch::dispatch, std::allocator_arg, pool, [&, i] {
			node(first + i * size / 10, size / 10, children, pool);
		}).detach();
	long sum = 0;
	for (long i = 0; i < 10; i++)
		sum += children.value_pop();
	result.push(sum);
}

static unsigned long work(unsigned long seed) {
	for (int i = 0; i < 20000; i++) {
		seed = seed * 6364136223846793005UL + 1;
		asm volatile("" : "+r"(seed));
	}
	return seed;
}

int main(int, char **argv) {
	const char *bench = argv[1];
	// Boost.Fiber runs on one thread unless one builds more around it.
	bool more_workers = std::strcmp(std::getenv("BENCH_WORKERS"), "1") != 0;
	fibers::pooled_fixedsize_stack pool(64 << 10);
	if (!std::strcmp(bench, "switch")) {
		boost::context::fixedsize_stack allocator(64 << 10);
		auto stack = allocator.allocate();
		detail::transfer_t t{detail::make_fcontext(stack.sp, stack.size, other), nullptr};
		take([&](long n) {
			auto start = Clock::now();
			for (long i = 0; i < n / 2; i++)
				t = detail::jump_fcontext(t.fctx, nullptr);
			return since(start);
		});
	} else if (!std::strcmp(bench, "yield")) {
		take(yields);
	} else if (!std::strcmp(bench, "hop")) {
		take(hop);
	} else if (!std::strcmp(bench, "mutex")) {
		take(mutex);
	} else if (!std::strcmp(bench, "spawn")) {
		take([&](long n) {
			auto start = Clock::now();
			for (long i = 0; i < n; i++)
				fibers::fiber(fibers::launch::post, std::allocator_arg, pool, [] {}).join();
			return since(start);
		});
	} else if (!std::strcmp(bench, "parked100k")) {
		parked(100000);
	} else if (!std::strcmp(bench, "parked1m")) {
		parked(1000000);
	} else if (!std::strcmp(bench, "skynet") && !more_workers) {
		for (int round = 0; round < 3; round++) {
			fibers::buffered_channel<long> result(2);
			auto start = Clock::now();
			node(0, 1000000, result, pool);
			if (result.value_pop() != 499999500000)
				return 1;
			std::printf("%.3f ", since(start) / 1e6);
		}
	} else if (!std::strcmp(bench, "work") && !more_workers) {
		for (int round = 0; round < 5; round++) {
			auto start = Clock::now();
			std::vector<fibers::fiber> all;
			unsigned long results[2000];
			for (int i = 0; i < 2000; i++)
				all.emplace_back(fibers::launch::post, std::allocator_arg, pool, [&, i] { results[i] = work(i); });
			for (auto &f : all)
				f.join();
			std::printf("%.3f ", since(start) / 1e6);
		}
	} else if (!std::strcmp(bench, "spawn1000") && !more_workers) {
		for (int round = 0; round < 15; round++) {
			auto start = Clock::now();
			std::vector<fibers::fiber> all;
			for (int i = 0; i < 1000; i++)
				all.emplace_back(fibers::launch::post, std::allocator_arg, pool, [] {});
			for (auto &f : all)
				f.join();
			std::printf("%.3f ", since(start) / 1000);
		}
	}
}
