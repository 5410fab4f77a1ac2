"""Sends checks at a fixed rate over keep-alive connections and prints latency percentiles as JSON.

A closed loop would send less when the server is slow and so hide it; here every request has its own time,
and its latency counts from that time on.
"""

import asyncio
import json
import random
import sys

BODY = '{"subject":{"scheme":"email","value":"personN@exemple.fr"},"purpose":"newsletter","channel":"email"}'


async def main(host: str, port: int, path: str, token: str, people: int, rate: float, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    start = loop.time() + 0.2
    due = [start + n / rate for n in range(int(rate * seconds))]
    queue: asyncio.Queue[float | None] = asyncio.Queue()
    latencies: list[float] = []
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n"
        "content-type: application/json\r\ncontent-length: "
    )

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while (at := await queue.get()) is not None:
            body = BODY.replace("N", str(random.randrange(people)))
            writer.write(f"{head}{len(body)}\r\n\r\n{body}".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            latencies.append(loop.time() - at)
        writer.close()

    workers = [asyncio.create_task(connection()) for _ in range(16)]
    for at in due:
        if (wait := at - loop.time()) > 0:
            await asyncio.sleep(wait)
        queue.put_nowait(at)
    for _ in workers:
        queue.put_nowait(None)
    await asyncio.gather(*workers)
    latencies.sort()
    took = loop.time() - start
    found = {
        f"p{p}_ms": latencies[min(len(latencies) - 1, len(latencies) * p // 100)] * 1000 for p in (50, 95, 99)
    }
    print(json.dumps({"rps": len(latencies) / took, **{k: round(v, 3) for k, v in found.items()}}))


if __name__ == "__main__":
    _, host_, port_, path_, token_, people_, rate_, seconds_ = sys.argv
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(host_, int(port_), path_, token_, int(people_), float(rate_), float(seconds_)))
