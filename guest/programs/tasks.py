"""Processes by multiprocessing, tasks by asyncio. Prints no numbers that differ between runs."""

import asyncio
import multiprocessing
import os
import signal
import tempfile


def square(number):
    return number * number


def fill(queue, lock, total, count):
    for number in range(count):
        with lock:
            total.value += 1
        queue.put(number)


def processes(method):
    context = multiprocessing.get_context(method)
    with context.Pool(3) as pool:
        print(method, sum(pool.map(square, range(100))), pool.apply(square, (12,)))
    queue, lock, total = context.Queue(), context.Lock(), context.Value("i", 0)
    workers = [context.Process(target=fill, args=(queue, lock, total, 50)) for _ in range(3)]
    for worker in workers:
        worker.start()
    numbers = sorted(queue.get() for _ in range(150))
    for worker in workers:
        worker.join()
    print(method, sum(numbers), total.value, [worker.exitcode for worker in workers])
    here, there = context.Pipe()
    here.send({"a": [1, 2.5, None]})
    print(method, there.recv())


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def tasks():
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "socket")
    server = await asyncio.start_unix_server(echo, path)
    async def client(number):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(f"client {number}\n".encode())
        line = await reader.readline()
        writer.close()
        return line.decode().strip()
    print(await asyncio.gather(*(client(number) for number in range(5))))
    server.close()
    await server.wait_closed()
    shell = await asyncio.create_subprocess_shell("read x; echo got $x; exit 4", stdin=-1, stdout=-1)
    out, _ = await shell.communicate(b"line\n")
    print(out, shell.returncode)
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except asyncio.TimeoutError:
        print("timed out")
    came = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, came.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await came.wait()
    print(await asyncio.to_thread(square, 9), "after a signal")


if __name__ == "__main__":
    for method in ("fork", "spawn"):
        processes(method)
    asyncio.run(tasks())
