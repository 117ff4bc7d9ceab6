"""A network that can be cut: TCP proxies on loopback, which forward, hold back or refuse."""
import asyncio
import threading

FORWARDS, HOLDS, REFUSES = "forwards", "holds", "refuses"


class Link:
    """From one port to another. Thread-safe.

    It `forwards`; or it `holds` back what comes, on open connections and new ones, as a network does that loses packets; or it
    `refuses`: connections are reset, new ones too."""

    def __init__(self, loop, port, to):
        self.loop, self.port, self.to = loop, port, to
        self.mode = FORWARDS
        self.open = asyncio.Event()
        self.open.set()
        self.writers = set()

    async def listen(self):
        await asyncio.start_server(self.serve, "127.0.0.1", self.port)

    async def serve(self, reader, writer):
        self.writers.add(writer)
        other = None
        try:
            await self.open.wait()
            if self.mode == REFUSES:
                return
            answers, other = await asyncio.open_connection("127.0.0.1", self.to)
            self.writers.add(other)
            await asyncio.gather(self.pipe(reader, other), self.pipe(answers, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for end in (writer, other):
                if end is not None:
                    self.writers.discard(end)
                    end.transport.abort()

    async def pipe(self, reader, writer):
        while data := await reader.read(1 << 16):
            await self.open.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    def set(self, mode):
        def change():
            self.mode = mode
            if mode == HOLDS:
                self.open.clear()
                return
            self.open.set()
            if mode == REFUSES:
                for writer in list(self.writers):
                    writer.transport.abort()
        self.loop.call_soon_threadsafe(change)


class Network:
    """Links by name, forwarded by a thread of their own, which ends with the process."""

    def __init__(self, ports):
        """`ports`: by name a list of (port, to)."""
        loop = asyncio.new_event_loop()
        self.links = {name: [Link(loop, port, to) for port, to in pairs] for name, pairs in ports.items()}
        threading.Thread(target=loop.run_forever, daemon=True).start()
        for link in (link for links in self.links.values() for link in links):
            asyncio.run_coroutine_threadsafe(link.listen(), loop).result(10)
